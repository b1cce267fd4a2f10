"""Tasks that are cancelled, or taken, while a worker is at them: work stops, nothing is left."""

import asyncio
from collections.abc import Awaitable, Callable

from events.task import Status, TaskCancelled, TaskProcessing, TaskRetrying
from services.refinement.failures import EngineUnavailable
from services.refinement.progress import Moved, unmoved
from services.refinement.reactor import Outcome, Result
from tests.unit.reactor.workbench import RecordedDelivery, Workbench

PATIENCE_S = 10.0
# Ends after the worker has noticed, and before it loses its patience.
UPLOAD_S = 0.6
BY_OWNER = TaskCancelled(reason="owner", quota_refunded=False)
CANCELLED = ["TaskRequested", "TaskProcessing", "TaskCancelled"]


class Work:
    """Something that never ends by itself, and knows when it began and whether it was cancelled."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.is_cancelled = False

    async def do(self) -> None:
        """Work for ever."""
        self.has_begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise


class EndlessDownload:
    """A server that sends and sends."""

    def __init__(self) -> None:
        self.work = Work()

    async def fetch(self, url: str, *, moved: Moved = unmoved) -> bytes:
        """Wait for ever."""
        assert url
        await moved(0.5)
        await self.work.do()
        return b""


async def handled_meanwhile(
    bench: Workbench, begun: asyncio.Event, then: Callable[[], Awaitable[object]]
) -> Outcome:
    """Handle the next delivery; as soon as the work has begun, something happens."""
    handling = asyncio.create_task(bench.handle_next())
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        await then()
        return await handling


async def assert_next_task_completes(bench: Workbench) -> None:
    """The worker is as good as before."""
    following = await bench.request()

    outcome = await bench.handle_next()

    assert outcome.result is Result.DONE
    assert (await bench.task(following)).status is Status.COMPLETED


async def test_a_download_is_given_up() -> None:
    """A cancelled task needs no picture any more."""
    download = EndlessDownload()
    bench = Workbench(download=download)
    requested = await bench.request(url="https://pictures.test/logo.png")

    outcome = await handled_meanwhile(
        bench, download.work.has_begun, lambda: bench.append(requested, BY_OWNER)
    )

    assert outcome.result is Result.DONE
    assert download.work.is_cancelled
    assert await bench.names(requested) == CANCELLED
    assert not bench.queue.is_waiting(requested.position)
    await assert_next_task_completes(bench)


async def test_an_engine_call_is_given_up(bench: Workbench) -> None:
    """A cancelled task needs no refinement any more, and what it was for is not stored."""
    requested = await bench.request()
    work = Work()
    bench.engine.before = work.do

    outcome = await handled_meanwhile(
        bench, work.has_begun, lambda: bench.append(requested, BY_OWNER)
    )

    assert outcome.result is Result.DONE
    assert work.is_cancelled
    assert await bench.names(requested) == CANCELLED
    assert list(bench.store.objects) == ["uploads/logo.png"]
    bench.engine.before = None
    await assert_next_task_completes(bench)


async def test_what_was_stored_is_removed(bench: Workbench) -> None:
    """Cancelled between two of its objects, a task leaves none."""
    requested = await bench.request()
    work = Work()

    async def stop_at_the_picture(key: str) -> None:
        if key.endswith("/1.png"):
            assert len(bench.store.objects) == 2
            await work.do()

    bench.store.before_put = stop_at_the_picture

    outcome = await handled_meanwhile(
        bench, work.has_begun, lambda: bench.append(requested, BY_OWNER)
    )

    assert outcome.result is Result.DONE
    assert work.is_cancelled
    assert list(bench.store.objects) == ["uploads/logo.png"]
    bench.store.before_put = None
    await assert_next_task_completes(bench)


async def test_what_was_being_stored_is_removed_too(bench: Workbench) -> None:
    """An upload that is done before it could be stopped is removed after it."""
    requested = await bench.request()
    begun = asyncio.Event()

    async def take_a_while(key: str) -> None:
        if key.endswith("/1.png"):
            begun.set()
            await asyncio.sleep(UPLOAD_S)

    bench.store.before_put = take_a_while

    outcome = await handled_meanwhile(bench, begun, lambda: bench.append(requested, BY_OWNER))

    assert outcome.result is Result.DONE
    assert list(bench.store.objects) == ["uploads/logo.png"]


async def test_a_bucket_that_is_away_does_not_hold_up_the_end(bench: Workbench) -> None:
    """What cannot be removed is left for the sweep."""
    requested = await bench.request()
    work = Work()

    async def lose_the_bucket(key: str) -> None:
        if key.endswith("/1.png"):
            bench.store.is_available = False
            await work.do()

    bench.store.before_put = lose_the_bucket

    outcome = await handled_meanwhile(
        bench, work.has_begun, lambda: bench.append(requested, BY_OWNER)
    )

    assert outcome.result is Result.DONE
    assert await bench.names(requested) == CANCELLED


async def test_a_task_cancelled_as_it_completes_stays_cancelled(bench: Workbench) -> None:
    """The log decides between the two, and the pictures go with the one that lost."""
    requested = await bench.request()

    async def cancel_at_last(key: str) -> None:
        if key.endswith("/1.png"):
            await bench.append(requested, BY_OWNER)

    bench.store.before_put = cancel_at_last

    outcome = await bench.handle_next()

    assert outcome.result is Result.DONE
    assert await bench.names(requested) == CANCELLED
    assert list(bench.store.objects) == ["uploads/logo.png"]
    assert not bench.queue.is_waiting(requested.position)


async def test_a_task_cancelled_while_it_waits_for_a_retry_is_forgotten(bench: Workbench) -> None:
    """The delivery that was postponed finds the end, and starts nothing."""
    requested = await bench.request()

    async def fail() -> None:
        raise EngineUnavailable(reason="busy")

    bench.engine.before = fail
    assert (await bench.handle_next()).result is Result.POSTPONED
    await bench.append(requested, BY_OWNER)

    outcome = await bench.reactor.handle(await bench.delivery_now())

    assert outcome.result is Result.DONE
    assert (await bench.names(requested))[-2:] == [TaskRetrying.__name__, TaskCancelled.__name__]
    assert len(bench.engine.instructions) == 1


async def test_a_task_taken_by_another_worker_is_let_go(bench: Workbench) -> None:
    """Its engine call is given up, and its request left to the one who has it."""
    requested = await bench.request()
    work = Work()
    bench.engine.before = work.do
    delivery = RecordedDelivery(await bench.delivery())
    handling = asyncio.create_task(bench.reactor.handle(delivery))
    taken = TaskProcessing(attempt=2, worker="other", engine="told")

    async with asyncio.timeout(PATIENCE_S):
        await work.has_begun.wait()
        await bench.append(requested, taken)
        outcome = await handling

    assert outcome.result is Result.LOST
    assert work.is_cancelled
    assert delivery.answers == []
