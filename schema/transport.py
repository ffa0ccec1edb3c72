"""Websocket connections that wait for nobody: uvicorn's own, ended when the peer does not read, whoever they serve.

uvicorn's waits without end for a peer that has stopped reading: its messages stay in memory, and no close frame gets
through. Here such a connection is closed with SLOW_CONSUMER, and cut when that does not arrive either. Clients that
come back with their last cursor miss nothing.
"""

import asyncio
import socket
from asyncio.transports import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: Clients of the protocol graphql-transport-ws connect again after a code that they do not know, unlike after 1011.
SLOW_CONSUMER = 4413
SLOW_REASON = "Too slow: come back with your last cursor"

#: So long may a peer read nothing while messages wait for it.
STALL_SECONDS = 10.0
#: So long may the close frame take to get through.
FAREWELL_SECONDS = 5.0
#: Of an ended server, all sockets have to be gone soon.
_SHUTDOWN_SECONDS = 1.0
# The kernel would hold megabytes for each peer that does not read; it doubles this.
_SEND_BUFFER = 65_536


class ImpatientProtocol(WebSocketsSansIOProtocol):
    """uvicorn's connection, with limits to its patience."""

    _stall: asyncio.TimerHandle | None = None
    _cut: asyncio.TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Called by uvicorn when a connection becomes a websocket."""
        super().connection_made(transport)
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio at the end."""
        self._unstall()
        if self._cut is not None:
            self._cut.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Called by asyncio when as much waits for the peer as may wait: 64 KiB."""
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self._dismiss)

    def resume_writing(self) -> None:
        """Called by asyncio when the peer has read most of it."""
        self._unstall()
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        """Called when the peer has not answered a ping. uvicorn's code for it, 1011, keeps clients from coming back."""
        if not self.close_sent and not self.transport.is_closing():
            self._dismiss()

    def shutdown(self) -> None:
        """Called by uvicorn when the server ends."""
        super().shutdown()
        self._cut_after(_SHUTDOWN_SECONDS)

    def _unstall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _dismiss(self) -> None:
        """Say goodbye behind what waits already, and tell the application that the peer is gone."""
        self._unstall()
        self.stop_keepalive()
        if not self.close_sent:
            self.conn.send_close(SLOW_CONSUMER, SLOW_REASON)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": SLOW_CONSUMER, "reason": SLOW_REASON})
        # Who waits to send is told that nobody is there.
        self.disconnected = True
        self.writable.set()
        self.transport.close()
        self._cut_after(FAREWELL_SECONDS)

    def _cut_after(self, seconds: float) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(seconds, self.transport.abort)
