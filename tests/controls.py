"""Controls: canonical examples of events, with fixed ids and times that tell themselves apart."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from events.codec import decode, encode, event_name
from events.ids import task_id_of, user_key_of, uuid7
from events.log import StoredEvent
from events.subjects import event_subject
from events.task import (
    CloudEvent,
    Durations,
    EngineRun,
    OriginalImage,
    Quota,
    RecordedEvent,
    Stamp,
    StoredImage,
    Task,
    TaskCancelled,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    TaskRemoved,
    TaskRequested,
    TaskRetrying,
    evolve,
    first_event,
    next_event,
)

START: Final = datetime(2026, 3, 14, 9, 26, 53, 589_793, UTC)
PRODUCER: Final = "controls/1.0"
PROMPT: Final = "more minimalist, lighter shades of brown"
PLAN: Final = {"applied": ["palette"], "skipped": [], "strength": 0.5}


def at(step: int) -> datetime:
    """The time of step `step`: no two are equal, and all have microseconds."""
    return START + step * timedelta(seconds=1, microseconds=1)


def user_id(user: int = 1) -> str:
    """The id of user number `user`, as their tokens name them."""
    return f"user-{user}@example.com"


def user_key(user: int = 1) -> str:
    """The key of user number `user`."""
    return user_key_of(user_id(user), secret=b"controls")


def task_id(task: int = 1) -> str:
    """The id of task number `task`."""
    return task_id_of(_uuid(task))


def stamp(step: int = 1) -> Stamp:
    """The stamp of step `step`."""
    return Stamp(event_id=str(_uuid(1_000_000 + step)), now=at(step), producer=PRODUCER)


def request(task: int = 1, *, user: int = 1, prompt: str = PROMPT) -> TaskRequested:
    """What user number `user` asks for as task number `task`."""
    return TaskRequested(
        task_id=task_id(task),
        user_id=user_id(user),
        original_image_url="https://images.example/logo.png",
        refinement_prompt=prompt,
        logo_description=None,
        theme_description="a café by the sea",
        preserve_aspects=("layout", "colors"),
        request_fingerprint="f" * 64,
        quota=Quota(period="2026-03", used=task, limit=10),
        deadline=at(300),
    )


def request_with_engine() -> TaskRequested:
    """The same, with an engine that was asked for."""
    return msgspec.structs.replace(request(), engine="openai")


def processing(attempt: int = 1) -> TaskProcessing:
    """A worker starts attempt `attempt`."""
    return TaskProcessing(attempt=attempt, worker=f"worker-{attempt}", engine="local")


def retrying(attempt: int = 1) -> TaskRetrying:
    """Attempt `attempt` failed for a passing reason."""
    return TaskRetrying(
        attempt=attempt,
        error_code="engine_unavailable",
        error_message="The refinement engine is unavailable",
        next_attempt_at=at(100 + attempt),
    )


def completed(attempt: int = 1, *, plan: Mapping[str, object] | None = None) -> TaskCompleted:
    """Attempt `attempt` succeeded."""
    return TaskCompleted(
        attempt=attempt,
        concept_id="concept-1",
        image=StoredImage(
            key=f"concepts/{user_key()}/{task_id()}/{attempt}.png",
            content_type="image/png",
            width=640,
            height=480,
            bytes=12_345,
            sha256="a" * 64,
        ),
        original=OriginalImage(
            content_type="image/jpeg", width=1280, height=960, bytes=54_321, sha256="b" * 64
        ),
        engine=EngineRun(name="local", version="1", plan=None if plan is None else dict(plan)),
        durations_ms=Durations(fetch=12.5, refine=250.25, store=3.75),
    )


def completed_with_thumbnail(attempt: int = 1) -> TaskCompleted:
    """The same, with a thumbnail beside the picture."""
    plain = completed(attempt)
    thumbnail = StoredImage(
        key=f"concepts/{user_key()}/{task_id()}/{attempt}-thumbnail.png",
        content_type="image/png",
        width=256,
        height=192,
        bytes=2_345,
        sha256="c" * 64,
    )
    return msgspec.structs.replace(plain, thumbnail=thumbnail)


def completed_with_vector(attempt: int = 1) -> TaskCompleted:
    """The same, with a thumbnail and an SVG beside the picture."""
    plain = completed_with_thumbnail(attempt)
    vector = StoredImage(
        key=f"concepts/{user_key()}/{task_id()}/{attempt}.svg",
        content_type="image/svg+xml",
        width=640,
        height=480,
        bytes=34_567,
        sha256="d" * 64,
    )
    return msgspec.structs.replace(plain, vector=vector)


def failed(attempt: int = 1) -> TaskFailed:
    """The task will never complete."""
    return TaskFailed(
        attempt=attempt,
        error_code="image_not_found",
        error_message="There is no image at this address",
        quota_refunded=False,
    )


def cancelled() -> TaskCancelled:
    """The owner stopped the task."""
    return TaskCancelled(reason="changed my mind", quota_refunded=True)


def removed() -> TaskRemoved:
    """The owner hid the task."""
    return TaskRemoved(quota_refunded=False)


class Scribe:
    """Writes a log of examples, each event chained to its task's last one as real writers do."""

    def __init__(self) -> None:
        self.stored: list[StoredEvent] = []
        self.tasks: dict[str, Task] = {}

    def request(self, asked: TaskRequested, *, user: int = 1) -> RecordedEvent:
        """Begin a task."""
        event = first_event(asked, stamp=self._stamp(), correlation_id=f"request-{asked.task_id}")
        return self._append(event, owner=user_key(user))

    def append(self, change: TaskEvent, *, task: int = 1) -> RecordedEvent:
        """Continue task number `task`."""
        state = self.tasks[task_id(task)]
        event = next_event(state, change, stamp=self._stamp())
        return self._append(event, owner=state.user_key)

    @property
    def recorded(self) -> tuple[RecordedEvent, ...]:
        """All events as readers see them."""
        return tuple(decode(stored) for stored in self.stored)

    def _stamp(self) -> Stamp:
        return stamp(len(self.stored) + 1)

    def _append(self, event: CloudEvent[TaskEvent], *, owner: str) -> RecordedEvent:
        place = event_subject(user_key=owner, task_id=event.subject, event=event_name(event.type))
        self.stored.append(
            StoredEvent(position=len(self.stored) + 1, subject=place, body=encode(event))
        )
        recorded = decode(self.stored[-1])
        state = evolve(self.tasks.get(recorded.task_id), recorded)
        assert state is not None
        self.tasks[recorded.task_id] = state
        return recorded


