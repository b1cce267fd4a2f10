"""Serves the API with granian's embedded server: one process, one event loop, until told to stop.

The embedded server shares the event loop with the clients of the log, the views and the store, so
that the composition root opens, serves and closes in one place. More processes scale it out.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from structlog.typing import FilteringBoundLogger

from services.api.app import Dependencies, create_app
from services.api.edge import HEAD_BYTES_MAX
from services.runtime.lifecycle import CannotServe
from services.runtime.settings import HttpSettings

HEADER_TIMEOUT_MS: Final = 5000
BACKLOG: Final = 1024
DRAIN_S: Final = 15.0

_log: FilteringBoundLogger = structlog.get_logger()


class AddressUnavailable(CannotServe):
    """The API cannot listen on its address."""

    def __init__(self, *, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.host = host
        self.port = port
        self.reason = reason


class PortTaken(AddressUnavailable):
    """Another process listens on the address."""


class ServerFailed(CannotServe):
    """The HTTP server ended without being told to."""


async def serve(
    dependencies: Dependencies, stop: asyncio.Event, *, drain_s: float = DRAIN_S
) -> None:
    """Serve until `stop` is set; then accept nothing new and finish what is under way.

    Requests that are not finished after `drain_s` are given up.

    Raises:
        PortTaken: another process listens on the address.
        AddressUnavailable: the address cannot be listened on for another reason.
        ServerFailed: the server ended by itself.
    """
    http = dependencies.settings.http
    _require_free(http)
    server = _server(dependencies)
    # Named with its type: the server's own method has none.
    stop_server: Callable[[], None] = server.stop
    serving = asyncio.create_task(server.serve(), name="http server")
    stopping = asyncio.create_task(stop.wait(), name="stop of the http server")
    feeding = asyncio.create_task(dependencies.feed.run(), name="feed of the log")
    _log.info("http.listening", host=http.host, port=http.port)
    try:
        await asyncio.wait({serving, stopping, feeding}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Also when cancelled: what is under way is finished in any case.
        stopping.cancel()
        is_told = stop.is_set()
        # Whoever waits for a task is answered now, and asks again elsewhere.
        dependencies.feed.close()
        stop_server()
        await asyncio.wait({serving}, timeout=drain_s)
        feeding.cancel()
        _ = await asyncio.gather(feeding, return_exceptions=True)
    if not serving.done():
        # Not cancelled: the server's own threads would still report to what was cancelled.
        _log.warning("http.drain_gave_up", after_s=drain_s)
        return
    error = serving.exception()
    if error is not None or not is_told:
        raise ServerFailed("the HTTP server ended by itself") from error
    _log.info("http.stopped")


def _server(dependencies: Dependencies) -> Server:
    http = dependencies.settings.http
    return Server(
        create_app(dependencies),
        address=http.host,
        port=http.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=http.connections_max,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=HEAD_BYTES_MAX
        ),
        # Errors of the server go where the root logger sends them; all else is logged by us.
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},
        log_access=False,
    )


def _require_free(http: HttpSettings) -> None:
    """Refuse an address that is in use.

    The server itself would not notice: it shares its port with any other that does the same, and
    the kernel would deal the connections out among them.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            http.host, http.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Connections of an earlier run that are still winding down do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        kind_of_error = PortTaken if error.errno == errno.EADDRINUSE else AddressUnavailable
        raise kind_of_error(host=http.host, port=http.port, reason=reason) from error
