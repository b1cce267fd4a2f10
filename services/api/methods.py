"""Which methods an address supports: for `Allow`, and for those who ask with OPTIONS.

The framework answers OPTIONS with the methods of that route which it saw first at an address, so
what it says depends on the order of the routes. This layer answers instead.
"""

import contextlib
from http import HTTPMethod

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils.path import normalize_path


def allowed_methods(application: Litestar, path: str) -> list[str]:
    """The methods that an address supports, in the order of the alphabet; none if it is none."""
    allowed: list[str] = []
    for method in HTTPMethod:
        with contextlib.suppress(MethodNotAllowedException, NotFoundException, KeyError):
            application.asgi_router.handle_routing(path=normalize_path(path), method=method.value)
            allowed.append(method.value)
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
