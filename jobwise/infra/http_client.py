"""Connections to other people's servers, kept open and shared."""

import itertools
import ssl

import httpx

# A pool of httpcore looks at all its connections for each request, twice over: many small pools carry a thousand
# streams with a hundredth of the work that one large pool needs.
_POOLS = 32
_CONNECT_SECONDS = 5.0
_WRITE_SECONDS = 10.0
_IDLE_SECONDS = 60.0


class HttpClients:
    """Many small pools that are used in turn. Reading has no time-out of its own: who reads a stream bounds it."""

    def __init__(self, pools: int = _POOLS) -> None:
        context = httpx.create_ssl_context()
        self._clients = [_client(context) for _ in range(pools)]
        self._turns = itertools.cycle(self._clients)

    def next(self) -> httpx.AsyncClient:
        """The client whose turn it is."""
        return next(self._turns)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()


def _client(verify: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=verify,
        timeout=httpx.Timeout(connect=_CONNECT_SECONDS, write=_WRITE_SECONDS, read=None, pool=None),
        limits=httpx.Limits(max_connections=None, keepalive_expiry=_IDLE_SECONDS),
        # A proxy of the environment is not for servers on this machine.
        mounts={"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None},
    )
