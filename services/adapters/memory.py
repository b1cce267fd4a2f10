"""The log, its queue, a bucket and signals in memory: for tests, and held to the same contracts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from events.codec import decode, encode, event_name
from events.log import (
    AppendConflict,
    Delivery,
    DeskReading,
    LogUnavailable,
    StoredEvent,
    TaskReading,
)
from events.progress import Progress, decode_progress, encode_progress, progress_subject
from events.subjects import desk_filter, event_subject, parse_subject, task_filter
from events.task import CloudEvent, RecordedEvent, TaskEvent
from services.adapters.storage import (
    ListedObject,
    ObjectMissing,
    ObjectTooLarge,
    StorageUnavailable,
)

ACK_WAIT_S: Final = 30.0


class MemoryLog:
    """An event log in a list; `is_available = False` makes every call fail as an outage does."""

    def __init__(self) -> None:
        self.is_available = True
        self._events: list[StoredEvent] = []
        self._appended = asyncio.Condition()

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Append if the desk has not moved; the same event again is the same append."""
        # Give up the loop as a real append does, so that concurrent callers really interleave.
        await asyncio.sleep(0)
        self._check("append")
        subject = event_subject(
            user_key=user_key, task_id=event.subject, event=event_name(event.type)
        )
        body = encode(event)
        earlier = self._last(lambda place: place == subject)
        if earlier is not None and decode(earlier).event.id == event.id:
            return decode(earlier)
        if self._position(desk_filter(user_key)) != expected_position:
            raise AppendConflict(subject=subject, expected_position=expected_position)
        stored = StoredEvent(position=len(self._events) + 1, subject=subject, body=body)
        self._events.append(stored)
        async with self._appended:
            self._appended.notify_all()
        return decode(stored)

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """The desk of one user."""
        await asyncio.sleep(0)
        self._check("read a desk")
        requests = f"{desk_filter(user_key)[:-1]}"
        newest = self._last(lambda place: place.startswith(requests) and _is_request(place))
        return DeskReading(
            position=self._position(desk_filter(user_key)),
            newest=() if newest is None else self._ends(user_key, _task_of(newest)),
            replayed=() if replay_of is None else self._ends(user_key, replay_of),
        )

    async def read_task(self, *, user_key: str, task_id: str) -> TaskReading | None:
        """One task of one user."""
        await asyncio.sleep(0)
        self._check("read a task")
        ends = self._ends(user_key, task_id)
        if not ends:
            return None
        return TaskReading(position=self._position(desk_filter(user_key)), events=ends)

    async def read_last(self, *, user_key: str, task_id: str) -> RecordedEvent | None:
        """The task's last event."""
        await asyncio.sleep(0)
        self._check("read a task")
        ends = self._ends(user_key, task_id)
        return ends[-1] if ends else None

    async def read_desk_tail(
        self, user_key: str, *, after: int, limit: int
    ) -> tuple[RecordedEvent, ...]:
        """The desk behind a position."""
        await asyncio.sleep(0)
        self._check("read a desk")
        desk = self._matching(desk_filter(user_key))
        tail = [one for one in desk if one.position > after]
        return tuple(decode(one) for one in tail[:limit])

    async def read_history(self, *, user_key: str, task_id: str) -> tuple[StoredEvent, ...]:
        """All events of one task."""
        self._check("read a history")
        return self._matching(task_filter(user_key=user_key, task_id=task_id))

    async def read_at(self, position: int) -> StoredEvent | None:
        """The event at a position."""
        self._check("read an event")
        return self._events[position - 1] if 1 <= position <= len(self._events) else None

    async def head(self) -> int:
        """The position of the last event."""
        self._check("read the head")
        return len(self._events)

    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """All events behind `after`, for ever."""
        while True:
            self._check("follow")
            batch = self._events[after:]
            if batch:
                after = batch[-1].position
                yield tuple(batch)
                continue
            async with self._appended:
                if len(self._events) <= after:
                    await self._appended.wait()

    def requests(self, *, after: int) -> tuple[StoredEvent, ...]:
        """The requests behind a position, for the queue."""
        self._check("read requests")
        return tuple(one for one in self._events[after:] if _is_request(one.subject))

    async def appended(self, *, wait_s: float) -> None:
        """Wait for the next append, at most `wait_s`."""
        try:
            async with asyncio.timeout(wait_s), self._appended:
                await self._appended.wait()
        except TimeoutError:
            return

    def _check(self, operation: str) -> None:
        if not self.is_available:
            raise LogUnavailable(operation=operation, reason="switched off")

    def _last(self, matches: Callable[[str], bool]) -> StoredEvent | None:
        return next((one for one in reversed(self._events) if matches(one.subject)), None)

    def _matching(self, wildcard: str) -> tuple[StoredEvent, ...]:
        prefix = wildcard.removesuffix(">")
        return tuple(one for one in self._events if one.subject.startswith(prefix))

    def _position(self, wildcard: str) -> int:
        matching = self._matching(wildcard)
        return matching[-1].position if matching else 0

    def _ends(self, user_key: str, task_id: str) -> tuple[RecordedEvent, ...]:
        """The first and the last event of a task: once if they are one."""
        matching = self._matching(task_filter(user_key=user_key, task_id=task_id))
        if not matching:
            return ()
        ends = matching[:1] if len(matching) == 1 else (matching[0], matching[-1])
        return tuple(decode(one) for one in ends)


