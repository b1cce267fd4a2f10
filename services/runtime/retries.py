"""How long to wait before trying again: exponential, capped, and jittered."""

import random
from collections.abc import Callable

import msgspec


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """Delays that double from `base_s` up to `max_s`; each is cut by up to half, at random.

    The cut keeps clients that failed together from coming back together.
    """

    base_s: float
    max_s: float

    def delay_s(self, attempt: int, *, uniform: Callable[[], float] = random.random) -> float:
        """The delay after failed attempt `attempt`, counted from 1."""
        # 2**63 is past every cap; the bound keeps the power finite however long an outage lasts.
        full = min(self.max_s, self.base_s * 2.0 ** min(attempt - 1, 63))
        return full * (1 - uniform() / 2)
