"""Remembers for a while which originals our bucket has, so that refining one again asks nobody."""

from collections import OrderedDict
from datetime import timedelta
from typing import Final

from services.adapters.storage import ObjectStore
from services.runtime.clock import Clock

KNOWN_MAX: Final = 10_000
KNOWN_FOR: Final = timedelta(minutes=1)


class KnownOriginals:
    """Answers whether an object exists; only a yes is remembered.

    An original that is removed within the minute is found missing by the worker, as it is when it
    is removed a moment after any answer.
    """

    def __init__(self, *, store: ObjectStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    async def exists(self, key: str) -> bool:
        """Whether there is an object under this key, or was one within the last minute.

        Raises:
            StorageUnavailable: no answer within the bound.
        """
        now = self._clock.now().timestamp()
        if now - self._seen.get(key, 0.0) < KNOWN_FOR.total_seconds():
            return True
        if not await self._store.exists(key):
            return False
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > KNOWN_MAX:
            self._seen.popitem(last=False)
        return True
