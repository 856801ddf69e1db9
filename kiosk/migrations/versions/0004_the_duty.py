"""The duty: catalogue, records, deadlines, reminders, checks before the approval, deputies"""

import sqlalchemy as sa
from alembic import op

import kiosk.base.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counter',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_counter'))
    )
    op.create_table('own_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('works', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_own_day'))
    )
    op.create_table('topic_class',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic_class')),
    sa.UniqueConstraint('name', name=op.f('uq_topic_class_name'))
    )
    op.create_table('topic',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('class_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('level1', sa.String(length=80), nullable=False),
    sa.Column('level2', sa.String(length=80), nullable=False),
    sa.Column('elements', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('channels', sa.JSON(), nullable=False),
    sa.Column('public', sa.String(length=80), nullable=False),
    sa.Column('on_request', sa.Boolean(), nullable=False),
    sa.Column('levels', sa.JSON(), nullable=False),
    sa.Column('column_name', sa.String(length=40), nullable=False),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('cadence', sa.String(length=20), nullable=False),
    sa.Column('trigger', sa.String(length=20), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('measure', sa.String(length=20), nullable=False),
    sa.Column('confirm', sa.Integer(), nullable=False),
    sa.Column('stale', sa.Integer(), nullable=False),
    sa.Column('ahead', sa.Integer(), nullable=False),
    sa.Column('display_days', sa.Integer(), nullable=False),
    sa.Column('display_measure', sa.String(length=20), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('chain', sa.JSON(), nullable=False, server_default='[]'),
    sa.Column('when_overdue', sa.String(length=20), nullable=False),
    sa.Column('contact', sa.String(length=60), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['class_id'], ['topic_class.id'], name=op.f('fk_topic_class_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_topic_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_topic')),
    sa.UniqueConstraint('code', name=op.f('uq_topic_code'))
    )
    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_topic_class_id'), ['class_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_topic_unit_id'), ['unit_id'], unique=False)

    op.create_table('confirmation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('confirmed_on', sa.Date(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('undone_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_confirmation_by_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_confirmation_topic_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_confirmation_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_confirmation'))
    )
    with op.batch_alter_table('confirmation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_confirmation_topic_id'), ['topic_id'], unique=False)

    op.create_table('deputy',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('absent_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('start', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('end', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('named_by', sa.Integer(), nullable=False),
    sa.Column('named_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('pending', sa.Boolean(), nullable=False),
    sa.Column('consented_by', sa.Integer(), nullable=True),
    sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['absent_id'], ['person.id'], name=op.f('fk_deputy_absent_id')),
    sa.ForeignKeyConstraint(['consented_by'], ['person.id'], name=op.f('fk_deputy_consented_by')),
    sa.ForeignKeyConstraint(['named_by'], ['person.id'], name=op.f('fk_deputy_named_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deputy_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deputy'))
    )
    with op.batch_alter_table('deputy', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deputy_absent_id'), ['absent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_deputy_person_id'), ['person_id'], unique=False)

    op.create_table('reminder',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('made_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('seen_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.Column('settled_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reminder_person_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_reminder_topic_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_reminder_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('topic_id', 'unit_id', 'due_on', 'stage', 'person_id',
                        name=op.f('uq_reminder_topic_id_unit_id_due_on_stage_person_id'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminder_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reminder_topic_id'), ['topic_id'], unique=False)

    op.create_table('reminder_address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('target', sa.String(length=400), nullable=False),
    sa.Column('secret', sa.String(length=200), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('added_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('ended_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reminder_address_person_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_reminder_address_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder_address'))
    )
    with op.batch_alter_table('reminder_address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reminder_address_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reminder_address_unit_id'), ['unit_id'], unique=False)

    op.create_table('delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address_id', sa.Integer(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('leased_until', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.Column('sent_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=300), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['reminder_address.id'], name=op.f('fk_delivery_address_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('key', name=op.f('uq_delivery_key'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_address_id'), ['address_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_next_at'), ['next_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_state'), ['state'], unique=False)

    op.create_table('disclosure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('class_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('document', sa.String(length=60), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('formed_on', sa.Date(), nullable=True),
    sa.Column('period_end', sa.Date(), nullable=True),
    sa.Column('disclosed_on', sa.Date(), nullable=False),
    sa.Column('changed_on', sa.Date(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('late', sa.Integer(), nullable=False),
    sa.Column('slide_id', sa.Integer(), nullable=True),
    sa.Column('revision_id', sa.Integer(), nullable=True),
    sa.Column('explains_id', sa.Integer(), nullable=True),
    sa.Column('withdrawn_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=400), nullable=True),
    sa.Column('imported', sa.Boolean(), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['class_id'], ['topic_class.id'], name=op.f('fk_disclosure_class_id')),
    sa.ForeignKeyConstraint(['explains_id'], ['disclosure.id'], name=op.f('fk_disclosure_explains_id')),
    sa.ForeignKeyConstraint(['made_by'], ['person.id'], name=op.f('fk_disclosure_made_by')),
    sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_disclosure_revision_id')),
    sa.ForeignKeyConstraint(['slide_id'], ['slide.id'], name=op.f('fk_disclosure_slide_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_disclosure_topic_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_disclosure_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure')),
    sa.UniqueConstraint('number', name=op.f('uq_disclosure_number')),
    sa.UniqueConstraint('revision_id', name=op.f('uq_disclosure_revision_id'))
    )
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disclosure_class_id'), ['class_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disclosure_disclosed_on'), ['disclosed_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_disclosure_explains_id'), ['explains_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disclosure_slide_id'), ['slide_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_disclosure_title'), ['title'], unique=False)
        batch_op.create_index('ix_disclosure_topic_unit', ['topic_id', 'unit_id', 'disclosed_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_disclosure_unit_id'), ['unit_id'], unique=False)

    op.create_table('review_check',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('bound', sa.String(length=64), nullable=False),
    sa.Column('ticks', sa.JSON(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_review_check_by_id')),
    sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_review_check_revision_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_check'))
    )
    with op.batch_alter_table('review_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_check_revision_id'), ['revision_id'], unique=False)

    op.create_table('urgent_approval',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('bound', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('first_by', sa.Integer(), nullable=False),
    sa.Column('first_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('second_by', sa.Integer(), nullable=True),
    sa.Column('second_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('completed_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['first_by'], ['person.id'], name=op.f('fk_urgent_approval_first_by')),
    sa.ForeignKeyConstraint(['revision_id'], ['revision.id'], name=op.f('fk_urgent_approval_revision_id')),
    sa.ForeignKeyConstraint(['second_by'], ['person.id'], name=op.f('fk_urgent_approval_second_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_urgent_approval'))
    )
    with op.batch_alter_table('urgent_approval', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_urgent_approval_revision_id'), ['revision_id'], unique=False)

    op.create_table('filing',
    sa.Column('slide_id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('formed_on', sa.Date(), nullable=True),
    sa.Column('period_end', sa.Date(), nullable=True),
    sa.Column('document', sa.String(length=60), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('explains_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['explains_id'], ['disclosure.id'], name=op.f('fk_filing_explains_id')),
    sa.ForeignKeyConstraint(['slide_id'], ['slide.id'], name=op.f('fk_filing_slide_id')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_filing_topic_id')),
    sa.PrimaryKeyConstraint('slide_id', name=op.f('pk_filing'))
    )
    with op.batch_alter_table('filing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_filing_topic_id'), ['topic_id'], unique=False)

    op.create_table('happening',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('trigger', sa.String(length=20), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('note', sa.String(length=120), nullable=False),
    sa.Column('noted_by', sa.Integer(), nullable=False),
    sa.Column('noted_at', kiosk.base.db.Instant(timezone=True), nullable=False),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.Column('dropped_at', kiosk.base.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['answered_by'], ['disclosure.id'], name=op.f('fk_happening_answered_by')),
    sa.ForeignKeyConstraint(['noted_by'], ['person.id'], name=op.f('fk_happening_noted_by')),
    sa.ForeignKeyConstraint(['topic_id'], ['topic.id'], name=op.f('fk_happening_topic_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_happening_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_happening'))
    )
    with op.batch_alter_table('happening', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_happening_topic_id'), ['topic_id'], unique=False)

    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('chain', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.drop_column('chain')

    with op.batch_alter_table('happening', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_happening_topic_id'))

    op.drop_table('happening')
    with op.batch_alter_table('filing', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_filing_topic_id'))

    op.drop_table('filing')
    with op.batch_alter_table('urgent_approval', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_urgent_approval_revision_id'))

    op.drop_table('urgent_approval')
    with op.batch_alter_table('review_check', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_review_check_revision_id'))

    op.drop_table('review_check')
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_disclosure_unit_id'))
        batch_op.drop_index('ix_disclosure_topic_unit')
        batch_op.drop_index(batch_op.f('ix_disclosure_title'))
        batch_op.drop_index(batch_op.f('ix_disclosure_slide_id'))
        batch_op.drop_index(batch_op.f('ix_disclosure_explains_id'))
        batch_op.drop_index(batch_op.f('ix_disclosure_disclosed_on'))
        batch_op.drop_index(batch_op.f('ix_disclosure_class_id'))

    op.drop_table('disclosure')
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_state'))
        batch_op.drop_index(batch_op.f('ix_delivery_next_at'))
        batch_op.drop_index(batch_op.f('ix_delivery_address_id'))

    op.drop_table('delivery')
    with op.batch_alter_table('reminder_address', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reminder_address_unit_id'))
        batch_op.drop_index(batch_op.f('ix_reminder_address_person_id'))

    op.drop_table('reminder_address')
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reminder_topic_id'))
        batch_op.drop_index(batch_op.f('ix_reminder_person_id'))

    op.drop_table('reminder')
    with op.batch_alter_table('deputy', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deputy_person_id'))
        batch_op.drop_index(batch_op.f('ix_deputy_absent_id'))

    op.drop_table('deputy')
    with op.batch_alter_table('confirmation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_confirmation_topic_id'))

    op.drop_table('confirmation')
    with op.batch_alter_table('topic', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_topic_unit_id'))
        batch_op.drop_index(batch_op.f('ix_topic_name'))
        batch_op.drop_index(batch_op.f('ix_topic_class_id'))

    op.drop_table('topic')
    op.drop_table('topic_class')
    op.drop_table('own_day')
    op.drop_table('counter')
