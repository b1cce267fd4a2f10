"""Where views are kept: what the projector writes and what the API reads."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from events.task import Status, Task


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The last event a projection has applied: an anchor in the log, not a bare number.

    A log that was rolled back or replaced has another event at this position, or none.
    """

    position: int
    event_id: str
    hash: str


class ViewsUnavailable(Exception):
    """The view store did not answer in time; a write may or may not have been done."""

    def __init__(self, *, operation: str, reason: str) -> None:
        super().__init__(f"the view store is unavailable: {operation}: {reason}")
        self.operation = operation
        self.reason = reason


class TaskViews(Protocol):
    """The task views as readers use them."""

    async def waiting(self, *, limit: int) -> Sequence[tuple[str, int]]:
        """The tasks of all users that no worker has begun: ids and positions, oldest first.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...

    async def find(self, *, user_key: str, task_id: str) -> Task | None:
        """The view of one task of one user; None if there is none, or it is another user's.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...

    async def list_tasks(
        self, *, user_key: str, statuses: Collection[Status], before: int | None, limit: int
    ) -> Sequence[Task]:
        """The newest views of one user in these statuses, newest first, at most `limit`.

        Args:
            user_key: whose.
            statuses: at least one; `removed` is none that can be listed.
            before: only tasks requested before this position; None begins with the newest.
            limit: at least 1.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...

    async def load(self, task_ids: Collection[str]) -> Mapping[str, Task]:
        """The views there are of these tasks, by task id.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...

    async def read_checkpoint(self) -> Checkpoint | None:
        """The checkpoint, or None before the first.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        ...

    async def check(self) -> None:
        """Answer if the store can be read.

        Raises:
            ViewsUnavailable: it cannot.
        """
        ...


class ViewStore(TaskViews, Protocol):
    """The task views as the projector keeps them."""

    async def write(self, tasks: Sequence[Task]) -> None:
        """Write views, each only if it is newer than what is there (by `position`).

        So writing again what was written, or something older, changes nothing.

        Raises:
            ViewsUnavailable: not known to be done; write again.
        """
        ...

    async def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint, after the views it covers are written. It never moves back.

        Raises:
            ViewsUnavailable: not known to be done; save again.
        """
        ...
