"""Alembic runs the versions on the connection that db/migrate.py opened, locked and gave it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
