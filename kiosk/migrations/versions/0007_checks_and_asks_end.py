"""Checks and urgent asks end with the next submission, or when they are taken back"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('review_check', 'urgent_approval'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True))


def downgrade() -> None:
    for table in ('urgent_approval', 'review_check'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('ended_at')
