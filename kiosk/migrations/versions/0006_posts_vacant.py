"""A reminder says whose post nobody holds, or for whom a deputy gets it"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.add_column(sa.Column('vacant', sa.String(length=20), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('for_post', sa.String(length=60), nullable=False, server_default=''))


def downgrade() -> None:
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_column('for_post')
        batch_op.drop_column('vacant')
