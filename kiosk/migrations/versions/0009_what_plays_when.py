"""Dayparts, campaigns, weights, gap lists, layouts, boards in step, opening hours"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'daypart',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('hours', sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_daypart_unit_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_daypart')))
    op.create_table(
        'campaign',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('playlist_id', sa.Integer(), nullable=False),
        sa.Column('daypart_id', sa.Integer(), nullable=True),
        sa.Column('level', sa.Integer(), nullable=False),
        sa.Column('rule', sa.JSON(none_as_null=True), nullable=False),
        sa.Column('edits', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['daypart_id'], ['daypart.id'], name=op.f('fk_campaign_daypart_id')),
        sa.ForeignKeyConstraint(['playlist_id'], ['playlist.id'], name=op.f('fk_campaign_playlist_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign')))
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_playlist_id'), ['playlist_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_daypart_id'), ['daypart_id'], unique=False)
    with op.batch_alter_table('placement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('campaign_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('gap', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('zone', sa.String(length=10), nullable=False, server_default='main'))
        batch_op.create_foreign_key(op.f('fk_placement_campaign_id'), 'campaign', ['campaign_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_placement_campaign_id'), ['campaign_id'], unique=False)
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('weight', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('hourly', sa.Integer(), nullable=True))
    with op.batch_alter_table('playlist', schema=None) as batch_op:
        batch_op.add_column(sa.Column('transition', sa.String(length=10), nullable=False, server_default='fade'))
    with op.batch_alter_table('group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('in_step', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('board', schema=None) as batch_op:
        batch_op.add_column(sa.Column('layout', sa.String(length=10), nullable=False, server_default='page'))
        batch_op.add_column(sa.Column('sleeps', sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table('unit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('opening', sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """What hung only at a campaign's hours hangs nowhere any more; everything else stays."""
    with op.batch_alter_table('unit', schema=None) as batch_op:
        batch_op.drop_column('opening')
    with op.batch_alter_table('board', schema=None) as batch_op:
        batch_op.drop_column('sleeps')
        batch_op.drop_column('layout')
    with op.batch_alter_table('group', schema=None) as batch_op:
        batch_op.drop_column('in_step')
    with op.batch_alter_table('playlist', schema=None) as batch_op:
        batch_op.drop_column('transition')
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.drop_column('hourly')
        batch_op.drop_column('weight')
    op.execute("DELETE FROM placement WHERE campaign_id IS NOT NULL OR gap OR zone <> 'main'")
    with op.batch_alter_table('placement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_placement_campaign_id'))
        batch_op.drop_constraint(op.f('fk_placement_campaign_id'), type_='foreignkey')
        batch_op.drop_column('zone')
        batch_op.drop_column('gap')
        batch_op.drop_column('campaign_id')
    op.drop_table('campaign')
    op.drop_table('daypart')
