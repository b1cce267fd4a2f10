"""The quota as response headers: RateLimit (the IETF draft's form) and X-RateLimit."""

import math
from datetime import datetime
from typing import Final

import msgspec

from events.admission import QuotaStanding

POLICY: Final = "refine-month"
PERIOD: Final = "month"


class QuotaReport(msgspec.Struct, frozen=True, kw_only=True):
    """A user's quota as it stood at one moment."""

    standing: QuotaStanding
    at: datetime

    @property
    def resets_in_s(self) -> int:
        """Whole seconds until the next month begins; at least 1."""
        return max(1, math.ceil((self.standing.resets_at - self.at).total_seconds()))

    def headers(self) -> dict[str, str]:
        """The headers of every answer of the refine route."""
        standing = self.standing
        month_s = int((standing.resets_at - standing.period_start).total_seconds())
        remaining = standing.remaining
        return {
            "RateLimit-Policy": f'"{POLICY}";q={standing.limit};w={month_s}',
            "RateLimit": f'"{POLICY}";r={remaining};t={self.resets_in_s}',
            "X-RateLimit-Limit": str(standing.limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(int(standing.resets_at.timestamp())),
            "X-RateLimit-Period": PERIOD,
        }
