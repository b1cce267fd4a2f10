"""The event log as this project uses it: what an append guarantees, and what can be read.

The port is small on purpose. `services.adapters.jetstream` implements it on NATS JetStream,
`services.adapters.memory` in memory; `tests/contract` holds both to the same promises.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from events.task import CloudEvent, RecordedEvent, TaskEvent


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the log as it lies there. `position` counts from 1 and has no gaps."""

    position: int
    subject: str
    body: bytes


class DeskReading(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to decide on a new request of one user.

    `position` is that of the last event on the desk, 0 if there is none: the expected position of
    the next append. `newest` are the first and the last event of the newest task; `replayed` those
    of the task that was asked for by id, if there is one.
    """

    position: int
    newest: tuple[RecordedEvent, ...] = ()
    replayed: tuple[RecordedEvent, ...] = ()


class TaskReading(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to decide on one task: its first and last event, and its desk's position."""

    position: int
    events: tuple[RecordedEvent, ...]


class LogError(Exception):
    """The log could not do what it was asked to."""


class AppendConflict(LogError):
    """The desk has moved past `expected_position`: nothing was written, decide again."""

    def __init__(self, *, subject: str, expected_position: int) -> None:
        super().__init__(f"{subject} was not appended: the desk is past {expected_position}")
        self.subject = subject
        self.expected_position = expected_position


class LogUnavailable(LogError):
    """The log did not answer in time. An append may or may not have been written."""

    def __init__(self, *, operation: str, reason: str) -> None:
        super().__init__(f"the event log is unavailable: {operation}: {reason}")
        self.operation = operation
        self.reason = reason


class FollowInterrupted(LogError):
    """The connection was lost while following: verify the anchor and follow again from it."""


class LogMismatch(LogError):
    """The log on the server is not as declared: refuse to serve rather than lose events."""

    def __init__(self, *, differences: Sequence[str]) -> None:
        super().__init__("the event log is not as declared: " + "; ".join(differences))
        self.differences = tuple(differences)


class EventLog(Protocol):
    """Append with an expected position; read from the leader; follow in order."""

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Append an event if the user's desk has not moved since `expected_position`.

        Returns only after the event is durable. Retried inside with the same event id until it is
        decided, so an answer that was lost on the way never becomes a second event.

        Raises:
            AppendConflict: the desk has moved; nothing of this event is or will be in the log.
            LogUnavailable: undecided within the bound; the event may be in the log.
        """
        ...

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """The desk of one user, and the task `replay_of`. Never stale beyond `position`.

        Raises:
            LogUnavailable: no answer within the bound.
            UnreadableEvent: an event of the desk cannot be read.
        """
        ...

    async def read_task(self, *, user_key: str, task_id: str) -> TaskReading | None:
        """One task of one user; None if there is none.

        Raises:
            LogUnavailable: no answer within the bound.
            UnreadableEvent: an event of the task cannot be read.
        """
        ...

    async def read_last(self, *, user_key: str, task_id: str) -> RecordedEvent | None:
        """The last event of one task of one user; None if there is none. One small read.

        Raises:
            LogUnavailable: no answer within the bound.
            UnreadableEvent: the event cannot be read.
        """
        ...

    async def read_desk_tail(
        self, user_key: str, *, after: int, limit: int
    ) -> tuple[RecordedEvent, ...]:
        """The first `limit` events of one user's desk behind a position, oldest first.

        What was appended before the call is there: one small read tells that there is nothing.

        Raises:
            LogUnavailable: no answer within the bound.
            UnreadableEvent: one of these events cannot be read.
        """
        ...

    async def read_history(self, *, user_key: str, task_id: str) -> tuple[StoredEvent, ...]:
        """All events of one task, oldest first.

        Raises:
            LogUnavailable: no answer within the bound.
        """
        ...

    async def read_at(self, position: int) -> StoredEvent | None:
        """The event at a position; None if the log does not reach it.

        Raises:
            LogUnavailable: no answer within the bound.
        """
        ...

    async def head(self) -> int:
        """The position of the last event of the log, 0 if it is empty.

        Raises:
            LogUnavailable: no answer within the bound.
        """
        ...

    def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """All events behind `after`, in order, without gaps, for ever, in batches of what is there.

        Raises:
            FollowInterrupted: the connection was lost.
        """
        ...


class Delivery(Protocol):
    """One request handed to one worker, which answers for it within the acknowledgement wait."""

    @property
    def stored(self) -> StoredEvent:
        """The request's event."""
        ...

    @property
    def count(self) -> int:
        """How often it has been handed out, from 1."""
        ...

    async def extend(self) -> None:
        """Say that work goes on: the acknowledgement wait begins anew."""
        ...

    async def acknowledge(self) -> None:
        """The task is terminal: never hand this request out again."""
        ...

    async def postpone(self, delay_s: float) -> None:
        """Hand it out again, to any worker, after `delay_s`."""
        ...


class WorkQueue(Protocol):
    """The requests of the log, each handed to one worker at a time until it is acknowledged."""

    async def next(self, *, wait_s: float) -> Delivery | None:
        """The next request, or None after `wait_s`. Takes exactly one: call it with a slot free.

        Raises:
            LogUnavailable: the log is out of reach; call again later.
        """
        ...

    async def close(self) -> None:
        """Give back what was not taken."""
        ...
