"""The worker's process: slots that each take one request at a time, and a drain with a bound."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from events.log import LogUnavailable, WorkQueue
from services.refinement.reactor import Reactor
from services.runtime.retries import Backoff

WAIT_S: Final = 1.0

_BACKOFF: Final = Backoff(base_s=0.2, max_s=5.0)
_log = structlog.get_logger()


async def serve(
    *,
    open_queue: Callable[[], WorkQueue],
    reactor: Reactor,
    slots: int,
    drain_s: float,
    stop: asyncio.Event,
) -> None:
    """Handle requests until `stop` is set; what is in hand then gets `drain_s` to finish.

    What is not finished by then is cancelled and handed back at once.
    """
    try:
        async with asyncio.timeout(None) as drain, asyncio.TaskGroup() as group:
            for _ in range(slots):
                group.create_task(_slot(open_queue(), reactor, stop))
            _log.info("worker.started", slots=slots)
            await stop.wait()
            _log.info("worker.draining", drain_s=drain_s)
            drain.reschedule(asyncio.get_running_loop().time() + drain_s)
    except TimeoutError:
        _log.warning("worker.drain.cut_short", drain_s=drain_s)
    _log.info("worker.stopped")


async def _slot(queue: WorkQueue, reactor: Reactor, stop: asyncio.Event) -> None:
    """Take a request, handle it, take the next. Waits briefly each time, so as to notice `stop`.

    A wait that is cancelled instead could lose a request that was just being handed over.
    """
    failures = 0
    try:
        while not stop.is_set():
            try:
                delivery = await queue.next(wait_s=WAIT_S)
            except LogUnavailable as error:
                failures += 1
                _log.warning("worker.queue.unavailable", reason=str(error))
                await asyncio.sleep(_BACKOFF.delay_s(failures))
                continue
            failures = 0
            if delivery is not None:
                await reactor.handle(delivery)
    finally:
        await queue.close()
