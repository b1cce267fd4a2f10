"""What surrounds every request: its id, its log line, and a bound on the time its body may take."""

import asyncio
import os
import re
from time import perf_counter
from typing import Final

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)
from structlog.typing import FilteringBoundLogger

from services.api.quota_report import QuotaReport

BODY_TIMEOUT_S: Final = 10.0
# The server refuses what is more; the number of headers is its own.
HEAD_BYTES_MAX: Final = 16 * 1024
HEADERS_MAX: Final = 100

_REQUEST_ID_HEADER: Final = b"x-request-id"
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_REQUEST_ID_BYTES: Final = 16
_FACTS: Final = "facts"
_QUIET_ROUTES: Final = "/api/health/"

_log: FilteringBoundLogger = structlog.get_logger()


class BodyStalled(Exception):
    """The client did not finish sending its body in time."""

    def __init__(self, *, timeout_s: float) -> None:
        super().__init__(f"the request body was not complete after {timeout_s} s")
        self.timeout_s = timeout_s


class BodyAborted(Exception):
    """The client went away before its body was complete, or sent chunks that are none."""

    def __init__(self) -> None:
        super().__init__("the request body ended before it was complete")


class Facts(msgspec.Struct, kw_only=True):
    """What becomes known about a request while it is answered, for its one log line.

    `quota` is not for the line but for the headers of an error: it is known where the error is not
    yet an answer.
    """

    request_id: str
    user_key: str | None = None
    task_id: str | None = None
    problem: str | None = None
    reason: str | None = None
    quota: QuotaReport | None = None


def facts_of(scope: Scope) -> Facts:
    """The facts of the request that `scope` belongs to."""
    facts = scope["state"][_FACTS]
    assert isinstance(facts, Facts)
    return facts


class Edge:
    """The outermost layer: also what no route answers passes through here."""

    def __init__(self, app: ASGIApp, *, body_timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and log it once however it ends."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        request_id = _request_id(scope)
        facts = Facts(request_id=request_id.decode("ascii"))
        scope["state"][_FACTS] = facts
        # Stays 0 if the connection ends without an answer.
        status = 0

        async def send_identified(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_REQUEST_ID_HEADER, request_id)]
            await send(message)

        try:
            await self._app(scope, _bounded(receive, self._body_timeout_s), send_identified)
        finally:
            _log_request(scope, facts, status=status, started=started)


def _request_id(scope: Scope) -> bytes:
    """The client's request id if it is sane, so that it can follow its request; else a new one."""
    for name, value in scope["headers"]:
        if name == _REQUEST_ID_HEADER:
            if _REQUEST_ID.fullmatch(value):
                return value
            break
    return os.urandom(_REQUEST_ID_BYTES).hex().encode("ascii")


def _bounded(receive: Receive, timeout_s: float) -> Receive:
    """`receive`, with a deadline until the body is complete; no server sets one itself."""
    deadline: float | None = None
    is_complete = False

    async def bounded_receive() -> HTTPReceiveMessage:
        nonlocal deadline, is_complete
        if is_complete:
            return await receive()  # type: ignore[return-value]  # only HTTP comes here
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as error:
            raise BodyStalled(timeout_s=timeout_s) from error
        if message["type"] == "http.disconnect":
            raise BodyAborted
        assert message["type"] == "http.request"
        is_complete = not message.get("more_body", False)
        return message

    return bounded_receive


def _log_request(scope: HTTPScope, facts: Facts, *, status: int, started: float) -> None:
    route = scope.get("path_template")
    is_quiet = route is not None and route.startswith(_QUIET_ROUTES)
    # A level that is off costs one call, so health checks are free in production.
    write = _log.debug if is_quiet else _log.info
    line: dict[str, object] = {
        "method": scope["method"],
        "route": route,
        "status": status,
        "duration_ms": round((perf_counter() - started) * 1000, 2),
        "request_id": facts.request_id,
    }
    for name in ("user_key", "task_id", "problem", "reason"):
        value = getattr(facts, name)
        if value is not None:
            line[name] = value
    write("http.request", **line)
