"""The API on a loopback port over memory adapters, with a worker and a projector.

`python -m tests.fuzz.service PORT` serves until it is terminated.
"""

import asyncio
import contextlib
import signal
import sys
from datetime import timedelta
from typing import Final

import msgspec

from events.codec import decode
from events.failures import FAILURE_RULES, FailureCode
from events.log import AppendConflict
from events.task import TaskEvent, TaskRequested, TaskRetrying, fold, next_event
from services.api.app import Dependencies
from services.api.process import serve
from services.runtime.settings import QuotaSettings
from tests.unit.api_world import FAILED, World, completed, processing, user_key
from tests.unit.projecting import project

# One user asks thousands of times; what happens at the end of a quota has tests of its own.
QUOTA: Final = QuotaSettings(limit=1_000_000)
LEFT_ALONE_EVERY: Final = 2
LEFT_ALONE_S: Final = 0.1


def main() -> None:
    """Serve on the port that is given."""
    asyncio.run(_run(int(sys.argv[1])))


async def _run(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = World()
    working = asyncio.gather(_work(world), _project(world))
    try:
        await serve(_dependencies(world, port), stop, drain_s=1.0)
    finally:
        _ = working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            _ = await working


async def _project(world: World) -> None:
    """Keep the views up to date."""
    async for _ in world.log.follow(after=0):
        await project(world.log, world.views)


def _dependencies(world: World, port: int) -> Dependencies:
    dependencies = world.dependencies(port=port)
    settings = msgspec.structs.replace(dependencies.settings, quota=QUOTA)
    return msgspec.structs.replace(dependencies, settings=settings)


async def _work(world: World) -> None:
    """Carry every task to an end, each kind of end in turn."""
    async for batch in world.log.follow(after=0):
        for stored in batch:
            requested = decode(stored).event.data
            if isinstance(requested, TaskRequested):
                await _carry(world, requested, turn=stored.position)


async def _carry(world: World, requested: TaskRequested, *, turn: int) -> None:
    task_id, user = requested.task_id, requested.user_id
    retrying = TaskRetrying(
        attempt=1,
        error_code=FailureCode.ENGINE_UNAVAILABLE,
        error_message=FAILURE_RULES[FailureCode.ENGINE_UNAVAILABLE].message,
        next_attempt_at=world.clock.time,
    )
    done = completed(task_id, user=user)
    lives: tuple[tuple[TaskEvent, ...], ...] = (
        (processing(), done),
        (processing(), FAILED),
        (processing(), retrying, processing(), done),
    )
    if turn % LEFT_ALONE_EVERY == 0:
        # So that some are seen while they wait, and can be cancelled.
        await asyncio.sleep(LEFT_ALONE_S)
    for change in lives[turn % len(lives)]:
        if not await _happens(world, task_id, change, user=user):
            return


async def _happens(world: World, task_id: str, change: TaskEvent, *, user: str) -> bool:
    """Let an event happen unless its task has ended, which only its owner may have done."""
    reading = await world.log.read_task(user_key=user_key(user), task_id=task_id)
    task = fold(reading.events) if reading is not None else None
    if reading is None or task is None or not task.status.is_active:
        return False
    world.clock.time += timedelta(seconds=1)
    event = next_event(task, change, stamp=world.dependencies().stamper.stamp())
    with contextlib.suppress(AppendConflict):
        _ = await world.log.append(
            event, user_key=user_key(user), expected_position=reading.position
        )
        return True
    return False


if __name__ == "__main__":
    main()
