"""The route of a task's events: as JSON what has happened, as a stream also what happens next."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from events.ids import is_task_id
from events.log import EventLog, StoredEvent
from events.subjects import parse_subject
from services.api.bodies import HistoryEntry
from services.api.edge import facts_of
from services.api.event_streams import MEDIA_TYPE, EventStreams
from services.api.requests import AuthenticatedRequest, header_values
from services.api.task_reader import TaskNotFound

_POSITION: Final = re.compile(r"[1-9][0-9]{0,18}")
# What of an Accept header names the media type, with any weight but none.
_STREAM: Final = re.compile(
    rf"{re.escape(MEDIA_TYPE)}[ \t]*(?!.*;[ \t]*q=0(?:\.0*)?[ \t]*$)(?:;.*)?", re.IGNORECASE
)


_ENCODER: Final = msgspec.json.Encoder()


def history_route(*, log: EventLog, streams: EventStreams) -> HTTPRouteHandler:
    """`GET /api/tasks/{id}/events`."""

    @get(
        "/api/tasks/{task_id:str}/events",
    )
    async def follow_task(request: AuthenticatedRequest, task_id: FromPath[str]) -> ASGIResponse:
        user_key = request.user.user_key
        history = await _history_of(log, user_key=user_key, task_id=task_id)
        facts_of(request.scope).task_id = task_id
        if not _wants_stream(header_values(request.scope, b"accept")):
            return _as_json(history)
        after = _resume_after(header_values(request.scope, b"last-event-id"), history)
        return await streams.open(history, user_key=user_key, task_id=task_id, after=after)

    return follow_task


async def _history_of(log: EventLog, *, user_key: str, task_id: str) -> Sequence[StoredEvent]:
    """All events of a task that its owner may see."""
    if not is_task_id(task_id):
        raise TaskNotFound(task_id)
    history = await log.read_history(user_key=user_key, task_id=task_id)
    if not history or parse_subject(history[-1].subject).event == "removed":
        raise TaskNotFound(task_id)
    return history


def _as_json(history: Sequence[StoredEvent]) -> ASGIResponse:
    entries = [HistoryEntry(position=one.position, event=msgspec.Raw(one.body)) for one in history]
    return ASGIResponse(body=_ENCODER.encode(entries), headers={"Cache-Control": "no-store"})


def _wants_stream(values: Sequence[str]) -> bool:
    ranges = (one.strip() for value in values for one in value.split(","))
    return any(_STREAM.fullmatch(one) for one in ranges)


def _resume_after(values: Sequence[str], history: Sequence[StoredEvent]) -> int:
    """The position that a client has got to; 0 where it names no event of this task.

    What cannot be placed begins anew: an event told twice is better than one never told.
    """
    if len(values) != 1 or _POSITION.fullmatch(values[0]) is None:
        return 0
    position = int(values[0])
    return position if any(one.position == position for one in history) else 0
