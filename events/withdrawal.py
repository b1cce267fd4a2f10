"""What its owner may do to a task: stop it before its end, hide it after. Pure decisions."""

from typing import Final

from events.task import Status, Task, TaskCancelled, TaskRemoved

CANCEL_REASON: Final = "requested by its owner"


def cancellation_of(task: Task) -> TaskCancelled | None:
    """The event that stops a task; None once it has ended.

    The quota comes back only if no attempt has begun: after that, work has been done for it.
    """
    if not task.status.is_active:
        return None
    return TaskCancelled(
        reason=CANCEL_REASON, quota_refunded=task.status is Status.PENDING and task.attempt == 0
    )


def withdrawal_of(task: Task) -> TaskCancelled | TaskRemoved | None:
    """The event that takes a task away: stops an active one, hides an ended one; None if hidden."""
    if task.status is Status.REMOVED:
        return None
    return cancellation_of(task) or TaskRemoved(quota_refunded=task.quota_refunded)
