"""The operations on tasks, with all that they may be answered with."""

from typing import Final

import msgspec
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from events.log import LogUnavailable
from projections.store import ViewsUnavailable
from services.adapters.storage import StorageUnavailable
from services.api.admissions import (
    DeskContended,
    IdempotencyMismatch,
    ImageNotFound,
    InvalidRequest,
    QuotaSpent,
    ReplayedTaskRemoved,
)
from services.api.edge import BodyAborted, BodyStalled
from services.api.event_streams import MEDIA_TYPE as EVENT_STREAM
from services.api.list_requests import LIMIT_MAX
from services.api.listing import ViewsBehind
from services.api.openapi import task_examples as examples
from services.api.openapi.headers import CACHING, QUOTA
from services.api.openapi.json_values import JsonObject
from services.api.openapi.operation import Answer, Content, Operation
from services.api.openapi.schemas import reference
from services.api.refinement_requests import EncodedBody, UnsupportedMediaType
from services.api.seats import ProcessHasNoSeat, UserHasNoSeat
from services.api.task_reader import TaskNotFound

_TASK: Final = reference("TaskBody")


def _links(task_id: str) -> JsonObject:
    """What can be done next with the task in an answer."""
    return {
        name: {"operationId": operation_id, "description": description, "parameters": parameters}
        for name, operation_id, description in (
            ("show", "showTask", "See how it stands."),
            ("follow", "followTask", "See what has happened to it."),
            ("cancel", "cancelTask", "Stop it."),
            ("remove", "removeTask", "Stop it, or remove it once it has ended."),
        )
        for parameters in ({"task_id": task_id},)
    }


_REFINE: Final = Operation(
    method="post",
    path="/api/concepts/refine",
    operation_id="refineConcept",
    tag="concepts",
    summary="Refine a concept",
    description=(
        "Takes a request durably, and begins a task. One task of a user may be active at a time."
        " Checked in this order: token, request, idempotency key, active task, quota, address in"
        " our own bucket. Only a 202 counts against the quota."
    ),
    parameters=("IdempotencyKey", "WaitForEnd"),
    request=Content(schema=reference("RefinementRequest"), examples=examples.request_examples()),
    answers=(
        Answer(
            status=202,
            description="The task: a new one, or the one that the idempotency key began before.",
            content=(Content(schema=_TASK, examples=examples.accepted_examples()),),
            always=(CACHING, "Location", *QUOTA),
            sometimes=("Retry-After", "Preference-Applied", "Idempotent-Replayed"),
            links=_links("$response.body#/task_id"),
        ),
        Answer(
            status=409,
            description="Not taken: the task that is already in progress.",
            content=(Content(schema=_TASK, examples=examples.active_examples()),),
            always=(CACHING, *QUOTA),
        ),
    ),
    problems=(
        BodyAborted,
        ImageNotFound,
        ReplayedTaskRemoved,
        BodyStalled,
        RequestEntityTooLarge,
        UnsupportedMediaType,
        EncodedBody,
        InvalidRequest,
        IdempotencyMismatch,
        QuotaSpent,
        LogUnavailable,
        StorageUnavailable,
        DeskContended,
    ),
    tells_quota=True,
)

_LIST: Final = Operation(
    method="get",
    path="/api/tasks",
    operation_id="listTasks",
    tag="tasks",
    summary="List tasks",
    description="The user's tasks, newest first. Other parameters than these are refused.",
    parameters=("Status", "Limit", "Cursor"),
    answers=(
        Answer(
            status=200,
            description="A page of tasks; `Link` leads to the next one, if there is one.",
            content=(
                Content(
                    schema={"type": "array", "items": _TASK, "maxItems": LIMIT_MAX},
                    examples=examples.list_examples(),
                ),
            ),
            sometimes=("Link",),
            links=_links("$response.body#/0/task_id"),
        ),
    ),
    problems=(InvalidRequest, LogUnavailable, ViewsUnavailable, ViewsBehind),
)

_SHOW: Final = Operation(
    method="get",
    path="/api/tasks/{task_id}",
    operation_id="showTask",
    tag="tasks",
    summary="Show a task",
    description="The task as it stands, or as soon as it has moved. Picture URLs are signed anew.",
    parameters=("TaskId", "IfNoneMatch", "WaitForMove"),
    answers=(
        Answer(
            status=200,
            description="The task.",
            content=(Content(schema=_TASK, examples=examples.task_examples()),),
            always=(CACHING, "ETag"),
            sometimes=("Retry-After", "Preference-Applied"),
        ),
        Answer(
            status=304,
            description="The client has this body already.",
            always=(CACHING, "ETag"),
            sometimes=("Retry-After", "Preference-Applied"),
        ),
    ),
    problems=(TaskNotFound, LogUnavailable),
)

_CANCEL: Final = Operation(
    method="post",
    path="/api/tasks/{task_id}/cancel",
    operation_id="cancelTask",
    tag="tasks",
    summary="Cancel a task",
    description="Stops an active task: no result of it will ever be recorded. Takes no body.",
    parameters=("TaskId",),
    answers=(
        Answer(
            status=200,
            description="The task, cancelled; `quota_refunded` says whether its request counts.",
            content=(Content(schema=_TASK, examples=examples.cancelled_examples()),),
            always=(CACHING, "ETag"),
            sometimes=QUOTA,
        ),
        Answer(
            status=409,
            description="The task had ended before.",
            content=(Content(schema=_TASK, examples=examples.ended_examples()),),
            always=(CACHING, "ETag"),
            sometimes=QUOTA,
        ),
    ),
    problems=(TaskNotFound, LogUnavailable, DeskContended),
)

_REMOVE: Final = Operation(
    method="delete",
    path="/api/tasks/{task_id}",
    operation_id="removeTask",
    tag="tasks",
    summary="Cancel an active task, or remove one that has ended",
    description=(
        "An active task is cancelled and stays in sight; one that has ended is hidden from then on."
    ),
    parameters=("TaskId",),
    answers=(Answer(status=204, description="Done.", always=(CACHING,), sometimes=QUOTA),),
    problems=(TaskNotFound, LogUnavailable, DeskContended),
)

_FOLLOW: Final = Operation(
    method="get",
    path="/api/tasks/{task_id}/events",
    operation_id="followTask",
    tag="tasks",
    summary="Show or follow what happens to a task",
    description=(
        "The task's events so far. With `Accept: text/event-stream`, they are streamed, and then"
        " what happens until the task ends; the `id` of each is its position in the log."
    ),
    parameters=("TaskId", "LastEventId"),
    answers=(
        Answer(
            status=200,
            description="The events, oldest first.",
            content=(
                Content(
                    schema={"type": "array", "items": reference("HistoryEntry"), "minItems": 1},
                    examples=examples.history_examples(),
                ),
                Content(
                    media_type=EVENT_STREAM,
                    schema=reference("ServerSentEvent"),
                    examples=examples.stream_examples(),
                ),
            ),
            sometimes=("X-Accel-Buffering",),
        ),
        Answer(
            status=204,
            description="The task has ended, and a stream of it was read to its end: stay away.",
        ),
    ),
    problems=(TaskNotFound, UserHasNoSeat, ProcessHasNoSeat, LogUnavailable),
)

TASK_OPERATIONS: Final = (
    _REFINE,
    _LIST,
    _SHOW,
    # The address that the first clients use.
    msgspec.structs.replace(
        _SHOW, path="/api/concepts/task/{task_id}", operation_id="showConceptTask"
    ),
    _CANCEL,
    _REMOVE,
    _FOLLOW,
)
