"""Time and identifiers: the two things that make a shell impure, behind two small ports."""

import os
import time
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from events.ids import RANDOM_BYTES, task_id_of, uuid7
from events.task import Stamp


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The current time in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time in UTC, to the microsecond."""
        return datetime.now(UTC)


class Identifiers(Protocol):
    """New identifiers, each given once."""

    def event_id(self) -> str:
        """The id of a new event."""
        ...

    def task_id(self) -> str:
        """The id of a new task."""
        ...


class RandomIdentifiers:
    """UUIDv7 identifiers: unique without asking anybody, and sorted by time."""

    def event_id(self) -> str:
        """A UUIDv7."""
        return str(_new_uuid7())

    def task_id(self) -> str:
        """A task id over a UUIDv7."""
        return task_id_of(_new_uuid7())


class Stamper:
    """Makes the stamps of one producer, so that a process names itself in one place."""

    def __init__(self, *, producer: str, clock: Clock, identifiers: Identifiers) -> None:
        self.clock = clock
        self.identifiers = identifiers
        self._producer = producer

    def stamp(self) -> Stamp:
        """A stamp with a new event id and the current time."""
        return Stamp(
            event_id=self.identifiers.event_id(),
            now=self.clock.now(),
            producer=self._producer,
        )


def _new_uuid7() -> UUID:
    return uuid7(unix_ms=time.time_ns() // 1_000_000, random=os.urandom(RANDOM_BYTES))
