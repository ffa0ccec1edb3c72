"""Tortoise's PostgreSQL engine, made fit for a server that goes away: nothing waits for ever, nothing leaks.

`db.tortoise_config` names this module, and Tortoise takes `client_class` from it. What differs from its own engine:
waiting for a connection and giving one back are bounded, a transaction that cannot be rolled back loses its connection
instead of keeping it, and every sign of the server's absence is raised as DatabaseUnavailable.
"""

import asyncio
import math
import re
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, TransactionManagementError

from jobwise.errors import ErrorCode, JobWiseError

#: Longest wait for a connection while the server gives no sign of life, in seconds.
ACQUIRE_SECONDS = 4.0
#: Longest wait in the crowd of a busy pool.
_CROWD_SECONDS = 15.0
_RELEASE_SECONDS = 1.0
_LONGEST_IDLE = 300.0
_MOST_QUERIES = 50_000

_SIGNS_OF_ABSENCE = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TransactionRollbackError,
    DBConnectionError,
    OSError,
    TimeoutError,
)
# asyncpg has one class for a connection that is gone and for mistakes of ours, such as too few arguments.
_LOST = re.compile("closed|closing|cancelling|released")


class DatabaseUnavailable(JobWiseError):
    """The database does not answer just now. Please try again in a moment.

    What you have just changed may have been saved already.
    """

    code = ErrorCode.UNAVAILABLE

    @property
    def reason(self) -> str:
        """What kind of absence it is, for operators: the driver's name for it, without hosts and accounts."""
        return type(self.__cause__ or self).__name__


@contextmanager
def absence_named() -> Iterator[None]:
    """Raise DatabaseUnavailable for all that asyncpg raises when its server is away, starting, full or stopping."""
    try:
        yield
    except _SIGNS_OF_ABSENCE as error:
        if isinstance(error, asyncpg.InterfaceError) and not _LOST.search(str(error)):
            raise
        raise DatabaseUnavailable from error


class _Pool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg has no types
    """asyncpg's pool, which would wait without end for a connection, and fail a finished request by its return."""

    _alive_at = -math.inf

    async def _acquire(self, timeout: float | None) -> PoolConnectionProxy:
        began = time.monotonic()
        while True:
            try:
                return await super()._acquire(ACQUIRE_SECONDS if timeout is None else timeout)
            except TimeoutError:
                now = time.monotonic()
                hangs = now - self._alive_at > ACQUIRE_SECONDS
                if hangs or timeout is not None or now - began > _CROWD_SECONDS:
                    raise

    async def release(self, connection: PoolConnectionProxy, *, timeout: float | None = None) -> None:
        # A caller that is cancelled meanwhile leaves this to itself, so that nobody would hear of its failure.
        await asyncio.shield(self._take_back(connection, _RELEASE_SECONDS if timeout is None else timeout))

    async def _take_back(self, connection: PoolConnectionProxy, timeout: float) -> None:
        try:
            is_open = not connection.is_closed()
            await super().release(connection, timeout=timeout)
            if is_open:
                self._alive_at = time.monotonic()
        except TimeoutError:
            # The server hangs or is cut off: its other connections would each make somebody wait as long.
            await self.expire_connections()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            # asyncpg has ended the connection; whether the statement succeeded is known by now.
            return


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """asyncpg would ask the server each time to undo what we never do to a session, which takes as long as a statement.

    A transaction that was left open is rolled back all the same.
    """


class _Named(AsyncpgDBClient):
    """Gives the driver's errors our names, inside Tortoise's own translation."""

    async def _translate_exceptions(
        self, func: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        async def named(*args: Any, **kwargs: Any) -> Any:
            with absence_named():
                return await func(*args, **kwargs)

        return await super()._translate_exceptions(named, *args, **kwargs)


class Client(_Named):
    """The connection of this process: a pool that is made when it is first needed."""

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """Called by Tortoise. Connects to nothing yet: that would make everybody wait for the first one."""
        return await _Pool(
            **options,
            reset=_nothing_to_reset,
            max_queries=_MOST_QUERIES,
            max_inactive_connection_lifetime=_LONGEST_IDLE,
            record_class=asyncpg.Record,
        )

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_TransactionClient(self), self._pool_init_lock)


class _TransactionClient(_Named, TransactionWrapper):
    """One connection while it is in a transaction."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_TransactionClient(self))


class _Transaction(TransactionContextPooled):
    """Tortoise's transaction, which loses its connection when it is cancelled at its beginning or cannot end."""

    async def __aenter__(self) -> Any:
        with absence_named():
            await self.ensure_connection()
            self._pool: asyncpg.Pool = self.client._parent._pool
            self.client._connection = await self._pool.acquire()
        self.token = get_connections().set(self.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException:
            await self._leave()
            raise
        return self.client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.client._finalized or isinstance(error, TransactionManagementError):
                return
            if error is None:
                with absence_named():
                    await self.client.commit()
            else:
                await self._roll_back()
        finally:
            await self._leave()

    async def _roll_back(self) -> None:
        """Or end the connection, whereupon the server rolls back; the error that brought us here is what counts."""
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self.client.rollback()
        except (*_SIGNS_OF_ABSENCE, asyncpg.PostgresError):
            with suppress(asyncpg.InterfaceError):
                self.client._connection.terminate()

    async def _leave(self) -> None:
        get_connections().reset(self.token)
        await self._pool.release(self.client._connection)


client_class = Client
