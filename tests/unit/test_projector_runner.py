"""The runner: in order, at least once, never silently past what it cannot apply."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import bson
import msgspec
import pytest
import structlog.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from events.codec import UnreadableEvent
from events.log import FollowInterrupted, StoredEvent
from events.task import Task, TaskEvent
from projections.memory import MemoryViewStore
from projections.store import Checkpoint, ViewStore, ViewsUnavailable
from projections.task_views import task_of
from services.adapters.memory import MemoryLog
from services.projector.anchor import LogDiverged
from services.projector.runner import REST_MAX_S, Runner
from services.runtime.retries import Backoff
from tests import controls

AT_ONCE: Final = Backoff(base_s=0.0, max_s=0.0)
PATIENCE_S: Final = 10.0

CHANGES: Final[Sequence[TaskEvent]] = (
    controls.processing(),
    controls.retrying(),
    controls.completed(plan={"applied": ["palette"]}),
    controls.failed(),
    controls.cancelled(),
    controls.removed(),
)


class Killed(Exception):
    """Stands for the end of the process at this very moment."""


class StoppedClock:
    """A clock that shows one time."""

    def now(self) -> datetime:
        """The time it shows."""
        return controls.START


class PlayedLog(MemoryLog):
    """A log with a given content that remembers from where it was followed."""

    def __init__(self, events: Sequence[StoredEvent]) -> None:
        super().__init__()
        self.followed: list[int] = []
        self._events = list(events)

    async def play(self, *events: StoredEvent) -> None:
        """Continue with these events."""
        async with self._appended:
            self._events.extend(events)
            self._appended.notify_all()

    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """All events behind `after`."""
        self.followed.append(after)
        async for batch in super().follow(after=after):
            yield batch


class ChoppyLog(PlayedLog):
    """A log that hands out given batch sizes, repeats what it gave before, and breaks off."""

    def __init__(
        self, events: Sequence[StoredEvent], *, sizes: Sequence[int], overlap: int, breaks: int
    ) -> None:
        super().__init__(events)
        self._sizes = sizes
        self._overlap = overlap
        self._breaks = breaks

    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """The sizes one after the other; then it breaks off, or gives the rest."""
        for size in self._sizes:
            first = max(0, after - self._overlap)
            after = min(after + size, len(self._events))
            yield self._events[first:after]
        if self._breaks:
            self._breaks -= 1
            raise FollowInterrupted("as planned")
        async for batch in super().follow(after=after):
            yield batch


class RepeatingLog(PlayedLog):
    """A log that hands out an old event again, and then goes on where it was."""

    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """Three events, the first of them again, and the rest."""
        yield self._events[after : after + 3]
        yield self._events[after : after + 1]
        async for batch in super().follow(after=after + 3):
            yield batch


class WatchedStore(MemoryViewStore):
    """A store that can be waited for, and that fails on demand around its writes.

    Each write and each checkpoint takes the next of `faults`: an error to raise before or after it
    is done, or None.
    """

    def __init__(self, faults: Sequence[tuple[str, Exception] | None] = ()) -> None:
        super().__init__()
        self.written: list[Sequence[Task]] = []
        self._faults = iter(faults)
        self._saved = asyncio.Condition()
        self._goal: tuple[int, asyncio.Event] | None = None

    def stop_at(self, position: int, stop: asyncio.Event) -> None:
        """Set `stop` when the checkpoint has come to this position."""
        self._goal = (position, stop)

    async def write(self, tasks: Sequence[Task]) -> None:
        """Write, or fail around it."""
        fault = next(self._faults, None)
        _raise_if(fault, moment="before")
        await super().write(tasks)
        self.written.append(tasks)
        _raise_if(fault, moment="after")

    async def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save, or fail around it."""
        fault = next(self._faults, None)
        _raise_if(fault, moment="before")
        await super().save_checkpoint(checkpoint)
        async with self._saved:
            self._saved.notify_all()
        if self._goal is not None and checkpoint.position >= self._goal[0]:
            self._goal[1].set()
        _raise_if(fault, moment="after")

    async def until(self, position: int) -> None:
        """Wait until the checkpoint has come to this position."""
        async with asyncio.timeout(PATIENCE_S), self._saved:
            while (saved := await self.read_checkpoint()) is None or saved.position < position:
                _ = await self._saved.wait()

    def views(self) -> Mapping[str, Task]:
        """All views, read past the port."""
        return {task_id: task_of(bson.decode(one)) for task_id, one in self._views.items()}


def _raise_if(fault: tuple[str, Exception] | None, *, moment: str) -> None:
    if fault is not None and fault[0] == moment:
        raise fault[1]


