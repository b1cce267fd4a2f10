"""What happens on the log, as it happens, for every request of this process that waits for it.

One subscription serves all of them, however many wait. It remembers no events: who waits begins by
reading the log, and reads it again whenever the feed may have missed something. Of signals, which
nobody can read again, it remembers the last one of each task.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Final

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from events.log import EventLog, FollowInterrupted, LogUnavailable, StoredEvent
from events.progress import Progress, ProgressSignals
from events.subjects import InvalidSubject, parse_subject
from services.api.line import WaitingLine
from services.runtime.retries import Backoff

EVENTS_KEPT_MAX: Final = 32
PROGRESS_KEPT_MAX: Final = 10_000
_BACKOFF: Final = Backoff(base_s=0.1, max_s=2.0)

_log: FilteringBoundLogger = structlog.get_logger()


class FeedClosed(Exception):
    """Nothing more will be told, as when the process stops: whoever waits has to answer now."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to a task since it was last asked; nothing, if the time was up.

    Where `may_lack` is set, events may be missing: read the task's history. Of progress there is
    only the newest.
    """

    events: tuple[StoredEvent, ...] = ()
    progress: Progress | None = None
    may_lack: bool = False


class Watch:
    """One waiting request's view of one task."""

    def __init__(self) -> None:
        self._events: deque[StoredEvent] = deque()
        self._progress: Progress | None = None
        self._may_lack = False
        self._is_closed = False
        self._happened = asyncio.Event()

    async def news(self, *, wait_s: float) -> News:
        """What has happened since the last call, waited for at most `wait_s`.

        Raises:
            FeedClosed: nothing more will come.
        """
        try:
            async with asyncio.timeout(wait_s):
                await self._happened.wait()
        except TimeoutError:
            return News()
        self._happened.clear()
        if self._is_closed:
            # The next call has to find out as well.
            self._happened.set()
            raise FeedClosed
        news = News(events=tuple(self._events), progress=self._progress, may_lack=self._may_lack)
        self._events.clear()
        self._progress = None
        self._may_lack = False
        return news

    def tell(self, stored: StoredEvent) -> None:
        """Hand on an event; one that is too slow to take them reads the log instead."""
        if len(self._events) < EVENTS_KEPT_MAX:
            self._events.append(stored)
        else:
            self._may_lack = True
        self._happened.set()

    def tell_progress(self, progress: Progress) -> None:
        """Hand on how far the task is."""
        self._progress = progress
        self._happened.set()

    def tell_of_a_gap(self) -> None:
        """Say that events may have been missed."""
        self._may_lack = True
        self._happened.set()

    def close(self) -> None:
        """End the waiting."""
        self._is_closed = True
        self._happened.set()


class TaskFeed:
    """Follows the log for as long as `run` runs, and hands its events to watches by task."""

    def __init__(self, *, log: EventLog, signals: ProgressSignals, line: WaitingLine) -> None:
        self._log = log
        self._signals = signals
        self._line = line
        self._progress: OrderedDict[str, Progress] = OrderedDict()
        self._watches: dict[str, set[Watch]] = {}
        self._is_closed = False

    @contextmanager
    def watch(self, task_id: str) -> Iterator[Watch]:
        """Events of a task from now on: watch first, then read the log, so that none falls between.

        The id is trusted: that its owner asks is the caller's to know.
        """
        watch = Watch()
        if self._is_closed:
            watch.close()
        watches = self._watches.setdefault(task_id, set())
        watches.add(watch)
        try:
            yield watch
        finally:
            watches.discard(watch)
            if not watches:
                self._watches.pop(task_id, None)

    @property
    def watching(self) -> int:
        """How many watches there are."""
        return sum(map(len, self._watches.values()))

    def progress_of(self, task_id: str) -> Progress | None:
        """The last signal of a task that is worked on; None if none was heard."""
        return self._progress.get(task_id)

    async def run(self) -> None:
        """Follow the log until cancelled; every interruption is mended, and told as a gap.

        Raises:
            LogUnavailable: the connection is closed, so that no signal would ever be heard.
        """
        stop_listening = await self._signals.listen(self._hear)
        filling = asyncio.create_task(self._line.keep_filled(), name="waiting line")
        try:
            await self._follow()
        finally:
            _ = filling.cancel()
            _ = await asyncio.gather(filling, return_exceptions=True)
            await stop_listening()

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                head = await self._log.head()
                async with aclosing(self._log.follow(after=head)) as batches:
                    self._tell_of_a_gap()
                    async for batch in batches:
                        failures = 0
                        for stored in batch:
                            self._tell(stored)
            except (FollowInterrupted, LogUnavailable) as error:
                failures += 1
                _log.warning("feed.interrupted", reason=str(error), failures=failures)
            await asyncio.sleep(_BACKOFF.delay_s(max(failures, 1)))

    def close(self) -> None:
        """End all waiting, also of those who come later."""
        self._is_closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.close()

    def _tell(self, stored: StoredEvent) -> None:
        try:
            subject = parse_subject(stored.subject)
        except InvalidSubject:
            # Not an event of ours; the projector reports what it cannot read.
            return
        self._line.see(subject, stored)
        if subject.event != "processing":
            # The attempt has ended, and what was signalled of it is over.
            _ = self._progress.pop(subject.task_id, None)
        for watch in self._watches.get(subject.task_id, ()):
            watch.tell(stored)

    def _hear(self, progress: Progress) -> None:
        self._progress[progress.task_id] = progress
        self._progress.move_to_end(progress.task_id)
        if len(self._progress) > PROGRESS_KEPT_MAX:
            _ = self._progress.popitem(last=False)
        for watch in self._watches.get(progress.task_id, ()):
            watch.tell_progress(progress)

    def _tell_of_a_gap(self) -> None:
        """What happened between the last event that was told and the head, nobody was told of."""
        for watches in self._watches.values():
            for watch in watches:
                watch.tell_of_a_gap()
