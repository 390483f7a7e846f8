"""Alembic's entry point: run the migrations on the connection that db/migrate.py passes, which holds the lock."""

from alembic import context

context.configure(**context.config.attributes)
context.run_migrations()
