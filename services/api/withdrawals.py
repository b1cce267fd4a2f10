"""Lets owners cancel and remove their tasks: read the task, decide, append; on a conflict again."""

import asyncio
from collections.abc import Callable
from typing import Final

from events.ids import is_task_id
from events.log import AppendConflict, EventLog
from events.task import Status, Task, TaskEvent, evolve, fold, next_event
from events.withdrawal import cancellation_of, withdrawal_of
from services.api.admissions import DeskContended
from services.api.auth import Owner
from services.api.task_reader import TaskNotFound
from services.runtime.clock import Stamper
from services.runtime.retries import Backoff

ATTEMPTS_MAX: Final = 8
_PAUSE: Final = Backoff(base_s=0.005, max_s=0.1)


class TaskEnded(Exception):
    """The task has ended, and can no longer be cancelled; `task` tells how."""

    def __init__(self, task: Task) -> None:
        super().__init__(f"the task is {task.status}")
        self.task = task


class Withdrawals:
    """Decides on what owners do to their tasks. Holds no state."""

    def __init__(self, *, log: EventLog, stamper: Stamper) -> None:
        self._log = log
        self._stamper = stamper

    async def cancel(self, task_id: str, *, owner: Owner) -> Task:
        """The task, stopped: no result of it will ever be recorded.

        Raises:
            TaskNotFound: the owner has no such task.
            TaskEnded: it has ended already, also if by an earlier cancel.
            LogUnavailable: undecided; it may have been cancelled.
            DeskContended: the desk moved under every attempt.
        """
        return await self._append(task_id, owner, cancellation_of)

    async def remove(self, task_id: str, *, owner: Owner) -> Task:
        """The task, stopped if it was active, else hidden from its owner.

        Raises: as `cancel`, except `TaskEnded`.
        """
        return await self._append(task_id, owner, withdrawal_of)

    async def _append(
        self, task_id: str, owner: Owner, decide: Callable[[Task], TaskEvent | None]
    ) -> Task:
        if not is_task_id(task_id):
            raise TaskNotFound(task_id)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            reading = await self._log.read_task(user_key=owner.user_key, task_id=task_id)
            task = None if reading is None else fold(reading.events)
            if reading is None or task is None or task.status is Status.REMOVED:
                raise TaskNotFound(task_id)
            change = decide(task)
            if change is None:
                raise TaskEnded(task)
            try:
                recorded = await self._log.append(
                    next_event(task, change, stamp=self._stamper.stamp()),
                    user_key=owner.user_key,
                    expected_position=reading.position,
                )
            except AppendConflict:
                await asyncio.sleep(_PAUSE.delay_s(attempt))
                continue
            evolved = evolve(task, recorded)
            assert evolved is not None
            return evolved
        raise DeskContended(attempts=ATTEMPTS_MAX)
