"""Run by Alembic: migrates over the connection that it is given, inside that connection's transaction."""

from alembic import context

from matcher.catalog.tables import metadata

_connection = context.config.attributes["connection"]
context.configure(
    connection=_connection,
    target_metadata=metadata,
    render_as_batch=_connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
