"""What signals of progress promise: run in memory and over the real server, worker to API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from events.progress import Progress, ProgressSignals, Stage, progress_subject
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_progress import JetStreamProgress
from services.adapters.memory import MemoryProgress
from tests.desks import IDENTIFIERS, new_desk
from tests.servers import Servers

BOUND_S = 10.0


class Line:
    """Signals from end to end; `cut` takes the sender's end away."""

    def __init__(
        self,
        *,
        sender: ProgressSignals,
        listener: ProgressSignals,
        cut: Callable[[], Awaitable[None]],
    ) -> None:
        self.sender = sender
        self.listener = listener
        self.cut = cut


class Ear:
    """Remembers what it heard of some tasks; others' tests may be running."""

    def __init__(self, *wanted: Progress) -> None:
        self.heard: list[Progress] = []
        self._wanted = {one.task_id for one in wanted}
        self._news = asyncio.Event()

    def hear(self, progress: Progress) -> None:
        """Keep it, if it is wanted."""
        if progress.task_id in self._wanted:
            self.heard.append(progress)
            self._news.set()

    async def has(self, count: int) -> list[Progress]:
        """What it heard, once that is so much."""
        async with asyncio.timeout(BOUND_S):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()
        return self.heard


@pytest.fixture(params=["memory", "jetstream"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    """Signals in memory, or between the users that have them."""
    if request.param == "memory":
        signals = MemoryProgress()

        async def switch_off() -> None:
            signals.is_available = False

        yield Line(sender=signals, listener=signals, cut=switch_off)
        return
    servers: Servers = request.getfixturevalue("servers")
    worker = await JetStreamConnection.open(servers.nats("worker"), name="contract")
    api = await JetStreamConnection.open(servers.nats("api"), name="contract")
    yield Line(sender=JetStreamProgress(worker), listener=JetStreamProgress(api), cut=worker.close)
    await worker.close()
    await api.close()


def progress(stage: Stage = Stage.FETCHING, fraction: float = 0.0) -> Progress:
    """Of a task that nobody has heard of."""
    return Progress(
        task_id=IDENTIFIERS.task_id(),
        user_key=new_desk(),
        attempt=1,
        stage=stage,
        fraction=fraction,
    )


async def test_what_is_said_is_heard_in_order(line: Line) -> None:
    """Whole, and each once."""
    first = progress()
    course = [
        msgspec.structs.replace(first, stage=stage, fraction=number / 100)
        for stage in Stage
        for number in range(10)
    ]
    ear = Ear(first)
    stop = await line.listener.listen(ear.hear)

    for one in course:
        await line.sender.send(one)

    assert await ear.has(len(course)) == course
    await stop()


async def test_every_listener_hears_of_every_user(line: Line) -> None:
    """Each process of the API has its own watchers."""
    said = [progress(), progress(Stage.REFINING, 0.5)]
    ears = [Ear(*said), Ear(*said)]
    stops = [await line.listener.listen(ear.hear) for ear in ears]

    for one in said:
        await line.sender.send(one)

    assert [await ear.has(2) for ear in ears] == [said, said]
    for stop in stops:
        await stop()


async def test_what_nobody_hears_is_gone(line: Line) -> None:
    """Who listens later hears what is said later."""
    early, late = progress(), progress()
    first, second = Ear(early), Ear(early, late)
    stop_first = await line.listener.listen(first.hear)
    await line.sender.send(early)
    await first.has(1)

    stop_second = await line.listener.listen(second.hear)
    await line.sender.send(late)

    assert await second.has(1) == [late]
    await stop_first()
    await stop_second()


async def test_who_has_stopped_hears_nothing(line: Line) -> None:
    """Stopping twice is stopping."""
    said = progress()
    stopped, other = Ear(said), Ear(said)
    stop, stop_other = (
        await line.listener.listen(stopped.hear),
        await line.listener.listen(other.hear),
    )

    await stop()
    await stop()
    await line.sender.send(said)

    assert await other.has(1) == [said]
    assert stopped.heard == []
    await stop_other()


async def test_a_sender_that_reaches_nobody_goes_on(line: Line) -> None:
    """No work waits for, or fails by, what nobody hears."""
    said = progress()
    ear = Ear(said)
    stop = await line.listener.listen(ear.hear)
    await line.cut()

    async with asyncio.timeout(BOUND_S):
        for _ in range(100):
            await line.sender.send(said)

    assert ear.heard == []
    await stop()


async def test_what_cannot_be_read_is_passed_over(servers: Servers) -> None:
    """A listener is not disturbed by a worker of another version."""
    said = progress()
    ear = Ear(said)
    subject = progress_subject(user_key=said.user_key, task_id=said.task_id)
    worker = await JetStreamConnection.open(servers.nats("worker"), name="contract")
    api = await JetStreamConnection.open(servers.nats("api"), name="contract")
    stop = await JetStreamProgress(api).listen(ear.hear)

    await worker.send(subject, b"\xff")
    await worker.send(subject, b'{"far": true}')
    await JetStreamProgress(worker).send(said)

    assert await ear.has(1) == [said]
    await stop()
    await worker.close()
    await api.close()
