"""The worker's process: it finishes what it has in hand, within its bound."""

import asyncio

from events.task import Status
from services.refinement.process import serve
from tests.unit.reactor.workbench import Workbench

PATIENCE_S = 10.0


async def test_what_is_in_hand_is_finished(bench: Workbench) -> None:
    """Told to stop, the worker takes nothing new and completes what it has begun."""
    first = await bench.request()
    second = await bench.request()
    begun, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        begun.set()
        await go_on.wait()

    bench.engine.before = hold
    serving = asyncio.create_task(
        serve(
            open_queue=lambda: bench.queue,
            reactor=bench.reactor,
            slots=1,
            drain_s=PATIENCE_S,
            stop=stop,
        )
    )
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stop.set()
        go_on.set()
        await serving

    assert (await bench.task(first)).status is Status.COMPLETED
    assert (await bench.task(second)).status is Status.PENDING


async def test_what_does_not_finish_in_time_is_handed_back(bench: Workbench) -> None:
    """The drain has an end: the task is cut short, and its request is there for others."""
    requested = await bench.request()
    begun, stop = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    bench.engine.before = hang
    serving = asyncio.create_task(
        serve(
            open_queue=lambda: bench.queue,
            reactor=bench.reactor,
            slots=1,
            drain_s=0.05,
            stop=stop,
        )
    )
    async with asyncio.timeout(PATIENCE_S):
        await begun.wait()
        stop.set()
        await serving

    assert (await bench.task(requested)).status is Status.PROCESSING
    assert bench.queue.is_waiting(requested.position)