def history(*changes: TaskEvent, asked: TaskRequested | None = None) -> tuple[RecordedEvent, ...]:
    """A log with task number 1 in it: its request, and what followed."""
    scribe = Scribe()
    _ = scribe.request(request() if asked is None else asked)
    for change in changes:
        _ = scribe.append(change)
    return scribe.recorded


def stored(*changes: TaskEvent, asked: TaskRequested | None = None) -> tuple[StoredEvent, ...]:
    """The same log as `history`, as it lies there."""
    scribe = Scribe()
    _ = scribe.request(request() if asked is None else asked)
    for change in changes:
        _ = scribe.append(change)
    return tuple(scribe.stored)


def every_event() -> Mapping[str, StoredEvent]:
    """One stored event of each type, by its type: the canonical examples."""
    retried = stored(processing(1), retrying(1), processing(2), completed(2, plan=PLAN))
    return {
        "concepts.task.requested.v1": retried[0],
        "concepts.task.processing.v1": retried[1],
        "concepts.task.retrying.v1": retried[2],
        "concepts.task.completed.v1": retried[4],
        "concepts.task.failed.v1": stored(processing(), failed())[2],
        "concepts.task.cancelled.v1": stored(cancelled())[1],
        "concepts.task.removed.v1": stored(processing(), completed(), removed())[3],
    }


def _uuid(number: int) -> UUID:
    return uuid7(unix_ms=1_773_480_413_589, random=number.to_bytes(10, "big"))
