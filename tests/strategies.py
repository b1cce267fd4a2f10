"""Random events and lives of tasks: what hypothesis draws from."""

from datetime import UTC, date
from typing import Final

from hypothesis import strategies as st
from msgspec import UNSET

from events.codec import event_name
from events.log import StoredEvent
from events.subjects import event_subject
from events.task import (
    EVENT_TYPES,
    CloudEvent,
    Durations,
    EngineRun,
    Quota,
    RecordedEvent,
    Status,
    StoredImage,
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    TaskRemoved,
    TaskRequested,
    TaskRetrying,
)
from tests import controls

LIFE_LENGTH_MAX: Final = 12
SEQUENCE_MAX: Final = 9_999_999_999

_CHANGES: Final[dict[type[TaskEvent], Status]] = {
    TaskProcessing: Status.PROCESSING,
    TaskRetrying: Status.RETRYING,
    TaskCompleted: Status.COMPLETED,
    TaskFailed: Status.FAILED,
    TaskCancelled: Status.CANCELLED,
    TaskRemoved: Status.REMOVED,
}
_ENDED: Final = (TaskRemoved,)
# The state machine of the design: from where, which events.
LEGAL: Final[dict[Status, tuple[type[TaskEvent], ...]]] = {
    Status.PENDING: (TaskProcessing, TaskFailed, TaskCancelled),
    Status.PROCESSING: (TaskProcessing, TaskRetrying, TaskCompleted, TaskFailed, TaskCancelled),
    Status.RETRYING: (TaskProcessing, TaskFailed, TaskCancelled),
    Status.COMPLETED: _ENDED,
    Status.FAILED: _ENDED,
    Status.CANCELLED: _ENDED,
    Status.REMOVED: (),
}

times = st.datetimes(timezones=st.just(UTC))
numbers = st.floats(allow_nan=False, allow_infinity=False)
plans = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)
payloads: Final[dict[type[TaskEvent], st.SearchStrategy[TaskEvent]]] = {
    TaskRequested: st.builds(
        TaskRequested,
        task_id=st.just(controls.task_id()),
        deadline=times,
        engine=st.just(UNSET) | st.text(),
        quota=st.builds(
            Quota,
            period=st.dates(min_value=date(1000, 1, 1)).map(
                lambda day: f"{day.year:04}-{day.month:02}"
            ),
        ),
    ),
    TaskProcessing: st.builds(TaskProcessing),
    TaskRetrying: st.builds(TaskRetrying, next_attempt_at=times),
    TaskCompleted: st.builds(
        TaskCompleted,
        engine=st.builds(
            EngineRun,
            request_id=st.none() | st.text(),
            plan=st.none() | plans,
            cost=st.none() | numbers,
        ),
        durations_ms=st.builds(Durations, fetch=numbers, refine=numbers, store=numbers),
        thumbnail=st.just(UNSET) | st.builds(StoredImage),
        vector=st.just(UNSET) | st.builds(StoredImage),
    ),
    TaskFailed: st.builds(TaskFailed),
    TaskCancelled: st.builds(TaskCancelled),
    TaskRemoved: st.builds(TaskRemoved),
}


@st.composite
def cloud_events(
    draw: st.DrawFn, kinds: tuple[type[TaskEvent], ...] = tuple(EVENT_TYPES)
) -> CloudEvent[TaskEvent]:
    """Any event of one task, with any payload."""
    payload = draw(payloads[draw(st.sampled_from(kinds))])
    sequence = draw(st.integers(min_value=1, max_value=SEQUENCE_MAX))
    return CloudEvent(
        id=draw(st.text()),
        source=draw(st.text()),
        type=EVENT_TYPES[type(payload)],
        subject=controls.task_id(),
        time=draw(times),
        dataschema=draw(st.text()),
        sequence=f"{sequence:010d}",
        correlationid=draw(st.text()),
        causationid=draw(st.none() | st.text()),
        previoushash=draw(st.none() | st.text()),
        producer=draw(st.text()),
        data=payload,
    )


@st.composite
def recorded_events(draw: st.DrawFn) -> RecordedEvent:
    """Any event of one task, anywhere in the log."""
    return RecordedEvent(
        position=draw(st.integers(min_value=1, max_value=20)),
        user_key=controls.user_key(),
        task_id=controls.task_id(),
        hash=draw(st.text()),
        event=draw(cloud_events()),
    )


@st.composite
def lives(draw: st.DrawFn, *, is_over: bool = False) -> tuple[TaskEvent, ...]:
    """What may legally follow a request, at random; with `is_over`, up to an end of the task."""
    status, attempt = Status.PENDING, 0
    changes: list[TaskEvent] = []
    while LEGAL[status] and (len(changes) < LIFE_LENGTH_MAX or (is_over and status.is_active)):
        if (not is_over or not status.is_active) and draw(st.booleans()):
            break
        kinds = LEGAL[status] if len(changes) < LIFE_LENGTH_MAX else (TaskCancelled,)
        kind = draw(st.sampled_from(kinds))
        attempt += kind is TaskProcessing
        changes.append(draw(_change(kind, attempt=attempt, before=changes)))
        status = _CHANGES[kind]
    return tuple(changes)


def stored_of(event: CloudEvent[TaskEvent], body: bytes) -> StoredEvent:
    """A body where an event of the first user lies."""
    subject = event_subject(
        user_key=controls.user_key(), task_id=event.subject, event=event_name(event.type)
    )
    return StoredEvent(position=1, subject=subject, body=body)


def _change(
    kind: type[TaskEvent], *, attempt: int, before: list[TaskEvent]
) -> st.SearchStrategy[TaskEvent]:
    """An event of a kind, with what a real writer would copy from the events before it."""
    if kind is TaskRemoved:
        refunded = getattr(before[-1], "quota_refunded", False)
        return st.just(TaskRemoved(quota_refunded=refunded))
    if kind is TaskFailed:
        return st.builds(TaskFailed, attempt=st.just(attempt))
    if kind is TaskCancelled:
        return st.builds(TaskCancelled)
    examples: dict[type[TaskEvent], TaskEvent] = {
        TaskProcessing: controls.processing(attempt),
        TaskRetrying: controls.retrying(attempt),
        TaskCompleted: controls.completed(attempt),
    }
    return st.just(examples[kind])
