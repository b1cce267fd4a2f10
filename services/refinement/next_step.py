"""What a worker does with a task it was handed: one pure decision over the task's state."""

from datetime import datetime

import msgspec

from events.failures import FailureCode
from events.task import Status, Task


class Forget(msgspec.Struct, frozen=True):
    """The task has ended: nothing is left to do."""


class Wait(msgspec.Struct, frozen=True):
    """The next attempt is not due yet."""

    until: datetime


class Fail(msgspec.Struct, frozen=True):
    """The task can no longer complete."""

    code: FailureCode


class Attempt(msgspec.Struct, frozen=True):
    """Start attempt `number`, counted from 1."""

    number: int


Step = Forget | Wait | Fail | Attempt


def next_step(task: Task | None, *, now: datetime, attempts_max: int) -> Step:
    """Decide on a delivered request.

    A task whose last attempt never reported back (its worker died) is simply attempted again, so a
    task that kills its workers runs out of attempts instead of killing them for ever.
    """
    if task is None or not task.status.is_active:
        return Forget()
    if now >= task.request.deadline:
        return Fail(FailureCode.DEADLINE_EXCEEDED)
    if task.attempt >= attempts_max:
        return Fail(FailureCode.ATTEMPTS_EXHAUSTED)
    waits = task.status is Status.RETRYING and task.next_attempt_at is not None
    if waits and task.next_attempt_at is not None and now < task.next_attempt_at:
        return Wait(task.next_attempt_at)
    return Attempt(task.attempt + 1)
