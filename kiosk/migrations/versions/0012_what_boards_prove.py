"""What boards prove: plays that sum up, when each was heard and what it held, commands, outages that were told, certificates"""

from typing import Any

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, kiosk.base.db.Instant(timezone=True), nullable=nullable)


def _board() -> sa.Column[Any]:
    return sa.Column('board_id', sa.Integer(), nullable=False)


def _id() -> sa.Column[Any]:
    return sa.Column('id', sa.Integer(), nullable=False)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=op.f(f'fk_{table}_{column}'))


def upgrade() -> None:
    with op.batch_alter_table('play', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ms', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('times', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('tallied', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index('ix_play_page', ['board_id', 'revision_id', 'page', 'start'], unique=False)
        batch_op.create_index(batch_op.f('ix_play_start'), ['start'], unique=False)
        batch_op.create_index(batch_op.f('ix_play_tallied'), ['tallied'], unique=False)
    op.create_table(
        'play_loss', _id(), _board(), sa.Column('why', sa.String(length=10), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        _instant('start'), _instant('end'), _instant('at', False), _to('play_loss', 'board_id', 'board'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_play_loss')))
    with op.batch_alter_table('play_loss', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_play_loss_board_id'), ['board_id'], unique=False)
    op.create_table(
        'presence', _id(), _board(), sa.Column('state', sa.String(length=10), nullable=False), _instant('start', False), _instant('end'),
        _to('presence', 'board_id', 'board'), sa.PrimaryKeyConstraint('id', name=op.f('pk_presence')))
    with op.batch_alter_table('presence', schema=None) as batch_op:
        batch_op.create_index('ix_presence_board_start', ['board_id', 'start'], unique=False)
    op.create_table(
        'held', _id(), _board(), sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('edition', sa.String(length=64), nullable=False),
        _instant('at', False), _to('held', 'board_id', 'board'), sa.PrimaryKeyConstraint('id', name=op.f('pk_held')))
    with op.batch_alter_table('held', schema=None) as batch_op:
        batch_op.create_index('ix_held_board_at', ['board_id', 'at'], unique=False)
        batch_op.create_index('ix_held_board_version', ['board_id', 'version'], unique=False)
    op.create_table(
        'tally', _id(), _board(), sa.Column('day', sa.Date(), nullable=False), sa.Column('slide_id', sa.Integer(), nullable=False),
        sa.Column('revision_id', sa.Integer(), nullable=False), sa.Column('title', sa.String(length=120), nullable=False),
        sa.Column('bound', sa.String(length=64), nullable=True), sa.Column('ms', sa.Integer(), nullable=False),
        sa.Column('open_ms', sa.Integer(), nullable=False), sa.Column('times', sa.Integer(), nullable=False),
        sa.Column('pages', sa.JSON(), nullable=False), sa.Column('spans', sa.JSON(), nullable=False),
        sa.Column('opens', sa.JSON(), nullable=False),
        _to('tally', 'board_id', 'board'), sa.PrimaryKeyConstraint('id', name=op.f('pk_tally')),
        sa.UniqueConstraint('board_id', 'day', 'revision_id', name=op.f('uq_tally_board_id_day_revision_id')))
    with op.batch_alter_table('tally', schema=None) as batch_op:
        batch_op.create_index('ix_tally_slide_day', ['slide_id', 'day'], unique=False)
    op.create_table(
        'command', _id(), _board(), sa.Column('key', sa.String(length=20), nullable=False),
        sa.Column('do', sa.String(length=20), nullable=False),
        sa.Column('by_id', sa.Integer(), nullable=True), sa.Column('by_post', sa.String(length=120), nullable=False), _instant('at', False),
        _instant('done_at'), sa.Column('error', sa.String(length=200), nullable=False),
        sa.Column('picture', sa.String(length=64), nullable=True),
        sa.Column('picture_type', sa.String(length=20), nullable=True), _instant('picture_at'), _to('command', 'board_id', 'board'),
        _to('command', 'by_id', 'person'), sa.PrimaryKeyConstraint('id', name=op.f('pk_command')),
        sa.UniqueConstraint('key', name=op.f('uq_command_key')))
    with op.batch_alter_table('command', schema=None) as batch_op:
        batch_op.create_index('ix_command_board_at', ['board_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_command_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_command_done_at'), ['done_at'], unique=False)
    op.create_table(
        'outage', _id(), _board(), _instant('since', False), _instant('told_at', False), _instant('back_at'), _instant('back_told_at'),
        sa.Column('cause', sa.String(length=60), nullable=False), sa.Column('whole', sa.Boolean(), nullable=False),
        _to('outage', 'board_id', 'board'), sa.PrimaryKeyConstraint('id', name=op.f('pk_outage')),
        sa.UniqueConstraint('board_id', 'since', name=op.f('uq_outage_board_id_since')))
    with op.batch_alter_table('outage', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outage_back_told_at'), ['back_told_at'], unique=False)
    op.create_table(
        'certificate', _id(), sa.Column('slide_id', sa.Integer(), nullable=False), sa.Column('revision_id', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=20), nullable=False), sa.Column('sha', sa.String(length=64), nullable=False),
        sa.Column('kept', sa.Boolean(), nullable=False), _instant('at', False), sa.Column('by_post', sa.String(length=120), nullable=False),
        sa.Column('pdf', sa.String(length=64), nullable=True), sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate')),
        sa.UniqueConstraint('number', name=op.f('uq_certificate_number')))
    with op.batch_alter_table('certificate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_slide_id'), ['slide_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_certificate_sha'), ['sha'], unique=False)
    _carry_over()


def _carry_over() -> None:
    """What each board is and holds at this moment is where its history begins; a play counts as long as it lasted."""
    bind = op.get_bind()
    bind.execute(sa.text('INSERT INTO presence (board_id, state, start) '
                         "SELECT id, 'online', online_since FROM board WHERE online_since IS NOT NULL"))
    bind.execute(sa.text('INSERT INTO held (board_id, version, edition, at) SELECT id, held_version, held_edition, held_at FROM board '
                         'WHERE held_at IS NOT NULL AND held_version IS NOT NULL AND held_edition IS NOT NULL'))
    start, end = ('start', '"end"')
    spent = (f"CAST((julianday({end}) - julianday({start})) * 86400000 AS INTEGER)" if bind.dialect.name == 'sqlite'
             else f"CAST(EXTRACT(EPOCH FROM ({end} - {start})) * 1000 AS INTEGER)")
    bind.execute(sa.text(f'UPDATE play SET ms = {spent} WHERE {end} > {start} AND ms = 0'))


def downgrade() -> None:
    for table in ('certificate', 'outage', 'command', 'tally', 'held', 'presence', 'play_loss'):
        op.drop_table(table)
    with op.batch_alter_table('play', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_play_tallied'))
        batch_op.drop_index(batch_op.f('ix_play_start'))
        batch_op.drop_index('ix_play_page')
        batch_op.drop_column('tallied')
        batch_op.drop_column('times')
        batch_op.drop_column('ms')
