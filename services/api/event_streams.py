"""A task's events as server-sent events: its history, then what happens, until the task ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import ClassVar, Final

import msgspec
import structlog
from anyio import CancelScope
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send
from structlog.typing import FilteringBoundLogger
from typing_extensions import override

from events.log import EventLog, LogUnavailable, StoredEvent
from events.subjects import parse_subject
from services.api.departures import calling_when_gone
from services.api.feed import FeedClosed, News, TaskFeed, Watch
from services.api.line import WaitingLine
from services.api.seats import NoSeat, Seats
from services.api.stages import ProgressBody, progress_body

HEARTBEAT_S: Final = 15.0
# How often the place in the line is looked at: nothing tells that it has moved.
PLACE_S: Final = 1.0
STREAM_MAX_S: Final = 3600.0
RECONNECT_AFTER_MS: Final = 2000
MEDIA_TYPE: Final = "text/event-stream"
PROGRESS_EVENT: Final = "progress"

_ENDINGS: Final = frozenset({"completed", "failed", "cancelled", "removed"})
_START: Final = b"retry: %d\n\n" % RECONNECT_AFTER_MS
_HEARTBEAT: Final = b": the task goes on\n\n"
_HEADERS: Final = {
    "Content-Type": MEDIA_TYPE,
    "Cache-Control": "no-store",
    # Some proxies collect an answer before they hand it on, unless they are told not to.
    "X-Accel-Buffering": "no",
}

_ENCODER: Final = msgspec.json.Encoder()
_log: FilteringBoundLogger = structlog.get_logger()

Frames = AsyncGenerator[bytes, None]


class EventStreams:
    """Makes streams, each of the events of one task."""

    def __init__(
        self,
        *,
        log: EventLog,
        feed: TaskFeed,
        line: WaitingLine,
        seats: Seats,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._log = log
        self._feed = feed
        self._line = line
        self._seats = seats
        self._heartbeat_s = heartbeat_s

    async def open(
        self, history: Sequence[StoredEvent], *, user_key: str, task_id: str, after: int
    ) -> ASGIResponse:
        """The answer that streams what lies behind position `after`.

        Args:
            history: the task's events so far.
            user_key: the task's owner.
            task_id: the task.
            after: the position of the last event that the client has; 0 for none.

        Raises:
            NoSeat: too many requests wait already.
        """
        if _is_ended(history) and after >= history[-1].position:
            # The one status that keeps a browser from coming back for more.
            return ASGIResponse(status_code=204, headers={"Cache-Control": "no-store"})
        self._seats.require(user_key)
        return EventStream(self.frames(user_key=user_key, task_id=task_id, after=after))

    async def frames(self, *, user_key: str, task_id: str, after: int) -> Frames:
        """The frames of a stream; it just ends where it cannot go on, and the client comes back."""
        try:
            with self._seats.take(user_key), self._feed.watch(task_id) as watch:
                yield _START
                told = self._told(watch, user_key=user_key, task_id=task_id)
                async with aclosing(told):
                    async for one in told:
                        if one is None:
                            yield _HEARTBEAT
                        elif isinstance(one, ProgressBody):
                            yield progress_frame_of(one)
                        elif one.position > after:
                            yield frame_of(one)
                            after = one.position
                            if _is_ended((one,)):
                                return
        except (FeedClosed, NoSeat, LogUnavailable) as error:
            _log.info("stream.ended_early", reason=type(error).__name__)

    async def _told(
        self, watch: Watch, *, user_key: str, task_id: str
    ) -> AsyncGenerator[StoredEvent | ProgressBody | None, None]:
        """All events of a task, some of them again; how far it is; None where it is quiet."""
        now = asyncio.get_running_loop().time
        ends_at = now() + STREAM_MAX_S
        quiet_since = now()
        last: StoredEvent | None = None
        progress: ProgressBody | None = None
        # Read only after the watch has begun: what happens meanwhile, the watch tells.
        news = News(may_lack=True, progress=self._feed.progress_of(task_id))
        while now() < ends_at:
            events = news.events
            if news.may_lack:
                events = await self._log.read_history(user_key=user_key, task_id=task_id)
            for stored in events:
                yield stored
                quiet_since = now()
                last = stored if last is None or stored.position > last.position else last
            moved = self._progress(news, last)
            if moved is not None and moved != progress:
                yield moved
                progress = moved
                quiet_since = now()
            elif now() - quiet_since >= self._heartbeat_s:
                yield None
                quiet_since = now()
            news = await watch.news(wait_s=min(self._heartbeat_s, PLACE_S))

    def _progress(self, news: News, last: StoredEvent | None) -> ProgressBody | None:
        """How far a task is after its last event: its place in the line, or what was signalled."""
        match None if last is None else parse_subject(last.subject).event:
            case "requested" if last is not None:
                place = self._line.place_of(last.position)
                return ProgressBody(stage="queued", fraction=0.0, position=place)
            case "processing" if news.progress is not None:
                return progress_body(news.progress)
            case _:
                return None


class EventStream(ASGIResponse):
    """Sends frames as they come, and stops when the client goes away."""

    # The length is not known, and must not be said to be that of an empty body.
    _should_set_content_length: ClassVar[bool] = False

    def __init__(self, frames: Frames) -> None:
        super().__init__(headers=_HEADERS)
        self._frames = frames

    @override
    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send all frames, or as many as the client waits for."""
        with CancelScope() as scope:
            async with calling_when_gone(receive, scope.cancel), aclosing(self._frames) as frames:
                async for frame in frames:
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def frame_of(stored: StoredEvent) -> bytes:
    """One event: its position as the id, its name, and its bytes as they lie in the log."""
    name = parse_subject(stored.subject).event.encode()
    lines = b"".join(b"data: %b\n" % line for line in stored.body.splitlines())
    return b"id: %d\nevent: %b\n%b\n" % (stored.position, name, lines)


def progress_frame_of(progress: ProgressBody) -> bytes:
    """How far a task is. Without an id: it is not history, and nothing is resumed behind it."""
    name = PROGRESS_EVENT.encode()
    return b"event: %b\ndata: %b\n\n" % (name, _ENCODER.encode(progress))


def _is_ended(history: Sequence[StoredEvent]) -> bool:
    return bool(history) and parse_subject(history[-1].subject).event in _ENDINGS
