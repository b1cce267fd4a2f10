"""What HTTP has for every address: OPTIONS, HEAD, and the methods for `Allow`.

The framework answers OPTIONS with the methods of that route which it saw first at an address, so
what it says depends on the order of the routes; and it has no HEAD. These layers answer instead.
"""

import contextlib
from http import HTTPMethod

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)
from litestar.utils.path import normalize_path


def allowed_methods(application: Litestar, path: str) -> list[str]:
    """The methods that an address supports, in the order of the alphabet; none if it is none."""
    allowed: list[str] = []
    for method in HTTPMethod:
        with contextlib.suppress(MethodNotAllowedException, NotFoundException, KeyError):
            application.asgi_router.handle_routing(path=normalize_path(path), method=method.value)
            allowed.append(method.value)
    if HTTPMethod.GET in allowed:
        allowed.append(HTTPMethod.HEAD.value)
    return sorted(allowed)


def answering_options(app: ASGIApp, *, application: Litestar) -> ASGIApp:
    """`app`, which is that of `application`, with truthful answers to OPTIONS."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != HTTPMethod.OPTIONS:
            await app(scope, receive, send)
            return
        allowed = allowed_methods(application, scope["path"])
        if not allowed:
            # Somebody has to say that there is nothing.
            await app(scope, receive, send)
            return
        header = (b"allow", ", ".join(allowed).encode("ascii"))
        await send({"type": "http.response.start", "status": 204, "headers": [header]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return answer


def answering_head(app: ASGIApp, *, application: Litestar) -> ASGIApp:
    """`app`, which is that of `application`, with HEAD answered as GET is, but without a body."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == HTTPMethod.HEAD:
            await _answer_head(scope, receive, send)
        else:
            await app(scope, receive, send)

    async def _answer_head(scope: HTTPScope, receive: Receive, send: Send) -> None:
        is_answered = False

        async def receive_until_answered() -> HTTPReceiveMessage:
            if is_answered:
                # As if the client had gone: it ends a stream that nobody will read.
                return {"type": "http.disconnect"}
            return await receive()  # type: ignore[return-value]  # only HTTP comes here

        async def send_head(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        if HTTPMethod.GET in allowed_methods(application, scope["path"]):
            scope["method"] = HTTPMethod.GET.value
        try:
            await app(scope, receive_until_answered, send_head)
        finally:
            # What is around this layer tells of the request as it came.
            scope["method"] = HTTPMethod.HEAD.value

    return answer
