"""What requests may say beside their body."""

from typing import Final

from events.task import Status
from services.api.cursors import CURSOR_PATTERN, write_cursor
from services.api.list_requests import CURSOR, LIMIT, LIMIT_DEFAULT, LIMIT_MAX, STATUS
from services.api.openapi.json_values import JsonObject
from services.api.openapi.schemas import TASK_ID as TASK_ID_SCHEMA
from services.api.openapi.schemas import reference
from services.api.openapi.task_examples import TASK_ID
from services.api.preferences import WAIT_MAX_S
from services.api.refinement_requests import IDEMPOTENCY_HEADER, IDEMPOTENCY_PATTERN


def _header(name: str, description: str, example: str, **limits: object) -> JsonObject:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **limits},
        "example": example,
    }


def _query(name: str, description: str) -> JsonObject:
    return {"name": name, "in": "query", "required": False, "description": description}


PARAMETERS: Final[JsonObject] = {
    "TaskId": {
        "name": "task_id",
        "in": "path",
        "required": True,
        "description": "A task's id. One that is malformed names no task.",
        "schema": TASK_ID_SCHEMA,
        "example": TASK_ID,
    },
    "Asset": {
        "name": "asset",
        "in": "path",
        "required": True,
        "description": "The name of a file, as the page has it.",
        "schema": {"type": "string", "minLength": 1},
        "example": "page.css",
    },
    "Status": {
        **_query(STATUS, "Only tasks in these statuses; without it, in any."),
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "items": reference("Status")},
        "example": ["completed", "failed"],
    },
    "Limit": {
        **_query(LIMIT, "How many tasks at most."),
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": LIMIT_MAX,
            "default": LIMIT_DEFAULT,
        },
        "example": 20,
    },
    "Cursor": {
        **_query(CURSOR, "Where the page begins: from a `Link`, with the same `status` as there."),
        "schema": {"type": "string", "pattern": f"^{CURSOR_PATTERN}$"},
        "example": write_cursor(position=17, statuses=(Status.COMPLETED, Status.FAILED)),
    },
    "RequestId": _header(
        "X-Request-ID",
        "Names the request: 1 to 64 letters, digits, `.`, `_` and `-`. Another one is ignored.",
        "3795938fd0ef4995e0524effef71a4a6",
    ),
    "IdempotencyKey": _header(
        IDEMPOTENCY_HEADER,
        "The same key and request again answer with the same task: 1 to 255 visible ASCII"
        " characters, in quotes or not.",
        "my-first-request",
        pattern=f"^(?:{IDEMPOTENCY_PATTERN})$",
    ),
    "WaitForEnd": _header(
        "Prefer",
        f"`wait=N`: answer when the task has ended, or after N seconds (at most {WAIT_MAX_S})."
        " Anything else is ignored.",
        "wait=30",
    ),
    "WaitForMove": _header(
        "Prefer",
        f"`wait=N`: answer when the task has moved, or after N seconds (at most {WAIT_MAX_S})."
        " Anything else is ignored.",
        "wait=30",
    ),
    "IfNoneMatch": _header(
        "If-None-Match", "The `ETag` of the body that the client has.", 'W/"17-0"'
    ),
    "LastEventId": _header(
        "Last-Event-ID",
        "The position that a stream is resumed behind; one that is none of this task's begins"
        " anew. It only concerns streams.",
        "17",
    ),
}
