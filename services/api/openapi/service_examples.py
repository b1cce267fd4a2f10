"""Examples of what a service says of itself, and of a user's quota."""

from datetime import UTC, datetime
from typing import Final

from services.api.health import CheckResult, Liveness, Readiness, ReadinessStatus, Version
from services.api.openapi.json_values import JsonObject, as_json
from services.api.rate_limits import (
    RATE_LIMIT,
    QuotaStatus,
    RateLimit,
    RateLimits,
    RateLimitsStatus,
    RateLimitStatus,
)

_RESETS_AT: Final = datetime(2026, 12, 1, tzinfo=UTC)
_RESETS_IN_S: Final = 730_318


def live_examples() -> JsonObject:
    """What a process says that lives."""
    return {"live": {"summary": "The process lives", "value": as_json(Liveness())}}


def ready_examples() -> JsonObject:
    """What a process says that takes requests."""
    return {
        "ready": _readiness("ready"),
        "degraded": _readiness("degraded", views="unavailable"),
    }


def unready_examples() -> JsonObject:
    """What a process says that takes none."""
    return {"unavailable": _readiness("unavailable", log="unavailable")}


def version_examples() -> JsonObject:
    """What a build says of itself."""
    version = Version(service="concept-refinery", version="1.2.3")
    return {"build": {"summary": "A build", "value": as_json(version)}}


def quota_examples() -> JsonObject:
    """A quota that is partly used."""
    limit = RateLimit(limit=10, used=1, remaining=9, resets_at=_RESETS_AT, reset_in_s=_RESETS_IN_S)
    limits = RateLimits(limits={RATE_LIMIT: limit})
    return {"available": {"summary": "One request is used", "value": as_json(limits)}}


def quota_status_examples() -> JsonObject:
    """What is left of a quota: something, and nothing."""
    return {
        "available": _quota_status("available", remaining=9),
        "exhausted": _quota_status("exhausted", remaining=0),
    }


def _quota_status(status: QuotaStatus, *, remaining: int) -> JsonObject:
    limit = RateLimitStatus(limit=10, remaining=remaining, reset_in_s=_RESETS_IN_S)
    body = RateLimitsStatus(status=status, limits={RATE_LIMIT: limit})
    return {"summary": f"The quota is {status}", "value": as_json(body)}


def _readiness(status: ReadinessStatus, **answers: CheckResult) -> JsonObject:
    checks: dict[str, CheckResult] = {"log": "ok", "views": "ok", "store": "ok", **answers}
    return {"summary": f"It is {status}", "value": as_json(Readiness(status=status, checks=checks))}
