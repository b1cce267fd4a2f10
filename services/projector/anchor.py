"""Whether the log is still the one that the views were made from."""

from events.codec import UnreadableEvent, body_hash, decode
from events.log import EventLog, StoredEvent
from projections.store import Checkpoint
from services.runtime.lifecycle import CannotServe


class LogDiverged(CannotServe):
    """The log and the views disagree at a position: it was rolled back, replaced or damaged.

    Going on would skip events or apply some twice, and nobody would notice.
    """

    def __init__(self, *, position: int, expected: str, found: str) -> None:
        super().__init__(
            f"the log is not the one that the views were made from: at position {position} there"
            f" should be {expected}, but there is {found}. Restore the log; or, if this log is the"
            " right one, drop the views together with their checkpoint and start again: they are"
            " rebuilt from it"
        )
        self.position = position
        self.expected = expected
        self.found = found


async def verify_anchor(log: EventLog, checkpoint: Checkpoint) -> None:
    """Compare the event at the checkpoint's position with the one that was applied.

    Raises:
        LogDiverged: it is another one, or there is none.
        LogUnavailable: the log did not answer.
    """
    head = await log.head()
    stored = await log.read_at(checkpoint.position) if head >= checkpoint.position else None
    if stored is not None and body_hash(stored.body) == checkpoint.hash:
        return
    raise LogDiverged(
        position=checkpoint.position,
        expected=f"event {checkpoint.event_id} with hash {checkpoint.hash}",
        found=f"nothing: the log ends at {head}" if stored is None else _describe(stored),
    )


def _describe(stored: StoredEvent) -> str:
    found_hash = body_hash(stored.body)
    try:
        return f"event {decode(stored).event.id} with hash {found_hash}"
    except UnreadableEvent:
        return f"something that is not an event, with hash {found_hash}"
