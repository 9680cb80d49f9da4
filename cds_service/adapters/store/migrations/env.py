"""Run by Alembic for each command; the connection is handed in by `schema.py`."""

from __future__ import annotations

from alembic import context

from cds_service.adapters.store.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
