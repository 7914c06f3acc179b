"""Alembic's entry: run migrations on the connection that `db_schema.migrate` hands over, or write them as SQL."""

from alembic import context

from db_schema.tables import metadata

attributes = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=attributes["dialect"], target_metadata=metadata, literal_binds=True)
else:
    context.configure(connection=attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
