"""One refinement task: the facts that may happen to it and the state they add up to.

Subject: `tasks.concept_refinement.<user key>.<task id>.<event>`. The classes below map one to one
to the CloudEvents types in `EVENT_TYPES`, which are the storage format: a field may be added with a
default, never renamed, retyped or removed; a breaking change is a new version and an upcast.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, assert_never

import msgspec
from msgspec import UNSET, Meta, UnsetType

# A moment, not a reading of some clock: without an offset it is refused (RFC 3339).
Moment = Annotated[datetime, Meta(tz=True)]

# --- Events ---------------------------------------------------------------------------------------


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a user's quota ledger: this request is number `used` of `limit` in `period`."""

    period: Annotated[str, Meta(pattern="^[1-9][0-9]{3}-(0[1-9]|1[0-2])$", max_length=7)]
    used: int
    limit: int


class StoredImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image in the object store. `sha256` is of its bytes, in hexadecimal; sides in pixels."""

    key: str
    content_type: str
    width: int
    height: int
    bytes: int
    sha256: str


class OriginalImage(msgspec.Struct, frozen=True, kw_only=True):
    """The image a task started from, as it was fetched."""

    content_type: str
    width: int
    height: int
    bytes: int
    sha256: str


class EngineRun(msgspec.Struct, frozen=True, kw_only=True):
    """What changed the pixels: the engine, and its plan as data (applied, skipped, unmatched)."""

    name: str
    version: str
    request_id: str | None = None
    plan: dict[str, Any] | None = None
    cost: float | None = None


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """How long each stage of the winning attempt took, in milliseconds."""

    fetch: float
    refine: float
    store: float


class TaskRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A user asked, and was admitted. Recorded by the API, before its 202 leaves.

    `engine` is there if the user asked for one; otherwise the worker takes its default.
    """

    task_id: str
    user_id: str
    original_image_url: str
    refinement_prompt: str
    logo_description: str | None
    theme_description: str | None
    preserve_aspects: tuple[str, ...]
    request_fingerprint: str
    quota: Quota
    deadline: Moment
    # Unset, not null: events without it keep their bytes.
    engine: str | UnsetType = UNSET


class TaskProcessing(msgspec.Struct, frozen=True, kw_only=True):
    """A worker started attempt `attempt`. It owns the task until a newer event, and may die."""

    attempt: int
    worker: str
    engine: str


class TaskRetrying(msgspec.Struct, frozen=True, kw_only=True):
    """Attempt `attempt` failed for a passing reason; the next one starts at `next_attempt_at`."""

    attempt: int
    error_code: str
    error_message: str
    next_attempt_at: Moment


class TaskCompleted(msgspec.Struct, frozen=True, kw_only=True):
    """The refined image is stored under `image.key`. Recorded only after the store has it.

    `thumbnail` is the same picture, small, for lists. It is not there in older events, and where an
    engine makes none. `vector` is the same picture as SVG, where it is flat and that was wanted.
    """

    attempt: int
    concept_id: str
    image: StoredImage
    original: OriginalImage
    engine: EngineRun
    durations_ms: Durations
    # Unset, not null: events without it keep their bytes.
    thumbnail: StoredImage | UnsetType = UNSET
    vector: StoredImage | UnsetType = UNSET

    @property
    def images(self) -> tuple[StoredImage, ...]:
        """Everything that the attempt has stored."""
        besides = (image for image in (self.thumbnail, self.vector) if image is not UNSET)
        return (self.image, *besides)


class TaskFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The task will never complete. `quota_refunded` says whether its request still counts."""

    attempt: int
    error_code: str
    error_message: str
    quota_refunded: bool


class TaskCancelled(msgspec.Struct, frozen=True, kw_only=True):
    """The owner stopped the task before its end."""

    reason: str
    quota_refunded: bool


class TaskRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """The owner hid a finished task; history stays. The refund is that of its terminal event."""

    quota_refunded: bool


TaskEvent = (
    TaskRequested
    | TaskProcessing
    | TaskRetrying
    | TaskCompleted
    | TaskFailed
    | TaskCancelled
    | TaskRemoved
)

EVENT_TYPES: Final[dict[type[TaskEvent], str]] = {
    TaskRequested: "concepts.task.requested.v1",
    TaskProcessing: "concepts.task.processing.v1",
    TaskRetrying: "concepts.task.retrying.v1",
    TaskCompleted: "concepts.task.completed.v1",
    TaskFailed: "concepts.task.failed.v1",
    TaskCancelled: "concepts.task.cancelled.v1",
    TaskRemoved: "concepts.task.removed.v1",
}


Payload_co = TypeVar("Payload_co", bound=TaskEvent, covariant=True)


class CloudEvent(msgspec.Struct, Generic[Payload_co], frozen=True, kw_only=True):
    """An event as it is stored and handed on: CloudEvents 1.0, structured JSON mode.

    `sequence` is the event's version within its task, from "0000000001", zero-padded so that it
    sorts as text (the CloudEvents sequence extension). `previoushash` is the SHA-256 of the body of
    the task's previous event, in hexadecimal: changing one event breaks the chain behind it.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    dataschema: str
    sequence: Annotated[str, Meta(pattern="^[0-9]{10}$", max_length=10)]
    correlationid: str
    causationid: str | None
    previoushash: str | None
    producer: str
    data: Payload_co


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the log: its position, its owner, and the SHA-256 of its body."""

    position: int
    user_key: str
    task_id: str
    hash: str
    event: CloudEvent[TaskEvent]


# --- State ----------------------------------------------------------------------------------------


class Status(StrEnum):
    """Where a task stands, as clients see it; a removed task is seen by nobody but auditors."""

    PENDING = "pending"
    PROCESSING = "processing"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"

    @property
    def is_active(self) -> bool:
        """Whether a worker may still change the task."""
        return self in _ACTIVE


_ACTIVE: Final = frozenset({Status.PENDING, Status.PROCESSING, Status.RETRYING})


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one task: the fold of its events.

    Every event carries all that the state needs, so the first and the last event of a task give the
    same state as its whole history: two reads decide, however long the history is.
    """

    task_id: str
    user_key: str
    status: Status
    version: int
    requested_position: int
    position: int
    last_event_id: str
    last_hash: str
    correlation_id: str
    created_at: Moment
    updated_at: Moment
    completed_at: Moment | None = None
    request: TaskRequested
    attempt: int = 0
    next_attempt_at: Moment | None = None
    result: TaskCompleted | None = None
    error_code: str | None = None
    error_message: str | None = None
    quota_refunded: bool = False


