"""Every header that an answer may have: what it says, and what it looks like."""

from typing import Final

from events.ids import TASK_ID_PATTERN
from services.api.openapi.json_values import JsonObject
from services.api.preferences import WAIT_MAX_S

REQUEST_ID: Final = "X-Request-ID"
CACHING: Final = "Cache-Control"
QUOTA: Final = (
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Period",
)
REQUEST_ID_PATTERN: Final = "^[A-Za-z0-9._-]{1,64}$"

# A component says whether a header is always there, so one that is not has a component of its own.
_SOMETIMES: Final = "-if-any"


def _text(description: str, example: str, **limits: object) -> JsonObject:
    return {
        "description": description,
        "schema": {"type": "string", **limits},
        "example": example,
    }


def _count(description: str, example: int, *, minimum: int = 0) -> JsonObject:
    return {
        "description": description,
        "schema": {"type": "integer", "minimum": minimum},
        "example": example,
    }


_HEADERS: Final[dict[str, JsonObject]] = {
    "Accept": _text("The media type that a body must have.", "application/json"),
    "Allow": _text(
        "The methods that the address supports.",
        "GET, OPTIONS",
        pattern="^[A-Z]+(, [A-Z]+)*$",
    ),
    "Cache-Control": _text(
        "`no-store` wherever an answer is one user's, or true for a moment only.", "no-store"
    ),
    "Content-Security-Policy": _text(
        "What the page may load: its own style, and nothing else.", "default-src 'none'"
    ),
    "ETag": _text(
        "Names what the body says; send it back in `If-None-Match`.",
        'W/"17-0"',
        pattern='^(W/)?"[!#-~]+"$',
    ),
    "Idempotent-Replayed": _text(
        "The `Idempotency-Key` was used before: this is the task it began then.",
        "true",
        enum=["true"],
    ),
    "Link": _text(
        "The page behind this one.",
        '</api/tasks?limit=20&cursor=AQAAAAAAAACymsOrz-L-2t8>; rel="next"',
        pattern='^</api/tasks\\?[^<>]+>; rel="next"$',
    ),
    "Location": _text(
        "Where the task is.",
        "/api/tasks/task-01a2035e-eefe-7afa-996d-e8bc3860fabf",
        pattern=f"^/api/tasks/{TASK_ID_PATTERN}$",
    ),
    "Preference-Applied": _text(
        f"How long the answer was ready to wait, in seconds: at most {WAIT_MAX_S}.",
        "wait=30",
        pattern="^wait=[0-9]{1,2}$",
    ),
    "RateLimit": _text(
        "How many requests remain (`r`), and in how many seconds there are more (`t`).",
        '"refine-month";r=9;t=730318',
        pattern='^"[a-z-]+";r=[0-9]+;t=[0-9]+$',
    ),
    "RateLimit-Policy": _text(
        "How many requests are accepted (`q`) in how many seconds (`w`).",
        '"refine-month";q=10;w=2592000',
        pattern='^"[a-z-]+";q=[0-9]+;w=[0-9]+$',
    ),
    "Retry-After": _count("In how many seconds to ask again.", 2, minimum=1),
    "WWW-Authenticate": _text(
        "How to authenticate, and whether the token that came was refused.",
        'Bearer error="invalid_token"',
        pattern='^Bearer( error="invalid_token")?$',
    ),
    "X-Accel-Buffering": _text("Proxies hand each event on at once.", "no", enum=["no"]),
    "X-Content-Type-Options": _text("The content type is what it says.", "nosniff"),
    "X-RateLimit-Limit": _count("How many requests are accepted in a period.", 10),
    "X-RateLimit-Period": _text("The period: a calendar month in UTC.", "month", enum=["month"]),
    "X-RateLimit-Remaining": _count("How many requests remain in this period.", 9),
    "X-RateLimit-Reset": _count("When the next period begins, as Unix time.", 1796083200),
    "X-Request-ID": _text(
        "Names this request, in our log too: the client's own if it is sane, else a new one.",
        "3795938fd0ef4995e0524effef71a4a6",
        pattern=REQUEST_ID_PATTERN,
    ),
}


def header_components() -> JsonObject:
    """Every header twice: as one that is always there, and as one that may be."""
    always = {name: {**header, "required": True} for name, header in _HEADERS.items()}
    sometimes = {
        f"{name}{_SOMETIMES}": {**header, "required": False} for name, header in _HEADERS.items()
    }
    return always | sometimes


def headers_of(always: tuple[str, ...], sometimes: tuple[str, ...]) -> JsonObject:
    """The headers of an answer: those that it always has, and those that it may have."""
    components = {name: name for name in (REQUEST_ID, *always)}
    components |= {name: f"{name}{_SOMETIMES}" for name in sometimes if name not in components}
    return {
        name: {"$ref": f"#/components/headers/{component}"}
        for name, component in sorted(components.items())
    }