class MemoryQueue:
    """The requests of a `MemoryLog`, handed out again when nobody answers for them in time."""

    def __init__(self, log: MemoryLog, *, ack_wait_s: float = ACK_WAIT_S) -> None:
        self._log = log
        self._ack_wait_s = ack_wait_s
        self._position = 0
        self._counts: dict[int, int] = {}
        self._open: dict[int, tuple[StoredEvent, float]] = {}
        self._is_closed = False

    async def next(self, *, wait_s: float) -> Delivery | None:
        """The next request that is due."""
        ends_at = monotonic() + wait_s
        while not self._is_closed:
            for stored in self._log.requests(after=self._position):
                self._position = stored.position
                self._open[stored.position] = (stored, 0.0)
            now = monotonic()
            due = [one for one, (_, due_at) in self._open.items() if due_at <= now]
            if due:
                return self._hand_out(min(due))
            if now >= ends_at:
                return None
            waits = [due_at - now for _, due_at in self._open.values()]
            await self._log.appended(wait_s=min([ends_at - now, *waits]))
        return None

    async def close(self) -> None:
        """Hand out no more."""
        self._is_closed = True

    def is_waiting(self, position: int) -> bool:
        """Whether a request is still to be handed out, now or later."""
        return position in self._open

    def hurry(self) -> None:
        """Let every postponed request be due now, as if time had passed."""
        self._open = {position: (stored, 0.0) for position, (stored, _) in self._open.items()}

    def answer(self, position: int, *, due_in_s: float | None) -> None:
        """Hand a request out again in `due_in_s`, or never again if None."""
        if due_in_s is None:
            self._open.pop(position, None)
        elif position in self._open:
            self._open[position] = (self._open[position][0], monotonic() + due_in_s)

    def _hand_out(self, position: int) -> "MemoryDelivery":
        self._counts[position] = self._counts.get(position, 0) + 1
        self.answer(position, due_in_s=self._ack_wait_s)
        return MemoryDelivery(
            self,
            stored=self._open[position][0],
            count=self._counts[position],
            ack_wait_s=self._ack_wait_s,
        )


class MemoryDelivery:
    """A request handed out by a `MemoryQueue`."""

    def __init__(
        self, queue: MemoryQueue, *, stored: StoredEvent, count: int, ack_wait_s: float
    ) -> None:
        self.stored = stored
        self.count = count
        self._queue = queue
        self._ack_wait_s = ack_wait_s

    async def extend(self) -> None:
        """Begin the wait anew."""
        self._queue.answer(self.stored.position, due_in_s=self._ack_wait_s)

    async def acknowledge(self) -> None:
        """Never again."""
        self._queue.answer(self.stored.position, due_in_s=None)

    async def postpone(self, delay_s: float) -> None:
        """Again, later."""
        self._queue.answer(self.stored.position, due_in_s=delay_s)


class MemoryProgress:
    """Signals between callers of one event loop; `is_available = False` loses them all."""

    def __init__(self) -> None:
        self.is_available = True
        self._receivers: dict[object, Callable[[Progress], None]] = {}

    async def send(self, progress: Progress) -> None:
        """Tell those who listen, soon."""
        subject = progress_subject(user_key=progress.user_key, task_id=progress.task_id)
        heard = decode_progress(encode_progress(progress), subject=subject)
        loop = asyncio.get_running_loop()
        for ear in tuple(self._receivers) if self.is_available else ():
            loop.call_soon(self._tell, ear, heard)

    async def listen(self, receive: Callable[[Progress], None]) -> Callable[[], Awaitable[None]]:
        """Hear of all tasks."""
        ear = object()
        self._receivers[ear] = receive

        async def stop() -> None:
            self._receivers.pop(ear, None)

        return stop

    def _tell(self, ear: object, progress: Progress) -> None:
        if ear in self._receivers:
            self._receivers[ear](progress)


class MemoryObjectStore:
    """A bucket in a dict; `is_available = False` makes every call fail as an outage does."""

    def __init__(
        self, *, endpoint: str = "http://storage.test:9000", bucket: str = "refinery"
    ) -> None:
        self.is_available = True
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.modified_at: dict[str, datetime] = {}
        self._base = f"{endpoint}/{bucket}/"

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object."""
        await self.check()
        self.objects[key] = (body, content_type)
        self.modified_at[key] = datetime.now(UTC)

    async def get(self, key: str, *, bytes_max: int) -> bytes:
        """The bytes of an object."""
        await self.check()
        if key not in self.objects:
            raise ObjectMissing(key)
        body, _ = self.objects[key]
        if len(body) > bytes_max:
            raise ObjectTooLarge(key, bytes_max=bytes_max)
        return body

    async def exists(self, key: str) -> bool:
        """Whether there is an object."""
        await self.check()
        return key in self.objects

    async def delete(self, key: str) -> None:
        """Remove an object."""
        await self.check()
        self.objects.pop(key, None)

    async def keys(self, prefix: str) -> AsyncIterator[ListedObject]:
        """All objects under a prefix."""
        for key in sorted(self.objects):
            await self.check()
            if key.startswith(prefix) and key in self.objects:
                body, _ = self.objects[key]
                yield ListedObject(key=key, bytes=len(body), modified_at=self.modified_at[key])

    async def presign(self, key: str, *, expires_s: int) -> str:
        """A URL that looks signed."""
        return f"{self._base}{key}?X-Amz-Expires={expires_s}&X-Amz-Signature=memory"

    def key_of(self, url: str) -> str | None:
        """The key that a URL of this bucket names."""
        key = url.partition("?")[0].removeprefix(self._base)
        return key if url.startswith(self._base) and key else None

    async def check(self) -> None:
        """Answer if switched on."""
        if not self.is_available:
            raise StorageUnavailable(operation="any", reason="switched off")


def _is_request(subject: str) -> bool:
    return parse_subject(subject).event == "requested"


def _task_of(stored: StoredEvent) -> str:
    return parse_subject(stored.subject).task_id
