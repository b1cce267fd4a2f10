"""What a worker says about how far an attempt is: the stages' shares, and not too often."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, TypeAlias

import msgspec

from events.progress import Progress, ProgressSignals, Stage

Moved: TypeAlias = Callable[[float], Awaitable[None]]
"""Takes how much of some work is done, from 0 to 1. Cheap, so it may be called for every step."""

INTERVAL_S: Final = 0.25
TICK_S: Final = 0.5


class Span(msgspec.Struct, frozen=True):
    """A part of the whole, which is from 0 to 1."""

    start: float
    end: float


# Refining takes most of the time of every task that takes long enough to be watched.
SPANS: Final[Mapping[Stage, Span]] = {
    Stage.FETCHING: Span(0.0, 0.15),
    Stage.REFINING: Span(0.15, 0.9),
    Stage.STORING: Span(0.9, 1.0),
}


class AttemptProgress:
    """Says how far one attempt is: each stage as it begins, and within a stage now and then."""

    def __init__(
        self, signals: ProgressSignals, *, task_id: str, user_key: str, attempt: int
    ) -> None:
        self._signals = signals
        self._last = Progress(
            task_id=task_id, user_key=user_key, attempt=attempt, stage=Stage.FETCHING, fraction=0.0
        )
        self._sent_at = -math.inf

    async def begin(self, stage: Stage) -> None:
        """The next stage has begun."""
        await self._send(stage, max(self._last.fraction, SPANS[stage].start))

    async def moved(self, share: float) -> None:
        """So much of the stage is done; said only if it is more than before, and not too soon."""
        span = SPANS[self._last.stage]
        fraction = min(span.start + share * (span.end - span.start), span.end)
        is_due = monotonic() - self._sent_at >= INTERVAL_S
        if is_due and fraction > self._last.fraction:
            await self._send(self._last.stage, fraction)

    async def _send(self, stage: Stage, fraction: float) -> None:
        self._last = msgspec.structs.replace(self._last, stage=stage, fraction=round(fraction, 3))
        self._sent_at = monotonic()
        await self._signals.send(self._last)


async def unmoved(share: float) -> None:
    """Tell nobody."""


def within(moved: Moved, span: Span) -> Moved:
    """For a part of some work: what is done of it, told as what is done of the whole."""

    async def moved_in_span(share: float) -> None:
        await moved(span.start + share * (span.end - span.start))

    return moved_in_span


@asynccontextmanager
async def guessed(moved: Moved, *, usual_s: float) -> AsyncIterator[None]:
    """Tell by the clock how far something is that does not tell itself; it never seems done.

    After the usual time it seems two thirds done, and slows down ever more.
    """
    clock = asyncio.get_running_loop()
    started_at = clock.time()

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await moved(1 - math.exp(-(clock.time() - started_at) / usual_s))

    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