def script() -> controls.Scribe:
    """Two tasks of two users, five events, both finished."""
    scribe = controls.Scribe()
    _ = scribe.request(controls.request(1))
    _ = scribe.append(controls.processing(), task=1)
    _ = scribe.request(controls.request(2, user=2), user=2)
    _ = scribe.append(controls.completed(), task=1)
    _ = scribe.append(controls.cancelled(), task=2)
    return scribe


def runner_of(
    log: MemoryLog,
    store: ViewStore,
    *,
    batch_max: int = 1000,
    duty_cycle: float = 1.0,
    report_interval_s: float = 30.0,
) -> Runner:
    """A runner that rests for no time after a failure."""
    return Runner(
        log=log,
        store=store,
        clock=StoppedClock(),
        batch_max=batch_max,
        duty_cycle=duty_cycle,
        backoff=AT_ONCE,
        report_interval_s=report_interval_s,
    )


async def run_to(position: int, *, log: MemoryLog, store: WatchedStore) -> Runner:
    """Run until the checkpoint is there."""
    runner = runner_of(log, store)
    stop = asyncio.Event()
    store.stop_at(position, stop)
    async with asyncio.timeout(PATIENCE_S):
        await runner.run(stop)
    return runner


class TestProgress:
    """Catching up, going on, and starting again."""

    async def test_catches_up_with_the_whole_log(self) -> None:
        """From nothing, the views become the fold of the log."""
        scribe = script()
        store = WatchedStore()

        runner = await run_to(5, log=PlayedLog(scribe.stored), store=store)

        assert store.views() == scribe.tasks
        last = scribe.recorded[-1]
        anchor = Checkpoint(position=5, event_id=last.event.id, hash=last.hash)
        assert await store.read_checkpoint() == anchor
        assert (runner.position, runner.head, runner.lag) == (5, 5, 0)
        assert runner.last_progress_at == controls.START

    async def test_writes_each_touched_task_once(self) -> None:
        """A batch of several events of a task is one view."""
        store = WatchedStore()

        _ = await run_to(5, log=PlayedLog(script().stored), store=store)

        assert [len(tasks) for tasks in store.written] == [2]

    async def test_applies_at_most_so_many_events_at_once(self) -> None:
        """What the log hands out is cut to the limit."""
        scribe = script()
        store = WatchedStore()
        runner = runner_of(PlayedLog(scribe.stored), store, batch_max=2)
        stop = asyncio.Event()
        store.stop_at(5, stop)

        await runner.run(stop)

        assert len(store.written) == 3
        assert store.views() == scribe.tasks

    async def test_what_comes_fast_is_applied_together(self) -> None:
        """The first event is applied at once; those behind it gather until the rest is over."""
        scribe = script()
        log = PlayedLog(scribe.stored[:1])
        store = WatchedStore()
        stop = asyncio.Event()
        running = asyncio.create_task(runner_of(log, store, duty_cycle=1e-6).run(stop))

        await store.until(1)
        for stored in scribe.stored[1:]:
            await log.play(stored)
            await asyncio.sleep(0)
        await store.until(5)
        stop.set()
        await running

        assert [len(tasks) for tasks in store.written] == [1, 2]
        assert store.views() == scribe.tasks

    async def test_who_is_behind_takes_no_rest(self) -> None:
        """Full batches follow each other at once, however low the duty cycle."""
        store = WatchedStore()
        stop = asyncio.Event()
        runner = runner_of(PlayedLog(script().stored), store, batch_max=1, duty_cycle=1e-6)
        store.stop_at(5, stop)
        loop = asyncio.get_running_loop()
        started_s = loop.time()

        await runner.run(stop)

        # Four rests would have taken a second.
        assert loop.time() - started_s < 3 * REST_MAX_S

    async def test_follows_what_is_appended_later(self) -> None:
        """An idle runner applies a new event when it comes, reports in between or not."""
        scribe = script()
        log = PlayedLog(scribe.stored[:3])
        store = WatchedStore()
        stop = asyncio.Event()
        runner = runner_of(log, store, report_interval_s=0.001)
        running = asyncio.create_task(runner.run(stop))
        await store.until(3)

        await log.play(*scribe.stored[3:])
        await store.until(5)
        stop.set()
        await running

        assert store.views() == scribe.tasks

    async def test_goes_on_behind_the_checkpoint(self) -> None:
        """A new runner reads only what the last one has not applied."""
        scribe = script()
        log = PlayedLog(scribe.stored[:3])
        store = WatchedStore()
        _ = await run_to(3, log=log, store=store)
        await log.play(*scribe.stored[3:])

        _ = await run_to(5, log=log, store=store)

        assert log.followed == [0, 3]
        assert store.views() == scribe.tasks

    async def test_does_not_move_back_when_an_old_event_comes_again(self) -> None:
        """A repetition is passed over, and what follows is no gap."""
        scribe = script()
        store = WatchedStore()

        runner = await run_to(5, log=RepeatingLog(scribe.stored), store=store)

        assert runner.position == 5
        assert store.views() == scribe.tasks

    async def test_starts_from_nothing_when_killed_before_its_first_checkpoint(self) -> None:
        """Views that are ahead of the checkpoint are left as they are and end up right."""
        scribe = script()
        log = PlayedLog(scribe.stored)
        store = WatchedStore([None, ("before", Killed())])
        with pytest.raises(Killed):
            _ = await run_to(5, log=log, store=store)

        _ = await run_to(5, log=log, store=store)

        assert log.followed == [0, 0]
        assert store.views() == scribe.tasks


