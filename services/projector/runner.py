"""The loop that turns the log into views: read in order, fold, write, and remember how far.

At least once, in order, and every write is guarded by position: what is applied twice, after a
crash or a lost connection, changes nothing the second time.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from time import perf_counter
from typing import Final

import structlog

from events.codec import UnreadableEvent, decode
from events.log import EventLog, FollowInterrupted, LogUnavailable, StoredEvent
from events.task import RecordedEvent
from projections.store import Checkpoint, ViewStore, ViewsUnavailable
from projections.task_views import fold_batch, tasks_to_load
from services.projector.anchor import LogDiverged, verify_anchor
from services.projector.feed import Feed
from services.runtime.clock import Clock
from services.runtime.retries import Backoff

BACKOFF: Final = Backoff(base_s=0.1, max_s=10.0)
REPORT_INTERVAL_S: Final = 30.0
REST_MAX_S: Final = 0.25
NAMED_TASKS_MAX: Final = 10

_log = structlog.get_logger()


class Runner:
    """Keeps the views up to date with the log, from the checkpoint on.

    `position` is that of the last event applied, `head` that of the log's last event when it was
    last looked at, `last_progress_at` when the checkpoint was last saved.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        store: ViewStore,
        clock: Clock,
        batch_max: int,
        duty_cycle: float = 1.0,
        backoff: Backoff = BACKOFF,
        report_interval_s: float = REPORT_INTERVAL_S,
    ) -> None:
        self.position = 0
        self.head = 0
        self.last_progress_at: datetime | None = None
        self._log = log
        self._store = store
        self._clock = clock
        self._batch_max = batch_max
        self._duty_cycle = duty_cycle
        self._next_batch_s = 0.0
        self._backoff = backoff
        self._report_interval_s = report_interval_s
        self._report_at_s = 0.0
        self._failures = 0
        self._is_caught_up = False

    @property
    def lag(self) -> int:
        """How many events the views were behind the log when it was last looked at."""
        return max(0, self.head - self.position)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, and finish the batch at hand.

        Outages of the log and of the store are waited out; everything else ends the run.

        Raises:
            LogDiverged: the log is not the one that the views were made from.
            UnreadableEvent: an event cannot be read; the views are right up to the one before.
        """
        while not stop.is_set():
            try:
                await self._follow(stop)
            except (ViewsUnavailable, LogUnavailable, FollowInterrupted) as error:
                await self._rest(error, stop)
        _log.info("projection.stopped", position=self.position)

    async def _follow(self, stop: asyncio.Event) -> None:
        """Apply the log from the stored checkpoint on, which is verified first."""
        checkpoint = await self._store.read_checkpoint()
        if checkpoint is not None:
            await verify_anchor(self._log, checkpoint)
        self.position = 0 if checkpoint is None else checkpoint.position
        self._is_caught_up = False
        await self._report("projection.started")
        self._note_caught_up()
        async with Feed(self._log.follow(after=self.position), stop=stop) as feed:
            while not stop.is_set():
                await self._pace(stop)
                arrived = await feed.next(wait_s=self._report_interval_s)
                for batch in self._batches(arrived):
                    await self._apply(batch)
                    if stop.is_set():
                        break
                if _now_s() >= self._report_at_s:
                    await self._report("projection.running")

    async def _pace(self, stop: asyncio.Event) -> None:
        """Let events gather while they come fast; the first after a quiet moment never waits.

        A batch costs three round trips to the store, two of them journaled, whatever its size. So
        the busier the log, the longer the rest and the larger the next batch; only who has fallen
        behind by whole batches takes no rest.
        """
        pause_s = self._next_batch_s - _now_s()
        if pause_s > 0:
            await wait_for_stop(stop, wait_s=pause_s)

    def _batches(self, arrived: Sequence[StoredEvent]) -> Iterator[Sequence[StoredEvent]]:
        for first in range(0, len(arrived), self._batch_max):
            yield arrived[first : first + self._batch_max]

    async def _apply(self, batch: Sequence[StoredEvent]) -> None:
        """Views first, then the checkpoint: a crash in between repeats the batch, harmlessly."""
        started_s = perf_counter()
        self._verify_order(batch)
        events, unreadable = _decode(batch)
        if events:
            views_count = await self._write(events)
            self._progress(events[-1].position)
            _log.debug(
                "projection.batch.applied",
                position=self.position,
                events=len(events),
                views=views_count,
                duration_ms=round((perf_counter() - started_s) * 1000, 3),
            )
        if unreadable is not None:
            raise unreadable
        if len(batch) < self._batch_max:
            rest_s = (perf_counter() - started_s) * (1 / self._duty_cycle - 1)
            self._next_batch_s = _now_s() + min(rest_s, REST_MAX_S)

    async def _write(self, events: Sequence[RecordedEvent]) -> int:
        needed = tasks_to_load(events)
        views = await self._store.load(needed) if needed else {}
        if absent := sorted(needed - views.keys()):
            # Their events add up to nothing here. Either the log has no request of them, or someone
            # took views away and left the checkpoint: then only a rebuild brings them back.
            named = absent[:NAMED_TASKS_MAX]
            _log.warning("projection.views.absent", count=len(absent), task_ids=named)
        changed = fold_batch(views, events)
        if changed:
            await self._store.write(changed)
        last = events[-1]
        await self._store.save_checkpoint(
            Checkpoint(position=last.position, event_id=last.event.id, hash=last.hash)
        )
        return len(changed)

    def _verify_order(self, batch: Sequence[StoredEvent]) -> None:
        """Refuse a gap: what was left out would never be applied. Repetitions are harmless."""
        expected = self.position + 1
        for stored in batch:
            if stored.position > expected:
                raise LogDiverged(
                    position=expected,
                    expected="the next event",
                    found=f"none: position {stored.position} follows",
                )
            expected = max(expected, stored.position + 1)

    def _progress(self, position: int) -> None:
        self.position = max(self.position, position)
        self.last_progress_at = self._clock.now()
        self._failures = 0
        self._note_caught_up()

    def _note_caught_up(self) -> None:
        if not self._is_caught_up and self.lag == 0:
            self._is_caught_up = True
            _log.info("projection.caught_up", position=self.position)

    async def _report(self, event: str) -> None:
        """Say where we are, against a head that is asked for and not inferred from the feed."""
        self.head = await self._log.head()
        self._report_at_s = _now_s() + self._report_interval_s
        _log.info(
            event,
            position=self.position,
            head=self.head,
            lag=self.lag,
            last_progress_at=self.last_progress_at and self.last_progress_at.isoformat(),
        )

    async def _rest(self, error: Exception, stop: asyncio.Event) -> None:
        self._failures += 1
        delay_s = self._backoff.delay_s(self._failures)
        _log.warning(
            "projection.interrupted",
            position=self.position,
            reason=str(error),
            failures=self._failures,
            delay_s=round(delay_s, 3),
        )
        await wait_for_stop(stop, wait_s=delay_s)


async def wait_for_stop(stop: asyncio.Event, *, wait_s: float) -> None:
    """Wait until `stop` is set, at most `wait_s`."""
    try:
        async with asyncio.timeout(wait_s):
            _ = await stop.wait()
    except TimeoutError:
        return


def _decode(
    batch: Sequence[StoredEvent],
) -> tuple[list[RecordedEvent], UnreadableEvent | None]:
    """The events up to the first one that cannot be read, and why it cannot."""
    events: list[RecordedEvent] = []
    for stored in batch:
        try:
            events.append(decode(stored))
        except UnreadableEvent as error:
            return events, error
    return events, None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
