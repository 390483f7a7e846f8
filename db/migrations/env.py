"""Alembic's entry point: run the migrations on the connection that db/migrate.py passes, which holds the lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
