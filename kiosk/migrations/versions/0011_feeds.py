"""Sources that are feeds: how they are read, and the rules under which what they bring hangs by itself"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('shape', sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        'feed_rule',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('source_id', sa.Integer(), nullable=False),
        sa.Column('bound', sa.String(length=64), nullable=False),
        sa.Column('lines', sa.Integer(), nullable=False),
        sa.Column('chars', sa.Integer(), nullable=False),
        sa.Column('days', sa.Integer(), nullable=False),
        sa.Column('made_by', sa.Integer(), nullable=False),
        sa.Column('made_at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.Column('agreed_by', sa.Integer(), nullable=True),
        sa.Column('agreed_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('until', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('ended_by', sa.Integer(), nullable=True),
        sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_feed_rule_source_id')),
        sa.ForeignKeyConstraint(['made_by'], ['person.id'], name=op.f('fk_feed_rule_made_by')),
        sa.ForeignKeyConstraint(['agreed_by'], ['person.id'], name=op.f('fk_feed_rule_agreed_by')),
        sa.ForeignKeyConstraint(['ended_by'], ['person.id'], name=op.f('fk_feed_rule_ended_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_feed_rule')))
    with op.batch_alter_table('feed_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feed_rule_source_id'), ['source_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('feed_rule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feed_rule_source_id'))
    op.drop_table('feed_rule')
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.drop_column('shape')
