"""Lets web pages of other origins call the API, as far as the settings name them.

Around the application rather than in it: an answer to a page must be readable whatever it is, also
a 401, a 404 of an unknown address or a 500, and a preflight comes without a token. Credentials
(cookies) are never allowed; a page sends its bearer token itself.
"""

from collections.abc import Collection
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from services.api.requests import header_values

ANY_ORIGIN: Final = "*"
MAX_AGE_S: Final = 3600
METHODS: Final = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
REQUEST_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Prefer",
    "Last-Event-ID",
    "X-Request-ID",
)
EXPOSED_HEADERS: Final = (
    "Location",
    "Link",
    "ETag",
    "Retry-After",
    "Preference-Applied",
    "Idempotent-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Period",
    "X-Request-ID",
    "WWW-Authenticate",
)

_Headers = list[tuple[bytes, bytes]]

_PREFLIGHT: Final[_Headers] = [
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
    (b"access-control-max-age", str(MAX_AGE_S).encode()),
]
_EXPOSED: Final = (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode())
_VARY: Final = (b"vary", b"Origin")


def across_origins(app: ASGIApp, *, origins: Collection[str]) -> ASGIApp:
    """`app`, callable by pages of these origins: exact ones, or `*` for all; none changes nothing.

    Other origins get no header that would allow anything, and it is the browser that then refuses.
    """
    if not origins:
        return app

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        allowed = _allowed(header_values(scope, b"origin"), origins)
        if allowed and _is_preflight(scope):
            await _answer_preflight(send, allowed)
            return
        # A stored answer must not be given to another origin than it was made for.
        added = [*allowed, _EXPOSED] if allowed else [_VARY]

        async def send_allowing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await app(scope, receive, send_allowing)

    return answer


def _allowed(asking: list[str], origins: Collection[str]) -> _Headers:
    """The headers that allow an origin; none if it is not one that may be allowed."""
    if ANY_ORIGIN in origins:
        # The same for everybody, also without an origin, so it may be stored for everybody.
        return [(b"access-control-allow-origin", b"*")]
    if len(asking) == 1 and asking[0] in origins:
        return [(b"access-control-allow-origin", asking[0].encode("ascii")), _VARY]
    return []


def _is_preflight(scope: Scope) -> bool:
    return (
        scope["type"] == ScopeType.HTTP
        and scope["method"] == "OPTIONS"
        and bool(header_values(scope, b"origin"))
        and bool(header_values(scope, b"access-control-request-method"))
    )


async def _answer_preflight(send: Send, allowed: _Headers) -> None:
    await send(
        {"type": "http.response.start", "status": 204, "headers": [*allowed, *_PREFLIGHT]},
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})