class TestOutages:
    """What passes by itself is waited out."""

    async def test_a_checkpoint_that_failed_once_is_saved_again(self) -> None:
        """The batch is repeated from the last checkpoint."""
        scribe = script()
        unavailable = ViewsUnavailable(operation="save the checkpoint", reason="as planned")
        store = WatchedStore([None, ("before", unavailable)])

        _ = await run_to(5, log=PlayedLog(scribe.stored), store=store)

        assert store.views() == scribe.tasks

    async def test_a_log_and_a_store_that_come_back_are_used_again(self) -> None:
        """The runner says what it waits for, and goes on."""
        scribe = script()
        log = PlayedLog(scribe.stored)
        log.is_available = False
        store = WatchedStore()
        stop = asyncio.Event()
        with structlog.testing.capture_logs() as lines:
            running = asyncio.create_task(runner_of(log, store).run(stop))
            await _until_logged(lines, "projection.interrupted", reason="event log")
            store.is_available = False
            log.is_available = True
            await _until_logged(lines, "projection.interrupted", reason="view store")
            store.is_available = True
            await store.until(5)
            stop.set()
            await running

        assert store.views() == scribe.tasks


class TestStop:
    """The order to stop is obeyed soon, and between batches."""

    async def test_ends_an_idle_runner(self) -> None:
        """A runner that waits for events does not wait for one more."""
        stop = asyncio.Event()
        log = PlayedLog(())
        running = asyncio.create_task(runner_of(log, WatchedStore()).run(stop))
        await _until(lambda: log.followed == [0])

        stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await running

        assert running.done()

    async def test_ends_a_runner_that_waits_out_an_outage(self) -> None:
        """A long rest is cut short."""
        stop = asyncio.Event()
        log = PlayedLog(())
        log.is_available = False
        runner = Runner(
            log=log,
            store=WatchedStore(),
            clock=StoppedClock(),
            batch_max=1,
            backoff=Backoff(base_s=3600.0, max_s=3600.0),
        )
        with structlog.testing.capture_logs() as lines:
            running = asyncio.create_task(runner.run(stop))
            await _until_logged(lines, "projection.interrupted", reason="event log")
            stop.set()
            async with asyncio.timeout(PATIENCE_S):
                await running

        assert running.done()

    async def test_finishes_the_batch_at_hand_and_no_more(self) -> None:
        """What is being written is written to its checkpoint."""
        scribe = script()
        stop = asyncio.Event()
        store = WatchedStore()
        store.stop_at(2, stop)

        await runner_of(PlayedLog(scribe.stored), store, batch_max=2).run(stop)

        saved = await store.read_checkpoint()
        assert saved is not None
        assert saved.position == 2
        assert len(store.written) == 1


class TestDivergence:
    """A log that is not the one the views were made from ends the run."""

    async def test_a_log_that_was_rolled_back(self) -> None:
        """The log ends before the checkpoint."""
        scribe = script()
        store = WatchedStore()
        _ = await run_to(5, log=PlayedLog(scribe.stored), store=store)

        with pytest.raises(LogDiverged) as caught:
            _ = await run_to(6, log=PlayedLog(scribe.stored[:3]), store=store)

        assert caught.value.position == 5
        assert "ends at 3" in caught.value.found

    async def test_a_log_that_was_replaced(self) -> None:
        """Another event lies at the checkpoint's position."""
        store = WatchedStore()
        _ = await run_to(3, log=PlayedLog(script().stored[:3]), store=store)
        another = controls.Scribe()
        _ = another.request(controls.request(3))
        for attempt in range(1, 6):
            _ = another.append(controls.processing(attempt), task=3)

        with pytest.raises(LogDiverged) as caught:
            _ = await run_to(6, log=PlayedLog(another.stored), store=store)

        assert caught.value.position == 3
        assert another.recorded[2].hash in caught.value.found
        assert script().recorded[2].event.id in caught.value.expected

    async def test_a_log_with_something_else_at_the_checkpoint(self) -> None:
        """What cannot be read is not what was applied."""
        scribe = script()
        store = WatchedStore()
        _ = await run_to(5, log=PlayedLog(scribe.stored), store=store)
        broken = msgspec.structs.replace(scribe.stored[4], body=b"nonsense")

        with pytest.raises(LogDiverged) as caught:
            _ = await run_to(6, log=PlayedLog([*scribe.stored[:4], broken]), store=store)

        assert "not an event" in caught.value.found

    async def test_a_log_with_a_gap(self) -> None:
        """An event that is left out is missed, not passed over."""
        scribe = script()
        gapped = [*scribe.stored[:2], *scribe.stored[3:]]
        store = WatchedStore()

        with pytest.raises(LogDiverged) as caught:
            _ = await run_to(5, log=PlayedLog(gapped), store=store)

        assert caught.value.position == 3
        assert store.views() == {}


