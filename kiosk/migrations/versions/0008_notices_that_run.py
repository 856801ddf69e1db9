"""A 公示 counts its days from its approval, ends early with a leader alone, and its recall is signed off"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('run', sa.JSON(none_as_null=True), nullable=True))

    op.create_table(
        'early_end',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('revision_id', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('asked_by', sa.Integer(), nullable=False),
        sa.Column('asked_at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.Column('agreed', sa.Boolean(), nullable=True),
        sa.Column('decided_by', sa.Integer(), nullable=True),
        sa.Column('decided_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_early_end_asked_by')),
        sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_early_end_decided_by')),
        sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_early_end_revision_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_early_end')))
    with op.batch_alter_table('early_end', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_early_end_revision_id'), ['revision_id'], unique=False)

    op.create_table(
        'recall_signed',
        sa.Column('revision_id', sa.Integer(), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=False),
        sa.Column('at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_recall_signed_by_id')),
        sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_recall_signed_revision_id')),
        sa.PrimaryKeyConstraint('revision_id', name=op.f('pk_recall_signed')))


def downgrade() -> None:
    op.drop_table('recall_signed')
    with op.batch_alter_table('early_end', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_early_end_revision_id'))
    op.drop_table('early_end')
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.drop_column('run')
