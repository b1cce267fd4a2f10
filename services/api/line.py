"""The line in which requests wait for a worker: who is how far from its head.

An estimate for people, so it need not be exact: it is filled from the views, kept up by the events
that the feed sees, and filled anew from time to time, which mends whatever it had missed.
"""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from events.log import StoredEvent
from events.subjects import EventSubject
from projections.store import TaskViews, ViewsUnavailable

REFILL_S: Final = 30.0
LENGTH_MAX: Final = 10_000

_log: FilteringBoundLogger = structlog.get_logger()


class WaitingLine:
    """The requests that no worker has begun, in the order of the log, which is that of the queue.

    Beyond `LENGTH_MAX` places are not told: so far back they mean nothing.
    """

    def __init__(self, views: TaskViews) -> None:
        self._views = views
        self._positions: list[int] = []
        self._position_of: dict[str, int] = {}

    def place_of(self, requested_position: int) -> int | None:
        """The place, from 1, of a request; None where the line is too long to say."""
        place = bisect_left(self._positions, requested_position) + 1
        return place if place <= LENGTH_MAX else None

    def see(self, subject: EventSubject, stored: StoredEvent) -> None:
        """Take an event of the log into account."""
        if subject.event != "requested":
            self._leave(subject.task_id)
        elif subject.task_id not in self._position_of and len(self._positions) < LENGTH_MAX:
            self._position_of[subject.task_id] = stored.position
            insort(self._positions, stored.position)

    async def keep_filled(self) -> None:
        """Fill the line from the views, again and again, until cancelled."""
        while True:
            try:
                self._fill(await self._views.waiting(limit=LENGTH_MAX))
            except ViewsUnavailable as error:
                _log.info("line.not_filled", reason=str(error))
            await asyncio.sleep(REFILL_S)

    def _fill(self, waiting: Sequence[tuple[str, int]]) -> None:
        """Believe the views, but for what is newer than the newest they have: they lag behind."""
        newest = waiting[-1][1] if waiting else 0
        newer = [(one, place) for one, place in self._position_of.items() if place > newest]
        self._position_of = dict([*waiting, *newer][:LENGTH_MAX])
        self._positions = sorted(self._position_of.values())

    def _leave(self, task_id: str) -> None:
        position = self._position_of.pop(task_id, None)
        if position is not None:
            del self._positions[bisect_left(self._positions, position)]
