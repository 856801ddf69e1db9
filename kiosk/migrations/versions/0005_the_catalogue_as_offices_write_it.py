"""Topics keep the catalogue's own words, records the day on which they first hung; indexes that counting needs alone"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.add_column(sa.Column('term', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('subject', sa.String(length=160), nullable=False, server_default=''))

    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hung_on', sa.Date(), nullable=True))
        batch_op.drop_index('ix_disclosure_topic_unit')
        batch_op.drop_index(batch_op.f('ix_disclosure_class_id'))
        batch_op.drop_index(batch_op.f('ix_disclosure_unit_id'))
        batch_op.create_index('ix_disclosure_unit', ['unit_id', 'disclosed_on'], unique=False)
        batch_op.create_index('ix_disclosure_standing', ['topic_id', 'unit_id', 'withdrawn_on', 'period_end', 'changed_on', 'disclosed_on'],
                              unique=False)
        batch_op.create_index('ix_disclosure_counted', ['class_id', 'explains_id', 'disclosed_on', 'withdrawn_on', 'topic_id', 'hung_on'],
                              unique=False)


def downgrade() -> None:
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.drop_index('ix_disclosure_unit')
        batch_op.create_index(batch_op.f('ix_disclosure_unit_id'), ['unit_id'], unique=False)
        batch_op.drop_index('ix_disclosure_counted')
        batch_op.drop_index('ix_disclosure_standing')
        batch_op.create_index(batch_op.f('ix_disclosure_class_id'), ['class_id'], unique=False)
        batch_op.create_index('ix_disclosure_topic_unit', ['topic_id', 'unit_id', 'disclosed_on'], unique=False)
        batch_op.drop_column('hung_on')

    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.drop_column('subject')
        batch_op.drop_column('term')
