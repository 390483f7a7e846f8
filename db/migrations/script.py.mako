"""${message}: say why."""

from db.migrate import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

STATEMENTS = """
"""


def upgrade() -> None:
    run(STATEMENTS)
