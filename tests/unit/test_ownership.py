"""Watching whether a task is still one's own, while something is done for it."""

import asyncio

import pytest
from typing_extensions import override

from events.codec import UnreadableEvent
from events.task import RecordedEvent, Task, TaskCancelled, TaskEvent, fold, next_event
from services.adapters.memory import MemoryLog
from services.refinement.ownership import TaskLost, while_owned
from tests.desks import new_desk, requested_event, stamp

PATIENCE_S = 10.0
BY_OWNER = TaskCancelled(reason="owner", quota_refunded=True)


class WatchedLog(MemoryLog):
    """A log that counts how often the last event of a task is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.is_readable = True
        self._read = asyncio.Condition()

    @override
    async def read_last(self, *, user_key: str, task_id: str) -> RecordedEvent | None:
        async with self._read:
            self.reads += 1
            self._read.notify_all()
        if not self.is_readable:
            raise UnreadableEvent(position=2, reason="of a version to come")
        return await super().read_last(user_key=user_key, task_id=task_id)

    async def more_reads(self, count: int) -> None:
        """Return when the task was looked for so many more times."""
        goal = self.reads + count
        async with asyncio.timeout(PATIENCE_S), self._read:
            await self._read.wait_for(lambda: self.reads >= goal)


@pytest.fixture
async def log() -> WatchedLog:
    """An empty log."""
    return WatchedLog()


@pytest.fixture
async def task(log: WatchedLog) -> Task:
    """A task in the log."""
    recorded = await log.append(requested_event(), user_key=new_desk(), expected_position=0)
    folded = fold([recorded])
    assert folded is not None
    return folded


async def proceed(log: WatchedLog, task: Task, change: TaskEvent) -> None:
    """Append a change to the task."""
    await log.append(
        next_event(task, change, stamp=stamp()),
        user_key=task.user_key,
        expected_position=task.position,
    )


async def work_for_ever() -> None:
    """Never return."""
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.Event().wait()


async def fail_when_watched(log: WatchedLog) -> None:
    """Fail in the middle of it."""
    await log.more_reads(1)
    raise ZeroDivisionError


async def test_whatever_follows_ends_the_work(log: WatchedLog, task: Task) -> None:
    """The work is cancelled where it stands, and told why."""
    await proceed(log, task, BY_OWNER)

    with pytest.raises(TaskLost):
        async with while_owned(log, task):
            await work_for_ever()


async def test_an_event_of_a_version_to_come_ends_the_work(log: WatchedLog, task: Task) -> None:
    """What this version cannot read is not of its own making."""
    log.is_readable = False

    with pytest.raises(TaskLost):
        async with while_owned(log, task):
            await work_for_ever()


async def test_a_log_that_is_away_ends_nothing(log: WatchedLog, task: Task) -> None:
    """Nobody knows whether the task is still ours, so it is; when the log is back, it is asked."""
    async with while_owned(log, task):
        log.is_available = False
        await log.more_reads(2)
        log.is_available = True
        await log.more_reads(1)
        has_gone_on = True

    assert has_gone_on


async def test_short_work_asks_nobody(log: WatchedLog, task: Task) -> None:
    """What is done at once costs no reads."""
    async with while_owned(log, task):
        pass

    assert log.reads == 0


async def test_nobody_watches_when_the_work_is_done(log: WatchedLog, task: Task) -> None:
    """However it ended."""
    before = asyncio.all_tasks()

    with pytest.raises(ZeroDivisionError):
        async with while_owned(log, task):
            await fail_when_watched(log)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


async def test_a_time_limit_of_the_work_stays_one(log: WatchedLog, task: Task) -> None:
    """Being late is not being lost, though both cancel."""
    with pytest.raises(TimeoutError):
        async with while_owned(log, task), asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def test_a_cancellation_from_outside_stays_one(log: WatchedLog, task: Task) -> None:
    """A worker that is told to stop is not told that it lost."""
    begun = asyncio.Event()

    async def work() -> None:
        async with while_owned(log, task):
            begun.set()
            await work_for_ever()

    working = asyncio.create_task(work())
    await begun.wait()

    working.cancel()

    with pytest.raises(asyncio.CancelledError):
        await working
