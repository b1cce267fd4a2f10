"""The routes that say whether this process lives, can work, and which build it is."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from events.log import EventLog, LogUnavailable
from projections.store import TaskViews, ViewsUnavailable
from services.adapters.storage import ObjectStore, StorageUnavailable

CHECK_TIMEOUT_S: Final = 2.0

CheckResult = Literal["ok", "unavailable"]
ReadinessStatus = Literal["ready", "degraded", "unavailable"]


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["live"] = "live"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What this process can do, and what each server it needs has answered."""

    status: ReadinessStatus
    checks: dict[str, CheckResult]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """The build that answers."""

    service: str
    version: str


_ENCODER: Final = msgspec.json.Encoder()


def health_routes(
    *, log: EventLog, views: TaskViews, store: ObjectStore, version: str
) -> list[HTTPRouteHandler]:
    """`GET /api/health/live`, `/ready` and `/version`."""
    version_body = _ENCODER.encode(Version(service="concept-refinery", version=version))
    live_body = _ENCODER.encode(Liveness())

    @get("/api/health/live")
    async def live() -> ASGIResponse:
        return _answer(live_body)

    @get("/api/health/ready")
    async def ready() -> ASGIResponse:
        readiness = await check_readiness(log=log, views=views, store=store)
        status_code = 503 if readiness.status == "unavailable" else 200
        return _answer(_ENCODER.encode(readiness), status_code=status_code)

    @get("/api/health/version")
    async def show_version() -> ASGIResponse:
        return _answer(version_body)

    return [live, ready, show_version]


async def check_readiness(
    *, log: EventLog, views: TaskViews, store: ObjectStore, timeout_s: float = CHECK_TIMEOUT_S
) -> Readiness:
    """Ask the three servers at once, each for at most `timeout_s`.

    Only the log makes this process unavailable: nothing can be admitted without it. Without the
    views, reads are answered from the log; without the object store, requests for pictures of other
    servers are admitted and results signed (signing asks nobody). So both only degrade it: taking
    every process out of the balance because of them would turn a partial outage into a whole one.
    """
    outcomes = await asyncio.gather(
        _check(log.head(), timeout_s),
        _check(views.check(), timeout_s),
        _check(store.check(), timeout_s),
    )
    checks: Mapping[str, CheckResult] = dict(zip(("log", "views", "store"), outcomes, strict=True))
    if checks["log"] == "unavailable":
        status: ReadinessStatus = "unavailable"
    else:
        status = "degraded" if "unavailable" in outcomes else "ready"
    return Readiness(status=status, checks=dict(checks))


async def _check(asked: Awaitable[object], timeout_s: float) -> CheckResult:
    try:
        async with asyncio.timeout(timeout_s):
            await asked
    except (LogUnavailable, ViewsUnavailable, StorageUnavailable, TimeoutError):
        return "unavailable"
    return "ok"


def _answer(body: bytes, *, status_code: int = 200) -> ASGIResponse:
    return ASGIResponse(body=body, status_code=status_code, headers={"Cache-Control": "no-store"})
