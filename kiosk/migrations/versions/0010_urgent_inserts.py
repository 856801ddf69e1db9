"""Urgent inserts, asked for by one and confirmed by another, and which boards said that they show them"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'override',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('drill', sa.Boolean(), nullable=False),
        sa.Column('headline', sa.String(length=200), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('phone', sa.String(length=40), nullable=False),
        sa.Column('sender', sa.String(length=60), nullable=False),
        sa.Column('slide_id', sa.Integer(), nullable=True),
        sa.Column('revision_id', sa.Integer(), nullable=True),
        sa.Column('minutes', sa.Integer(), nullable=False),
        sa.Column('everywhere', sa.Boolean(), nullable=False),
        sa.Column('units', sa.JSON(), nullable=False),
        sa.Column('groups', sa.JSON(), nullable=False),
        sa.Column('boards', sa.JSON(), nullable=False),
        sa.Column('source', sa.JSON(), nullable=False),
        sa.Column('cap_key', sa.String(length=300), nullable=True),
        sa.Column('remark', sa.String(length=20), nullable=False),
        sa.Column('made_at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.Column('asked_by', sa.Integer(), nullable=True),
        sa.Column('asked_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('wanted_by', sa.Integer(), nullable=True),
        sa.Column('confirmed_by', sa.Integer(), nullable=True),
        sa.Column('confirmed_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('starts', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('ends', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('outcome', sa.String(length=20), nullable=False),
        sa.Column('closed_by', sa.Integer(), nullable=True),
        sa.Column('closed_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('led', sa.Boolean(), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=True),
        sa.Column('signed_by', sa.Integer(), nullable=True),
        sa.Column('signed_at', kiosk.base.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_override_unit_id')),
        sa.ForeignKeyConstraint(['slide_id'], ['slide.id'], name=op.f('fk_override_slide_id')),
        sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_override_revision_id')),
        sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_override_asked_by')),
        sa.ForeignKeyConstraint(['wanted_by'], ['person.id'], name=op.f('fk_override_wanted_by')),
        sa.ForeignKeyConstraint(['confirmed_by'], ['person.id'], name=op.f('fk_override_confirmed_by')),
        sa.ForeignKeyConstraint(['closed_by'], ['person.id'], name=op.f('fk_override_closed_by')),
        sa.ForeignKeyConstraint(['signed_by'], ['person.id'], name=op.f('fk_override_signed_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_override')))
    with op.batch_alter_table('override', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_override_unit_id'), ['unit_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_override_cap_key'), ['cap_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_override_ends'), ['ends'], unique=False)

    op.create_table(
        'override_receipt',
        sa.Column('override_id', sa.Integer(), nullable=False),
        sa.Column('board_id', sa.Integer(), nullable=False),
        sa.Column('at', kiosk.base.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['override_id'], ['override.id'], name=op.f('fk_override_receipt_override_id')),
        sa.ForeignKeyConstraint(['board_id'], ['board.id'], name=op.f('fk_override_receipt_board_id')),
        sa.PrimaryKeyConstraint('override_id', 'board_id', name=op.f('pk_override_receipt')))


def downgrade() -> None:
    op.drop_table('override_receipt')
    with op.batch_alter_table('override', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_override_ends'))
        batch_op.drop_index(batch_op.f('ix_override_cap_key'))
        batch_op.drop_index(batch_op.f('ix_override_unit_id'))
    op.drop_table('override')
