"""What may follow what in a task's life, and how an event differs from what may."""

from collections.abc import Mapping
from typing import Final, assert_never

import msgspec

from events.task import (
    Status,
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    TaskRemoved,
    TaskRequested,
    TaskRetrying,
)


class Stage(msgspec.Struct, frozen=True, gc=False):
    """How far a task's life is: as much of its state as decides on what may follow."""

    status: Status
    attempt: int


_ANY_END: Final = (TaskFailed, TaskCancelled)
_FOLLOWERS: Final[Mapping[Status, tuple[type[TaskEvent], ...]]] = {
    Status.PENDING: (TaskProcessing, *_ANY_END),
    # A worker that died left its attempt open: the next one begins its own.
    Status.PROCESSING: (TaskProcessing, TaskRetrying, TaskCompleted, *_ANY_END),
    Status.RETRYING: (TaskProcessing, *_ANY_END),
    Status.COMPLETED: (TaskRemoved,),
    Status.FAILED: (TaskRemoved,),
    Status.CANCELLED: (TaskRemoved,),
    Status.REMOVED: (),
}


def why_impossible(before: Stage | None, payload: TaskEvent) -> str | None:
    """Why an event cannot follow; None if it can. `before` is None where no event was."""
    if before is None:
        return None if isinstance(payload, TaskRequested) else "a task begins with its request"
    if not isinstance(payload, _FOLLOWERS[before.status]):
        return f"no {_name(payload)} may follow while a task is {before.status}"
    match payload:
        case TaskProcessing(attempt=attempt) if attempt != before.attempt + 1:
            return f"attempt {attempt} begins after attempt {before.attempt}"
        case (
            TaskRetrying(attempt=attempt)
            | TaskCompleted(attempt=attempt)
            | TaskFailed(attempt=attempt)
        ) if attempt != before.attempt:
            return f"attempt {attempt} ends, while attempt {before.attempt} was the last to begin"
        case _:
            return None


def stage_after(before: Stage | None, payload: TaskEvent) -> Stage:
    """The stage that an event leads to, whatever was before."""
    attempt = 0 if before is None else before.attempt
    match payload:
        case TaskRequested():
            return Stage(Status.PENDING, 0)
        case TaskProcessing(attempt=attempt):
            return Stage(Status.PROCESSING, attempt)
        case TaskRetrying(attempt=attempt):
            return Stage(Status.RETRYING, attempt)
        case TaskCompleted(attempt=attempt):
            return Stage(Status.COMPLETED, attempt)
        case TaskFailed(attempt=attempt):
            return Stage(Status.FAILED, attempt)
        case TaskCancelled():
            return Stage(Status.CANCELLED, attempt)
        case TaskRemoved():
            return Stage(Status.REMOVED, attempt)
        case _ as unreachable:
            assert_never(unreachable)


def _name(payload: TaskEvent) -> str:
    return type(payload).__name__
