"""Examples of requests, of one task in every state, and of its history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from events.codec import body_hash, decode, encode
from events.failures import FAILURE_RULES, FailureCode
from events.log import StoredEvent
from events.subjects import event_subject, parse_subject
from events.task import (
    Durations,
    EngineRun,
    OriginalImage,
    Quota,
    Stamp,
    Status,
    StoredImage,
    Task,
    TaskCompleted,
    TaskEvent,
    TaskProcessing,
    TaskRequested,
    evolve,
    first_event,
    next_event,
)
from services.api.bodies import (
    ALREADY_ACTIVE,
    CREATED,
    EngineBody,
    HistoryEntry,
    MetadataBody,
    ResultBody,
    TaskBody,
)
from services.api.event_streams import PROGRESS_EVENT
from services.api.openapi.json_values import JsonObject, as_json
from services.api.stages import ProgressBody

TASK_ID: Final = "task-01a2035e-eefe-7afa-996d-e8bc3860fabf"
REQUEST: Final[JsonObject] = {
    "original_image_url": "https://storage.example.com/concepts/1234.png",
    "refinement_prompt": "Make the logo more minimalist and use lighter shades of brown",
    "logo_description": "A modern coffee shop logo with coffee beans",
    "theme_description": "Warm brown tones, natural feeling",
    "preserve_aspects": ["layout"],
}

_CREATED_AT: Final = datetime(2026, 11, 22, 13, 8, 2, tzinfo=UTC)
_MOVED_AT: Final = _CREATED_AT + timedelta(seconds=2)
_USER_KEY: Final = "ndzx6twbnvppjsjhkezsrprxq6"
_KEY: Final = f"concepts/{_USER_KEY}/{TASK_ID}/1.png"
_IMAGE_URL: Final = f"https://storage.example.com/refinery/{_KEY}?X-Amz-Expires=3600"
_CONCEPT_ID: Final = "01a2035e-fc6f-77af-b1f1-3331417556b9"
_ORIGINAL: Final = OriginalImage(
    content_type="image/png",
    width=640,
    height=640,
    bytes=51_666,
    sha256="b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
)
_IMAGE: Final = StoredImage(
    key=_KEY,
    content_type="image/png",
    width=640,
    height=640,
    bytes=49_388,
    sha256="a6f6f52dc3126703a51d331a33b354ce6644553e3c43629f17caf23ab11dd893",
)
_PLAN: Final[JsonObject] = {
    "applied": [
        {"phrase": "make the logo more minimalist", "operation": "simplify", "amount": 1.0}
    ],
    "skipped": [],
    "unmatched": [],
}
_DURATIONS: Final = Durations(fetch=13.036, refine=341.116, store=7.785)


def request_examples() -> JsonObject:
    """Requests that are accepted: all that can be said, and the least."""
    least = {name: REQUEST[name] for name in ("original_image_url", "refinement_prompt")}
    return {
        "complete": {"summary": "All that can be said", "value": REQUEST},
        "least": {"summary": "The least that has to be said", "value": least},
    }


def accepted_examples() -> JsonObject:
    """What a request is answered with when it is accepted, or was accepted before."""
    return {
        "accepted": _shown("A new task", _task(Status.PENDING, message=CREATED)),
        "replayed": _shown("The task of an earlier request", _completed()),
    }


def active_examples() -> JsonObject:
    """What a request is answered with while another one is under way."""
    task = _task(Status.PROCESSING, message=ALREADY_ACTIVE, updated_at=_MOVED_AT)
    return {"active": _shown("The task in progress", task)}


def task_examples() -> JsonObject:
    """A task in every state that its owner may see."""
    ended: JsonObject = {"updated_at": _MOVED_AT, "completed_at": _MOVED_AT}
    failed = FailureCode.IMAGE_NOT_FOUND
    retried = FailureCode.ENGINE_UNAVAILABLE
    tasks = (
        _task(Status.PENDING, progress=ProgressBody(stage="queued", fraction=0.0, position=3)),
        _task(
            Status.PROCESSING,
            updated_at=_MOVED_AT,
            progress=ProgressBody(stage="refining", fraction=0.5),
        ),
        _task(
            Status.RETRYING,
            updated_at=_MOVED_AT,
            error_code=retried,
            error_message=FAILURE_RULES[retried].message,
        ),
        _completed(),
        _task(
            Status.FAILED,
            error_code=failed,
            error_message=FAILURE_RULES[failed].message,
            quota_refunded=False,
            **ended,
        ),
        _task(Status.CANCELLED, quota_refunded=True, **ended),
    )
    return {task.status.value: _shown(f"A {task.status} task", task) for task in tasks}


def list_examples() -> JsonObject:
    """A page of tasks, and one without any."""
    tasks = [_task(Status.PENDING), _completed()]
    return {
        "tasks": {"summary": "Tasks", "value": as_json(tasks)},
        "none": {"summary": "No tasks", "value": []},
    }


def cancelled_examples() -> JsonObject:
    """A task that has just been stopped."""
    return {"cancelled": task_examples()["cancelled"]}


def ended_examples() -> JsonObject:
    """A task that had ended before it was to be stopped."""
    return {name: task_examples()[name] for name in ("completed", "failed", "cancelled")}


def history_examples() -> JsonObject:
    """The events of a completed task."""
    entries = [
        HistoryEntry(position=stored.position, event=msgspec.Raw(stored.body))
        for stored in _history()
    ]
    return {"completed": {"summary": "A completed task", "value": as_json(entries)}}


def stream_examples() -> JsonObject:
    """Events of a stream: one of the log, and one that tells of progress."""
    stored = next(_history())
    requested = {
        "id": str(stored.position),
        "event": parse_subject(stored.subject).event,
        "data": stored.body.decode(),
    }
    place = ProgressBody(stage="queued", fraction=0.0, position=1)
    progress = {"event": PROGRESS_EVENT, "data": msgspec.json.encode(place).decode()}
    return {
        "event": {"summary": "An event of the log", "value": requested},
        "progress": {"summary": "How far the task is", "value": progress},
    }


def _task(status: Status, *, message: str | None = None, **others: Any) -> TaskBody:
    return TaskBody(
        task_id=TASK_ID,
        status=status,
        message=message or f"Task is {status}",
        type="concept_refinement",
        created_at=_CREATED_AT,
        metadata=MetadataBody(**{**REQUEST, "preserve_aspects": ("layout",)}),
        **others,
    )


def _completed() -> TaskBody:
    result = ResultBody(
        concept_id=_CONCEPT_ID,
        image_url=_IMAGE_URL,
        image_path=_KEY,
        content_type=_IMAGE.content_type,
        width=_IMAGE.width,
        height=_IMAGE.height,
        bytes=_IMAGE.bytes,
        sha256=_IMAGE.sha256,
        original=_ORIGINAL,
        engine=EngineBody(name="local", version="1"),
        plan=_PLAN,
        durations_ms=_DURATIONS,
    )
    return _task(
        Status.COMPLETED,
        updated_at=_MOVED_AT,
        completed_at=_MOVED_AT,
        result=result,
        result_id=result.concept_id,
        image_url=result.image_url,
    )


def _history() -> Iterator[StoredEvent]:
    """The events of one task, made as the real ones are: each is chained to the one before."""
    changes: tuple[tuple[str, TaskEvent], ...] = (
        ("processing", TaskProcessing(attempt=1, worker="worker-1", engine="local")),
        (
            "completed",
            TaskCompleted(
                attempt=1,
                concept_id=_CONCEPT_ID,
                image=_IMAGE,
                original=_ORIGINAL,
                engine=EngineRun(name="local", version="1", plan=_PLAN),
                durations_ms=_DURATIONS,
            ),
        ),
    )
    requested = TaskRequested(
        task_id=TASK_ID,
        user_id="developer",
        **{**REQUEST, "preserve_aspects": ("layout",)},
        request_fingerprint=body_hash(msgspec.json.encode(REQUEST)),
        quota=Quota(period="2026-11", used=1, limit=10),
        deadline=_CREATED_AT + timedelta(minutes=15),
    )
    event = first_event(requested, stamp=_stamp(1), correlation_id="my-first-request")
    stored = _stored(1, "requested", encode(event))
    yield stored
    task: Task | None = evolve(None, decode(stored))
    for position, (name, change) in enumerate(changes, start=2):
        assert task is not None
        stored = _stored(position, name, encode(next_event(task, change, stamp=_stamp(position))))
        yield stored
        task = evolve(task, decode(stored))


def _stamp(position: int) -> Stamp:
    return Stamp(
        event_id=f"01a2035e-eefe-7afa-996d-00000000000{position}",
        now=_CREATED_AT + timedelta(seconds=position - 1),
        producer="api/1" if position == 1 else "refinement/1",
    )


def _stored(position: int, event: str, body: bytes) -> StoredEvent:
    subject = event_subject(user_key=_USER_KEY, task_id=TASK_ID, event=event)
    return StoredEvent(position=16 + position, subject=subject, body=body)


def _shown(summary: str, body: TaskBody) -> JsonObject:
    return {"summary": summary, "value": as_json(body)}
