"""Compares the bucket with the log: results as recorded, and objects that no event names."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from events.codec import decode
from events.log import EventLog, FollowInterrupted, StoredEvent
from events.subjects import parse_subject
from events.task import RecordedEvent, Status, StoredImage, TaskCompleted, fold
from services.adapters.storage import (
    RESULTS,
    ListedObject,
    ObjectMissing,
    ObjectStore,
    ObjectTooLarge,
    result_place,
)
from services.runtime.retries import Backoff

AT_ONCE: Final = 8
INTERRUPTIONS_MAX: Final = 5

_BACKOFF: Final = Backoff(base_s=0.2, max_s=5.0)

Item = TypeVar("Item")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A result that is not in the bucket as its event says."""

    key: str
    task_id: str
    position: int
    reason: str


class Origin(StrEnum):
    """How an object came to be one that no event names."""

    LOST = "lost"
    UNKNOWN = "unknown"


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """An object that no event names.

    LOST is of an attempt that lost its task, and no event will ever name it. UNKNOWN is of no task
    in this log: perhaps of another log that shares the bucket, or this one was rolled back.
    """

    listed: ListedObject
    origin: Origin


Progress = Callable[[int], None]


class StorageAudit:
    """Reads a log and a bucket; memory and concurrency do not grow with either."""

    def __init__(self, *, log: EventLog, store: ObjectStore) -> None:
        self._log = log
        self._store = store
        self.images_count = 0
        self.objects_count = 0

    async def verify(
        self, *, head: int, tell: Callable[[Difference], None], passed: Progress
    ) -> None:
        """Read every recorded result up to the position `head`; `passed` is told positions.

        Raises:
            StorageUnavailable: the bucket does not answer.
            LogError: the log does not, however often it is tried.
            UnreadableEvent: an event is of a newer version.
        """

        async def check(image: tuple[RecordedEvent, StoredImage]) -> None:
            recorded, expected = image
            reason = await self._difference(expected)
            self.images_count += 1
            if reason is not None:
                tell(
                    Difference(
                        key=expected.key,
                        task_id=recorded.task_id,
                        position=recorded.position,
                        reason=reason,
                    )
                )

        await _each(self._recorded_images(head, passed), check)

    async def find_orphans(
        self, *, tell: Callable[[Orphan], Awaitable[None]], passed: Progress
    ) -> None:
        """Look for objects that no event names and none under way will; `passed` is told counts.

        Raises:
            StorageUnavailable: the bucket does not answer.
            LogError: the log does not.
            UnreadableEvent: an event is of a newer version.
        """

        async def look(listed: ListedObject) -> None:
            origin = await self._origin(listed.key)
            self.objects_count += 1
            passed(self.objects_count)
            if origin is not None:
                await tell(Orphan(listed=listed, origin=origin))

        await _each(self._store.keys(RESULTS), look)

    async def _recorded_images(
        self, head: int, passed: Progress
    ) -> AsyncIterator[tuple[RecordedEvent, StoredImage]]:
        position = 0
        interruptions = 0
        while position < head:
            try:
                async for batch in self._log.follow(after=position):
                    for stored in batch:
                        for image in _images_of(stored):
                            yield image
                        position = stored.position
                    interruptions = 0
                    passed(min(position, head))
                    if position >= head:
                        return
            except FollowInterrupted:
                interruptions += 1
                if interruptions > INTERRUPTIONS_MAX:
                    raise
                await asyncio.sleep(_BACKOFF.delay_s(interruptions))

    async def _difference(self, expected: StoredImage) -> str | None:
        try:
            body = await self._store.get(expected.key, bytes_max=expected.bytes)
        except ObjectMissing:
            return "missing"
        except ObjectTooLarge:
            return f"more than the {expected.bytes} bytes recorded"
        if len(body) != expected.bytes:
            return f"{len(body)} bytes, {expected.bytes} recorded"
        # Hashing megabytes would keep the log's heartbeats waiting.
        digest = await asyncio.to_thread(_sha256, body)
        if digest != expected.sha256:
            return f"sha256 {digest}, {expected.sha256} recorded"
        return None

    async def _origin(self, key: str) -> Origin | None:
        """Why no event names an object; None if one does, or still may."""
        place = result_place(key)
        if place is None:
            return Origin.UNKNOWN
        owner = {"user_key": place.user_key, "task_id": place.task_id}
        last = await self._log.read_last(**owner)
        if last is None:
            return Origin.UNKNOWN
        if _names(last, key):
            return None
        history = [decode(stored) for stored in await self._log.read_history(**owner)]
        if any(_names(recorded, key) for recorded in history):
            return None
        task = fold(history)
        # Until its task has moved on, an attempt may still record what it has stored.
        is_under_way = (
            task is not None and task.status is Status.PROCESSING and task.attempt == place.attempt
        )
        return None if is_under_way else Origin.LOST


def may_sweep(orphan: Orphan, *, now: datetime, older_than: timedelta) -> bool:
    """Whether an object may be removed: only what this log knows as lost, and only old ones."""
    return orphan.origin is Origin.LOST and now - orphan.listed.modified_at > older_than


def _images_of(stored: StoredEvent) -> tuple[tuple[RecordedEvent, StoredImage], ...]:
    if parse_subject(stored.subject).event != "completed":
        return ()
    recorded = decode(stored)
    completed = recorded.event.data
    assert isinstance(completed, TaskCompleted)
    return tuple((recorded, image) for image in completed.images)


def _names(recorded: RecordedEvent, key: str) -> bool:
    completed = recorded.event.data
    return isinstance(completed, TaskCompleted) and any(
        image.key == key for image in completed.images
    )


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def _each(items: AsyncIterator[Item], act: Callable[[Item], Awaitable[None]]) -> None:
    """Act on each item, `AT_ONCE` of them at a time; no more are read than are acted on."""
    waiting: asyncio.Queue[Item | None] = asyncio.Queue(AT_ONCE)

    async def work() -> None:
        while (item := await waiting.get()) is not None:
            await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
            async for item in items:
                await waiting.put(item)
            for _ in range(AT_ONCE):
                await waiting.put(None)
    except ExceptionGroup as failures:
        # The others were cancelled for the first to fail.
        raise failures.exceptions[0] from failures
