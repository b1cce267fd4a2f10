"""The feed of the log: what it hands on, and what it says when it may have missed something."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import pytest
from typing_extensions import override

from events.log import FollowInterrupted, StoredEvent
from events.task import TaskRetrying
from projections.memory import MemoryViewStore
from services.adapters.memory import MemoryLog, MemoryProgress
from services.api.feed import EVENTS_KEPT_MAX, FeedClosed, News, TaskFeed, Watch
from services.api.line import WaitingLine
from tests.unit.api_world import FAILED, START, World, processing

BOUND_S: Final = 10.0
RETRYING: Final = TaskRetrying(
    attempt=1, error_code="engine_unavailable", error_message="Later", next_attempt_at=START
)


class BreakingLog(MemoryLog):
    """A log whose followers can be interrupted, and which says when one follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.followed = asyncio.Semaphore(0)
        self.is_broken = False

    @override
    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """All events behind `after`; if broken, the next ones are lost with the connection."""
        self.followed.release()
        async with aclosing(super().follow(after=after)) as batches:
            async for batch in batches:
                if self.is_broken:
                    self.is_broken = False
                    raise FollowInterrupted("the connection was lost")
                yield batch


@asynccontextmanager
async def running(feed: TaskFeed) -> AsyncIterator[None]:
    """A feed that runs."""
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        _ = task.cancel()
        _ = await asyncio.gather(task, return_exceptions=True)


async def news_of(watch: Watch) -> News:
    """The next news, which must come."""
    news = await watch.news(wait_s=BOUND_S)
    assert news != News()
    return news


async def told_up_to(watch: Watch, position: int) -> list[int]:
    """The positions that a watch is told of, up to one that must come."""
    positions: list[int] = []
    while not positions or positions[-1] < position:
        news = await news_of(watch)
        positions.extend(stored.position for stored in news.events)
    return positions


async def test_a_watch_is_told_of_its_task_and_of_no_other() -> None:
    """Events go to the watches of their task, all of them."""
    log = BreakingLog()
    world = World(log=log)
    async with world.client() as client:
        await log.followed.acquire()
        ada = (await world.refine(client)).json()["task_id"]
        bob = (await world.refine(client, user="bob")).json()["task_id"]
        with world.feed.watch(ada) as one, world.feed.watch(ada) as two:
            _ = await world.happen(bob, processing(), user="bob")
            _ = await world.happen(ada, processing())
            told = [await told_up_to(one, 4), await told_up_to(two, 4)]

    assert [positions[-1] for positions in told] == [4, 4]
    assert {position for positions in told for position in positions} <= {1, 4}


async def test_an_interruption_is_told_as_a_gap_once_the_log_is_followed_again() -> None:
    """Who watches learns that it may lack events, and of all that happen from then on."""
    log = BreakingLog()
    world = World(log=log)
    async with world.client() as client:
        await log.followed.acquire()
        task_id = (await world.refine(client)).json()["task_id"]
        with world.feed.watch(task_id) as settled:
            _ = await world.happen(task_id, processing())
            _ = await told_up_to(settled, 2)
        with world.feed.watch(task_id) as watch:
            log.is_broken = True
            _ = await world.happen(task_id, RETRYING)
            gap = await news_of(watch)
            await log.followed.acquire()
            _ = await world.happen(task_id, FAILED)
            after = await told_up_to(watch, 4)

    assert gap == News(may_lack=True)
    assert after == [4]


async def test_a_slow_watch_keeps_no_more_than_its_bound() -> None:
    """What is not taken is dropped, and the watch says that it lacks it."""
    watch = Watch()
    event = StoredEvent(position=1, subject="tasks", body=b"{}")

    for _ in range(EVENTS_KEPT_MAX + 1):
        watch.tell(event)
    news = await watch.news(wait_s=BOUND_S)
    after = await watch.news(wait_s=0)

    assert len(news.events) == EVENTS_KEPT_MAX
    assert news.may_lack
    assert after == News()


async def test_a_closed_feed_ends_all_waiting() -> None:
    """Those who wait, those who wait again and those who come later are told that it is over."""
    feed = TaskFeed(log=MemoryLog(), signals=MemoryProgress(), line=WaitingLine(MemoryViewStore()))
    async with running(feed):
        with feed.watch("task") as early:
            feed.close()
            for _ in range(2):
                with pytest.raises(FeedClosed):
                    _ = await early.news(wait_s=BOUND_S)
        with feed.watch("task") as late, pytest.raises(FeedClosed):
            _ = await late.news(wait_s=BOUND_S)

    assert feed.watching == 0
