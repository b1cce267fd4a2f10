"""What a worker offers: its default engine, and those that a request may ask for by name."""

import msgspec

from events.task import Task
from services.refinement.engines import Engine


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An engine, the seconds it has for one picture, and what it may cost.

    `calls_max` bounds the attempts at one task that may have been paid for; None if none is.
    """

    engine: Engine
    timeout_s: float
    calls_max: int | None = None


class Offers:
    """The engines of one worker, by the names that requests know them under."""

    def __init__(self, default: Offer, *others: Offer) -> None:
        self._default = default
        self._by_name = {offer.engine.name: offer for offer in (default, *others)}

    def for_task(self, task: Task) -> Offer | None:
        """The engine that a task asks for, or the default; None if it is not offered here."""
        return self._by_name.get(task.request.engine) if task.request.engine else self._default

    async def close(self) -> None:
        """End what the engines started."""
        for offer in self._by_name.values():
            await offer.engine.close()
