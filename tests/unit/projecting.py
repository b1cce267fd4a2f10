"""A projector for tests: applies as much of a log to the views as it is told, and no more."""

from events.codec import decode
from events.log import EventLog
from projections.store import Checkpoint, ViewStore
from projections.task_views import fold_batch, tasks_to_load


async def project(log: EventLog, views: ViewStore, *, count: int | None = None) -> None:
    """Apply the next `count` events behind the checkpoint, or all of them."""
    checkpoint = await views.read_checkpoint()
    after = 0 if checkpoint is None else checkpoint.position
    head = await log.head()
    until = head if count is None else min(head, after + count)
    stored = [await log.read_at(position) for position in range(after + 1, until + 1)]
    events = [decode(one) for one in stored if one is not None]
    if events:
        await views.write(fold_batch(await views.load(tasks_to_load(events)), events))
        last = events[-1]
        await views.save_checkpoint(
            Checkpoint(position=last.position, event_id=last.event.id, hash=last.hash)
        )