class TestUnreadableEvents:
    """An event that cannot be read is not skipped."""

    async def test_end_the_run_with_the_views_right_before_them(self) -> None:
        """The error names the position; the views stand at the event before."""
        scribe = script()
        poison = msgspec.structs.replace(scribe.stored[3], body=b'{"type": "of another world"}')
        log = PlayedLog([*scribe.stored[:3], poison, scribe.stored[4]])
        store = WatchedStore()

        with pytest.raises(UnreadableEvent) as caught:
            _ = await run_to(5, log=log, store=store)

        assert caught.value.position == 4
        saved = await store.read_checkpoint()
        assert saved is not None
        assert saved.position == 3
        assert {task.position for task in store.views().values()} == {2, 3}

    async def test_end_the_run_when_they_come_first(self) -> None:
        """Nothing is written for a batch that begins with one."""
        scribe = script()
        poison = msgspec.structs.replace(scribe.stored[0], body=b"")
        store = WatchedStore()

        with pytest.raises(UnreadableEvent):
            _ = await run_to(5, log=PlayedLog([poison]), store=store)

        assert await store.read_checkpoint() is None


async def test_views_that_are_absent_are_reported() -> None:
    """Events without a beginning add up to nothing, but not without a word."""
    scribe = script()
    store = WatchedStore()
    first = scribe.recorded[0]
    await store.save_checkpoint(
        Checkpoint(position=1, event_id=first.event.id, hash=first.hash),
    )

    with structlog.testing.capture_logs() as lines:
        _ = await run_to(5, log=PlayedLog(scribe.stored), store=store)

    warnings = [line for line in lines if line["event"] == "projection.views.absent"]
    assert [line["task_ids"] for line in warnings] == [[controls.task_id(1)]]


@st.composite
def scripts(draw: st.DrawFn) -> controls.Scribe:
    """The interleaved histories of some tasks, events after their end included."""
    scribe = controls.Scribe()
    steps = st.tuples(st.integers(1, 4), st.sampled_from(CHANGES))
    for task, change in draw(st.lists(steps, min_size=1, max_size=24)):
        if controls.task_id(task) in scribe.tasks:
            _ = scribe.append(change, task=task)
        else:
            _ = scribe.request(controls.request(task, user=task), user=task)
    return scribe


faults = st.none() | st.tuples(
    st.sampled_from(["before", "after"]),
    st.sampled_from([Killed(), ViewsUnavailable(operation="write", reason="as planned")]),
)


@settings(deadline=None)
@given(
    scribe=scripts(),
    sizes=st.lists(st.integers(0, 7), max_size=6),
    overlap=st.integers(0, 8),
    breaks=st.integers(0, 2),
    planned=st.lists(faults, max_size=8),
    batch_max=st.integers(1, 6),
)
async def test_views_are_the_fold_of_the_log_whatever_happens_on_the_way(
    scribe: controls.Scribe,
    sizes: Sequence[int],
    overlap: int,
    breaks: int,
    planned: Sequence[tuple[str, Exception] | None],
    batch_max: int,
) -> None:
    """No split, repetition, interruption or crash leaves a trace in the views."""
    log = ChoppyLog(scribe.stored, sizes=sizes, overlap=overlap, breaks=breaks)
    store = WatchedStore(planned)
    is_done = False

    async with asyncio.timeout(PATIENCE_S):
        while not is_done:
            stop = asyncio.Event()
            store.stop_at(len(scribe.stored), stop)
            try:
                await runner_of(log, store, batch_max=batch_max).run(stop)
                is_done = True
            except Killed:
                # A crash after the last checkpoint leaves nothing to wait for.
                saved = await store.read_checkpoint()
                is_done = saved is not None and saved.position == len(scribe.stored)

    assert store.views() == scribe.tasks


async def _until_logged(lines: Sequence[Mapping[str, object]], event: str, *, reason: str) -> None:
    await _until(
        lambda: any(line["event"] == event and reason in str(line.get("reason")) for line in lines)
    )


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0)
