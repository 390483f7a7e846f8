"""${message}: say why."""

from db.migrate import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

# A step must be short, and have no effect when it runs a second time: see docs/architecture.md.
STATEMENTS = """
"""


def upgrade() -> None:
    run(STATEMENTS)
