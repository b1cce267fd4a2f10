"""How far an active task is, as its owner sees it: from the waiting line and the last signal."""

from typing import Literal, Protocol

import msgspec

from events.progress import Progress
from events.task import Status, Task

StageName = Literal["queued", "fetching", "refining", "storing"]


class ProgressBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a task is: `fraction`, from 0 to 1, is of one attempt at the whole task.

    `position` is the place in the waiting line, from 1, while the task is queued and it is known.
    """

    stage: StageName
    fraction: float
    position: int | None = None


class Signals(Protocol):
    """Knows the last signal of each task."""

    def progress_of(self, task_id: str) -> Progress | None:
        """The last signal of a task, if there was any."""
        ...


class Line(Protocol):
    """Knows who waits for a worker."""

    def place_of(self, requested_position: int) -> int | None:
        """The place, from 1, of a task that was requested at a position; None if not known."""
        ...


class Stages:
    """Says how far tasks are. It decorates: what it says may be a moment old, or not be there."""

    def __init__(self, *, signals: Signals, line: Line) -> None:
        self._signals = signals
        self._line = line

    def of(self, task: Task) -> ProgressBody | None:
        """How far a task is; None if it is not under way, or nothing was heard of it."""
        match task.status:
            case Status.PENDING:
                place = self._line.place_of(task.requested_position)
                return ProgressBody(stage="queued", fraction=0.0, position=place)
            case Status.PROCESSING:
                progress = self._signals.progress_of(task.task_id)
                if progress is None or progress.attempt != task.attempt:
                    return None
                return progress_body(progress)
            case _:
                return None


def progress_body(progress: Progress) -> ProgressBody:
    """A signal as clients see it: a hundredth of the way is as fine as anybody looks."""
    return ProgressBody(stage=progress.stage.value, fraction=round(progress.fraction, 2))
