"""The view store in memory: for tests, and held to the same contract as the real one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import bson
import msgspec

from events.task import Status, Task
from projections.store import Checkpoint, ViewsUnavailable
from projections.task_views import document_of, task_of

_CHECKPOINT: Final = "checkpoint"


class MemoryViewStore:
    """Views as encoded documents; `is_available = False` makes every call fail as an outage does.

    Documents are BSON, as in the real store: what does not survive it does not survive here either.
    """

    def __init__(self) -> None:
        self.is_available = True
        self._views: dict[str, bytes] = {}
        self._checkpoints: dict[str, bytes] = {}

    async def waiting(self, *, limit: int) -> Sequence[tuple[str, int]]:
        """The tasks that no worker has begun."""
        await self._answer("list the waiting")
        views = [task_of(bson.decode(encoded)) for encoded in self._views.values()]
        found = [(one.requested_position, one.task_id) for one in views if _is_waiting(one)]
        return [(task_id, position) for position, task_id in sorted(found)[:limit]]

    async def find(self, *, user_key: str, task_id: str) -> Task | None:
        """The view of one task of one user."""
        await self._answer("find a view")
        task = _decode(self._views.get(task_id))
        return task if task is not None and task.user_key == user_key else None

    async def list_tasks(
        self, *, user_key: str, statuses: Collection[Status], before: int | None, limit: int
    ) -> Sequence[Task]:
        """A page of one user's views."""
        assert Status.REMOVED not in statuses
        await self._answer("list views")
        views = [task_of(bson.decode(encoded)) for encoded in self._views.values()]
        listed = [
            task
            for task in views
            if task.user_key == user_key
            and task.status in statuses
            and (before is None or task.requested_position < before)
        ]
        return sorted(listed, key=lambda task: task.requested_position, reverse=True)[:limit]

    async def check(self) -> None:
        """Answer if switched on."""
        await self._answer("check")

    async def load(self, task_ids: Collection[str]) -> Mapping[str, Task]:
        """The views there are of these tasks."""
        await self._answer("load views")
        views = {task_id: _decode(self._views.get(task_id)) for task_id in task_ids}
        return {task_id: view for task_id, view in views.items() if view is not None}

    async def write(self, tasks: Sequence[Task]) -> None:
        """Write each view if it is newer."""
        await self._answer("write views")
        for task in tasks:
            _replace(self._views, key=task.task_id, document=document_of(task))

    async def read_checkpoint(self) -> Checkpoint | None:
        """The checkpoint."""
        await self._answer("read the checkpoint")
        encoded = self._checkpoints.get(_CHECKPOINT)
        return None if encoded is None else msgspec.convert(bson.decode(encoded), Checkpoint)

    async def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint if it is further."""
        await self._answer("save the checkpoint")
        document = msgspec.structs.asdict(checkpoint)
        _replace(self._checkpoints, key=_CHECKPOINT, document=document)

    async def verify_indexes(self) -> Sequence[str]:
        """Nothing is missing: a dict needs no indexes."""
        await self._answer("verify indexes")
        return ()

    async def _answer(self, operation: str) -> None:
        # Give up the loop as a real call does, so that concurrent callers really interleave.
        await asyncio.sleep(0)
        if not self.is_available:
            raise ViewsUnavailable(operation=operation, reason="switched off")


def _replace(documents: dict[str, bytes], *, key: str, document: dict[str, object]) -> None:
    """Replace a document by one with a higher position; leave it alone otherwise."""
    encoded = bson.encode(document)
    before = documents.get(key)
    if before is None or bson.decode(before)["position"] < bson.decode(encoded)["position"]:
        documents[key] = encoded


def _is_waiting(task: Task) -> bool:
    return task.status is Status.PENDING


def _decode(encoded: bytes | None) -> Task | None:
    return None if encoded is None else task_of(bson.decode(encoded))
