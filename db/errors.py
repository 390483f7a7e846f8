"""The errors of Postgres, and of the connection to it, that a client can retry: `unavailable` converts each of them."""

import asyncpg

# The schema has changed since the statement was prepared.
OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)

# The connection is lost, or its state is unknown. A statement that ran, or a COMMIT, may have had its effect.
LOST = (
    OSError,  # includes TimeoutError, and the errors of TLS and DNS
    asyncpg.PostgresConnectionError,  # also of PgBouncer
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the response of a backend was lost
)
# Postgres cannot write now, but may be able to read.
UNWRITABLE = (
    asyncpg.ReadOnlySQLTransactionError,  # of a standby, after a failover
    asyncpg.DiskFullError,
    asyncpg.LockNotAvailableError,
)
RETRYABLE = (
    *LOST,
    *UNWRITABLE,
    *OUTDATED,  # in a transaction, which has failed
    asyncpg.OperatorInterventionError,  # includes a statement_timeout
    asyncpg.InsufficientResourcesError,  # includes too many connections
    asyncpg.PostgresSystemError,  # such as an error of the disk
    asyncpg.TransactionRollbackError,  # includes deadlocks
)
# While a connection is opened, Postgres may also refuse the user, the password or the database.
CONNECT_ERRORS = (*RETRYABLE, asyncpg.PostgresError)


class Unavailable(Exception):
    """Postgres cannot be reached or cannot work now, or no connection became free in time. Retrying may succeed."""


class Unwritable(Unavailable):
    """Postgres cannot write now: it is read-only or full, or a row is locked. It may be able to read."""


class DiskFull(Unwritable):
    """The disk of Postgres is full."""


class OutcomeUnknown(Unavailable):
    """The connection was lost before the response arrived: the change may have been made."""


def unavailable(error: BaseException, *, is_committing: bool = False) -> Unavailable:
    """The exception for one of these errors. `is_committing`: the statement that failed could have made a change."""
    text = f"{type(error).__name__}: {str(error) or 'no answer in time'}"
    if isinstance(error, UNWRITABLE):
        return (DiskFull if isinstance(error, asyncpg.DiskFullError) else Unwritable)(text)
    return (OutcomeUnknown if is_committing and isinstance(error, LOST) else Unavailable)(text)


def leaves_usable(error: BaseException) -> bool:
    """Whether other statements can run on the connection after the error. A cancelled statement may still run."""
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return False  # the next connection may be to the new primary
    return isinstance(error, Exception) and not isinstance(error, LOST)
