"""Alembic's door: runs the steps on the connection that kiosk.schema hands over."""

from alembic import context

from kiosk.schema import METADATA


def _run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True,
                      user_module_prefix="kiosk.base.db.")
    with context.begin_transaction():
        context.run_migrations()


_run()
