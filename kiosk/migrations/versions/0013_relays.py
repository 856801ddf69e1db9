"""Relays, and the boards under them"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'relay',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('registered_at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('seen_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('vitals', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_relay_unit_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_relay')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_relay_token_hash')))
    with op.batch_alter_table('relay', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_relay_unit_id'), ['unit_id'], unique=False)
    with op.batch_alter_table('board', schema=None) as batch_op:
        batch_op.add_column(sa.Column('relay_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_board_relay_id'), 'relay', ['relay_id'], ['id'])
        batch_op.create_index(batch_op.f('ix_board_relay_id'), ['relay_id'], unique=False)
    with op.batch_alter_table('pairing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('relay_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('via_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_pairing_relay_id'), 'relay', ['relay_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_pairing_via_id'), 'relay', ['via_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('pairing', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_pairing_via_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_pairing_relay_id'), type_='foreignkey')
        batch_op.drop_column('via_id')
        batch_op.drop_column('relay_id')
    with op.batch_alter_table('board', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_board_relay_id'))
        batch_op.drop_constraint(batch_op.f('fk_board_relay_id'), type_='foreignkey')
        batch_op.drop_column('relay_id')
    op.drop_table('relay')