def evolve(task: Task | None, recorded: RecordedEvent) -> Task | None:
    """The state after one more event. Total: what changes nothing returns the state as it is.

    An event at or before the state's position was folded already; after a terminal event only the
    removal counts; events without a beginning add up to nothing.
    """
    event = recorded.event
    if isinstance(event.data, TaskRequested):
        return _begin(recorded, event.data) if task is None else task
    if task is None or recorded.position <= task.position:
        return task
    if not task.status.is_active and not isinstance(event.data, TaskRemoved):
        return task
    moved = msgspec.structs.replace(
        task,
        version=int(event.sequence),
        position=recorded.position,
        last_event_id=event.id,
        last_hash=recorded.hash,
        updated_at=event.time,
        next_attempt_at=None,
        error_code=None,
        error_message=None,
    )
    return _apply(moved, event)


def fold(history: tuple[RecordedEvent, ...] | list[RecordedEvent]) -> Task | None:
    """The state that a task's events add up to, in the order of the log."""
    task: Task | None = None
    for recorded in history:
        task = evolve(task, recorded)
    return task


def _begin(recorded: RecordedEvent, request: TaskRequested) -> Task:
    event = recorded.event
    return Task(
        task_id=recorded.task_id,
        user_key=recorded.user_key,
        status=Status.PENDING,
        version=int(event.sequence),
        requested_position=recorded.position,
        position=recorded.position,
        last_event_id=event.id,
        last_hash=recorded.hash,
        correlation_id=event.correlationid,
        created_at=event.time,
        updated_at=event.time,
        request=request,
    )


def _apply(task: Task, event: CloudEvent[TaskEvent]) -> Task:
    replace = msgspec.structs.replace
    match event.data:
        case TaskRequested():
            return task
        case TaskProcessing(attempt=attempt):
            return replace(task, status=Status.PROCESSING, attempt=attempt)
        case TaskRetrying() as retrying:
            return replace(
                task,
                status=Status.RETRYING,
                attempt=retrying.attempt,
                next_attempt_at=retrying.next_attempt_at,
                error_code=retrying.error_code,
                error_message=retrying.error_message,
            )
        case TaskCompleted() as completed:
            return replace(
                task,
                status=Status.COMPLETED,
                attempt=completed.attempt,
                result=completed,
                completed_at=event.time,
            )
        case TaskFailed() as failed:
            return replace(
                task,
                status=Status.FAILED,
                attempt=failed.attempt,
                error_code=failed.error_code,
                error_message=failed.error_message,
                quota_refunded=failed.quota_refunded,
                completed_at=event.time,
            )
        case TaskCancelled(quota_refunded=refunded):
            # No attempt owns a task any more that its owner has stopped or hidden.
            return replace(
                task,
                status=Status.CANCELLED,
                attempt=0,
                quota_refunded=refunded,
                completed_at=event.time,
            )
        case TaskRemoved(quota_refunded=refunded):
            return replace(
                task,
                status=Status.REMOVED,
                attempt=0,
                result=None,
                quota_refunded=refunded,
                completed_at=event.time,
            )
        case _ as unreachable:
            assert_never(unreachable)


# --- The next event -------------------------------------------------------------------------------

SOURCE: Final = "urn:concept-refinery"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Who records an event, when, and under which id: given, so that no clock is needed."""

    event_id: str
    now: datetime
    producer: str


def first_event(
    request: TaskRequested, *, stamp: Stamp, correlation_id: str
) -> CloudEvent[TaskEvent]:
    """The event that begins a task."""
    return _cloud_event(
        request,
        stamp=stamp,
        task_id=request.task_id,
        sequence=1,
        correlation_id=correlation_id,
    )


def next_event(task: Task, change: TaskEvent, *, stamp: Stamp) -> CloudEvent[TaskEvent]:
    """The event after a task's last one: same correlation, caused by it, chained to its hash."""
    assert not isinstance(change, TaskRequested)
    return _cloud_event(
        change,
        stamp=stamp,
        task_id=task.task_id,
        sequence=task.version + 1,
        correlation_id=task.correlation_id,
        causation_id=task.last_event_id,
        previous_hash=task.last_hash,
    )


def _cloud_event(
    change: TaskEvent,
    *,
    stamp: Stamp,
    task_id: str,
    sequence: int,
    correlation_id: str,
    causation_id: str | None = None,
    previous_hash: str | None = None,
) -> CloudEvent[TaskEvent]:
    event_type = EVENT_TYPES[type(change)]
    return CloudEvent(
        id=stamp.event_id,
        source=SOURCE,
        type=event_type,
        subject=task_id,
        time=stamp.now,
        dataschema=f"{SOURCE}:schema:{event_type}",
        sequence=f"{sequence:010d}",
        correlationid=correlation_id,
        causationid=causation_id,
        previoushash=previous_hash,
        producer=stamp.producer,
        data=change,
    )
