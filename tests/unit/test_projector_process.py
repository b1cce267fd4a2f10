"""The projector's process: what it verifies, what it waits for, how it ends."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest
import structlog.testing

from events.codec import UnreadableEvent
from events.log import StoredEvent
from projections.indexes import ViewsMismatch
from projections.memory import MemoryViewStore
from projections.store import Checkpoint
from services.adapters.memory import MemoryLog
from services.projector.anchor import LogDiverged
from services.projector.process import serve
from services.runtime.settings import MongoSettings, NatsSettings, ProjectorSettings, Secret
from tests import controls

PATIENCE_S: Final = 10.0
SETTINGS: Final = ProjectorSettings(
    nats=NatsSettings(url="nats://127.0.0.1:4222", user="projector", password=Secret("none")),
    mongo=MongoSettings(url=Secret("mongodb://127.0.0.1:27017")),
)


class FilledLog(MemoryLog):
    """A log with a given content."""

    def __init__(self, events: Sequence[StoredEvent]) -> None:
        super().__init__()
        self._events = list(events)


class StoppingStore(MemoryViewStore):
    """A store that orders the process to stop at its first checkpoint."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__()
        self._stop = stop

    async def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save, and order to stop."""
        await super().save_checkpoint(checkpoint)
        self._stop.set()


class LateStore(StoppingStore):
    """A store that is there when it is asked for the second time."""

    async def verify_indexes(self) -> Sequence[str]:
        """Unavailable once."""
        try:
            return await super().verify_indexes()
        finally:
            self.is_available = True


class UnprovisionedStore(MemoryViewStore):
    """A store without its indexes."""

    async def verify_indexes(self) -> Sequence[str]:
        """One is missing."""
        return ["index by_user of task_views is missing"]


def a_log() -> list[StoredEvent]:
    """A log of one request."""
    scribe = controls.Scribe()
    _ = scribe.request(controls.request())
    return scribe.stored


async def test_projects_until_it_is_stopped() -> None:
    """The log becomes views, and the order to stop ends it."""
    stop = asyncio.Event()
    store = StoppingStore(stop)

    async with asyncio.timeout(PATIENCE_S):
        await serve(log=FilledLog(a_log()), store=store, settings=SETTINGS, stop=stop)

    assert set(await store.load([controls.task_id()])) == {controls.task_id()}


async def test_refuses_a_store_that_is_not_as_declared() -> None:
    """Without its indexes the store is not written to."""
    store = UnprovisionedStore()

    with pytest.raises(ViewsMismatch) as caught:
        await serve(log=FilledLog(a_log()), store=store, settings=SETTINGS, stop=asyncio.Event())

    assert caught.value.differences == ("index by_user of task_views is missing",)
    assert await store.read_checkpoint() is None


async def test_waits_for_a_store_that_is_not_there_yet() -> None:
    """An outage at the start is not an end."""
    stop = asyncio.Event()
    store = LateStore(stop)
    store.is_available = False

    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(PATIENCE_S):
            await serve(log=FilledLog(a_log()), store=store, settings=SETTINGS, stop=stop)

    assert await store.read_checkpoint() is not None
    assert lines[0]["event"] == "projection.views.unavailable"


async def test_can_be_stopped_while_it_waits_for_a_store() -> None:
    """Nobody has to wait for a store to come back to end the process."""
    stop = asyncio.Event()
    store = MemoryViewStore()
    store.is_available = False
    serving = asyncio.create_task(
        serve(log=FilledLog(a_log()), store=store, settings=SETTINGS, stop=stop)
    )

    stop.set()
    async with asyncio.timeout(PATIENCE_S):
        await serving

    assert serving.done()


async def test_says_where_the_log_diverged_before_it_ends() -> None:
    """The last line of the log names the position."""
    store = MemoryViewStore()
    await store.save_checkpoint(Checkpoint(position=7, event_id="lost", hash="0" * 64))

    with structlog.testing.capture_logs() as lines, pytest.raises(LogDiverged):
        await serve(log=FilledLog(a_log()), store=store, settings=SETTINGS, stop=asyncio.Event())

    assert lines[-1]["event"] == "projection.log.diverged"
    assert lines[-1]["position"] == 7


async def test_says_which_event_is_unreadable_before_it_ends() -> None:
    """The last line of the log names the position."""
    poison = msgspec.structs.replace(a_log()[0], body=b"nonsense")

    with structlog.testing.capture_logs() as lines, pytest.raises(UnreadableEvent):
        await serve(
            log=FilledLog([poison]),
            store=MemoryViewStore(),
            settings=SETTINGS,
            stop=asyncio.Event(),
        )

    assert lines[-1]["event"] == "projection.event.unreadable"
    assert lines[-1]["position"] == 1
