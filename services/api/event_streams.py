"""A task's events as server-sent events: its history, then what happens, until the task ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import ClassVar, Final

import structlog
from anyio import CancelScope, create_task_group
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send
from structlog.typing import FilteringBoundLogger
from typing_extensions import override

from events.log import EventLog, LogUnavailable, StoredEvent
from events.subjects import parse_subject
from services.api.edge import BodyAborted
from services.api.feed import FeedClosed, TaskFeed, Watch
from services.api.seats import NoSeat, Seats

HEARTBEAT_S: Final = 15.0
STREAM_MAX_S: Final = 3600.0
RECONNECT_AFTER_MS: Final = 2000
MEDIA_TYPE: Final = "text/event-stream"

_ENDINGS: Final = frozenset({"completed", "failed", "cancelled", "removed"})
_START: Final = b"retry: %d\n\n" % RECONNECT_AFTER_MS
_HEARTBEAT: Final = b": the task goes on\n\n"
_HEADERS: Final = {
    "Content-Type": MEDIA_TYPE,
    "Cache-Control": "no-store",
    # Some proxies collect an answer before they hand it on, unless they are told not to.
    "X-Accel-Buffering": "no",
}

_log: FilteringBoundLogger = structlog.get_logger()

Frames = AsyncGenerator[bytes, None]


class EventStreams:
    """Makes streams, each of the events of one task."""

    def __init__(
        self, *, log: EventLog, feed: TaskFeed, seats: Seats, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._log = log
        self._feed = feed
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
                events = self._events(watch, user_key=user_key, task_id=task_id)
                async with aclosing(events):
                    async for stored in events:
                        if stored is None:
                            yield _HEARTBEAT
                        elif stored.position > after:
                            yield frame_of(stored)
                            after = stored.position
                            if _is_ended((stored,)):
                                return
        except (FeedClosed, NoSeat, LogUnavailable) as error:
            _log.info("stream.ended_early", reason=type(error).__name__)

    async def _events(
        self, watch: Watch, *, user_key: str, task_id: str
    ) -> AsyncGenerator[StoredEvent | None, None]:
        """All events of a task, in order, some of them again; None where nothing happens."""
        ends_at = asyncio.get_running_loop().time() + STREAM_MAX_S
        may_lack = True
        while asyncio.get_running_loop().time() < ends_at:
            if may_lack:
                # Only after the watch has begun: what happens meanwhile, the watch tells.
                for stored in await self._log.read_history(user_key=user_key, task_id=task_id):
                    yield stored
            news = await watch.news(wait_s=self._heartbeat_s)
            may_lack = news.may_lack
            for stored in news.events:
                yield stored
            if not news.events and not may_lack:
                yield None


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
        async with create_task_group() as group, aclosing(self._frames) as frames:
            group.start_soon(_cancel_when_gone, group.cancel_scope, receive)
            async for frame in frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()


def frame_of(stored: StoredEvent) -> bytes:
    """One event: its position as the id, its name, and its bytes as they lie in the log."""
    name = parse_subject(stored.subject).event.encode()
    lines = b"".join(b"data: %b\n" % line for line in stored.body.splitlines())
    return b"id: %d\nevent: %b\n%b\n" % (stored.position, name, lines)


def _is_ended(history: Sequence[StoredEvent]) -> bool:
    return bool(history) and parse_subject(history[-1].subject).event in _ENDINGS


async def _cancel_when_gone(scope: CancelScope, receive: Receive) -> None:
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except BodyAborted:
        # The same news, from the layer that watches over request bodies.
        pass
    scope.cancel()
