"""The routes that tell a user how the quota stands, without using any of it."""

from typing import Final, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from msgspec import Struct

from events.task import Moment
from services.api.admissions import Admissions
from services.api.quota_report import PERIOD, POLICY, QuotaReport
from services.api.requests import AuthenticatedRequest

ROUTE: Final = "/api/concepts/refine"
RATE_LIMIT: Final = "refine_concept"

QuotaStatus = Literal["available", "exhausted"]


class RateLimit(Struct, frozen=True, kw_only=True):
    """A limit, and how its caller stands. The period is a calendar month in UTC."""

    policy: str = POLICY
    route: str = ROUTE
    period: str = PERIOD
    limit: int
    used: int
    remaining: int
    resets_at: Moment
    reset_in_s: int


class RateLimits(Struct, frozen=True, kw_only=True):
    """Every limit there is, by what it limits."""

    limits: dict[str, RateLimit]


class RateLimitStatus(Struct, frozen=True, kw_only=True):
    """How much is left of one limit, and for how many seconds there will not be more."""

    limit: int
    remaining: int
    reset_in_s: int


class RateLimitsStatus(Struct, frozen=True, kw_only=True):
    """Whether another request would be within the limits."""

    status: QuotaStatus
    limits: dict[str, RateLimitStatus]


_ENCODER: Final = msgspec.json.Encoder()


def rate_limit_routes(*, admissions: Admissions) -> list[HTTPRouteHandler]:
    """`GET /api/health/rate-limits` and `/rate-limits-status`."""

    @get("/api/health/rate-limits")
    async def show_rate_limits(request: AuthenticatedRequest) -> ASGIResponse:
        quota = await admissions.quota_of(request.user)
        return _answer(RateLimits(limits={RATE_LIMIT: _limit_of(quota)}), quota)

    @get("/api/health/rate-limits-status")
    async def show_rate_limits_status(request: AuthenticatedRequest) -> ASGIResponse:
        quota = await admissions.quota_of(request.user)
        left = _limit_of(quota)
        status = RateLimitStatus(
            limit=left.limit, remaining=left.remaining, reset_in_s=left.reset_in_s
        )
        return _answer(
            RateLimitsStatus(
                status="available" if left.remaining else "exhausted", limits={RATE_LIMIT: status}
            ),
            quota,
        )

    return [show_rate_limits, show_rate_limits_status]


def _limit_of(quota: QuotaReport) -> RateLimit:
    standing = quota.standing
    return RateLimit(
        limit=standing.limit,
        used=standing.used,
        remaining=standing.remaining,
        resets_at=standing.resets_at,
        reset_in_s=quota.resets_in_s,
    )


def _answer(body: Struct, quota: QuotaReport) -> ASGIResponse:
    headers = quota.headers() | {"Cache-Control": "no-store"}
    return ASGIResponse(body=_ENCODER.encode(body), headers=headers)
