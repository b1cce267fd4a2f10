"""The feed: batches, the order to stop, and the time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import pytest

from events.log import FollowInterrupted, StoredEvent
from services.projector.feed import Feed
from tests import controls

PATIENCE_S: Final = 10.0


class Source:
    """Batches that come when they are given, and a note when nobody wants them any more."""

    def __init__(self) -> None:
        self.is_closed = False
        self._given: asyncio.Queue[Sequence[StoredEvent]] = asyncio.Queue()

    async def give(self, batch: Sequence[StoredEvent]) -> None:
        """Let a batch arrive."""
        await self._given.put(batch)

    async def batches(self) -> AsyncIterator[Sequence[StoredEvent]]:
        """What is given, until an empty batch."""
        try:
            while batch := await self._given.get():
                yield batch
        finally:
            self.is_closed = True


def events() -> Sequence[StoredEvent]:
    """A batch of one request."""
    scribe = controls.Scribe()
    _ = scribe.request(controls.request())
    return scribe.stored


async def test_a_batch_that_was_waited_for_in_vain_comes_later() -> None:
    """A wait that ends without a batch loses none."""
    source = Source()

    async with Feed(source.batches(), stop=asyncio.Event()) as feed:
        nothing = [await feed.next(wait_s=0.001) for _ in range(3)]
        await source.give(events())
        arrived = await feed.next(wait_s=PATIENCE_S)

    assert nothing == [(), (), ()]
    assert arrived == events()


async def test_the_order_to_stop_ends_a_wait() -> None:
    """A feed without batches is left at once, and its source closed."""
    source = Source()
    stop = asyncio.Event()

    async with asyncio.timeout(PATIENCE_S), Feed(source.batches(), stop=stop) as feed:
        waiting = asyncio.create_task(feed.next(wait_s=10 * PATIENCE_S))
        stop.set()
        arrived = await waiting

    assert arrived == ()
    assert source.is_closed


async def test_the_source_is_closed_between_two_batches() -> None:
    """A feed that is left after a batch leaves no consumer behind."""
    source = Source()
    await source.give(events())

    async with Feed(source.batches(), stop=asyncio.Event()) as feed:
        _ = await feed.next(wait_s=PATIENCE_S)

    assert source.is_closed


async def test_a_source_that_ends_is_an_interruption() -> None:
    """The log has no end, so an end is a lost connection."""
    source = Source()
    await source.give(())

    async with Feed(source.batches(), stop=asyncio.Event()) as feed:
        with pytest.raises(FollowInterrupted):
            _ = await feed.next(wait_s=PATIENCE_S)

    assert source.is_closed
