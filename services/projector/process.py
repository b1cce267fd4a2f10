"""The projector as a process: verify what it needs, run, and finish the batch at hand on stop."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from events.codec import UnreadableEvent
from events.log import EventLog
from projections.indexes import ViewsMismatch
from projections.store import ViewStore, ViewsUnavailable
from services.projector.anchor import LogDiverged
from services.projector.runner import BACKOFF, Runner, wait_for_stop
from services.runtime.clock import SystemClock
from services.runtime.settings import ProjectorSettings

_log = structlog.get_logger()


class ProvisionedViews(ViewStore, Protocol):
    """A view store that can say whether it is as declared."""

    async def verify_indexes(self) -> Sequence[str]:
        """What is declared and not there: a line for each index.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...


async def serve(
    *, log: EventLog, store: ProvisionedViews, settings: ProjectorSettings, stop: asyncio.Event
) -> None:
    """Project the log into the store until `stop` is set; then finish the batch at hand.

    An outage, at the start or later, is waited out.

    Raises:
        ViewsMismatch: the store is not as declared.
        LogDiverged: the log is not the one that the views were made from.
        UnreadableEvent: an event cannot be read.
    """
    await _verify(store, stop=stop)
    runner = Runner(
        log=log,
        store=store,
        clock=SystemClock(),
        batch_max=settings.projection.batch_max,
        duty_cycle=settings.projection.duty_cycle,
    )
    try:
        await runner.run(stop)
    except LogDiverged as error:
        _log.critical(
            "projection.log.diverged",
            position=error.position,
            expected=error.expected,
            found=error.found,
        )
        raise
    except UnreadableEvent as error:
        _log.critical("projection.event.unreadable", position=error.position, reason=error.reason)
        raise


async def _verify(store: ProvisionedViews, *, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        try:
            differences = await store.verify_indexes()
        except ViewsUnavailable as error:
            failures += 1
            delay_s = BACKOFF.delay_s(failures)
            _log.warning("projection.views.unavailable", reason=str(error), failures=failures)
            await wait_for_stop(stop, wait_s=delay_s)
        else:
            if differences:
                raise ViewsMismatch(differences=differences)
            return
