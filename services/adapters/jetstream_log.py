"""The event log on NATS JetStream.

What the calls below rely on, and what they avoid, is in docs/decisions/0003-one-desk-filter.md and
docs/decisions/0004-ambiguous-appends.md.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from time import monotonic
from typing import Final

import msgspec

from events.codec import CONTENT_TYPE, decode, encode, event_name
from events.log import AppendConflict, DeskReading, LogUnavailable, StoredEvent, TaskReading
from events.subjects import STREAM, desk_filter, desk_requests, event_subject, task_filter
from events.task import CloudEvent, RecordedEvent, TaskEvent
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_answers import AppendAnswer, MessageAnswer, StreamAnswer
from services.adapters.jetstream_follower import Follower
from services.runtime.retries import Backoff

APPEND_DEADLINE_S: Final = 10.0
READ_DEADLINE_S: Final = 5.0

_BACKOFF: Final = Backoff(base_s=0.02, max_s=0.5)
_NOT_FOUND: Final = 10037
_WRONG_POSITION: Final = 10071
_MESSAGE: Final = msgspec.json.Decoder(MessageAnswer)
_APPENDED: Final = msgspec.json.Decoder(AppendAnswer)
_STREAM: Final = msgspec.json.Decoder(StreamAnswer)


class JetStreamLog:
    """The event log: see `events.log.EventLog` for what each call promises."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self._connection = connection

    async def append(
        self, event: CloudEvent[TaskEvent], *, user_key: str, expected_position: int
    ) -> RecordedEvent:
        """Append, with the one filter that every append of this desk is guarded with.

        Every try carries the same event id and the same expected position, so a try whose answer
        was lost can only be this append, or fail (docs/decisions/0004-ambiguous-appends.md).
        """
        name = event_name(event.type)
        subject = event_subject(user_key=user_key, task_id=event.subject, event=name)
        body = encode(event)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Nats-Msg-Id": event.id,
            "Nats-Expected-Stream": STREAM,
            "Nats-Expected-Last-Subject-Sequence": str(expected_position),
            "Nats-Expected-Last-Subject-Sequence-Subject": desk_filter(user_key),
        }
        deadline = monotonic() + APPEND_DEADLINE_S
        tries = 0
        while True:
            tries += 1
            try:
                answer = _APPENDED.decode(
                    await self._connection.request(subject, body, headers=headers)
                )
            except LogUnavailable:
                if monotonic() > deadline:
                    raise
            else:
                if answer.error is None:
                    return decode(StoredEvent(position=answer.seq, subject=subject, body=body))
                if answer.error.err_code == _WRONG_POSITION:
                    return await self._settle(event, user_key, expected_position, subject)
                # The rest passes: a clash in flight (10164), the same id in flight (10158), an
                # election. Nothing of this try was written.
                if monotonic() > deadline:
                    reason = answer.error.description
                    raise LogUnavailable(operation="append", reason=reason)
            await asyncio.sleep(_BACKOFF.delay_s(tries))

    async def _settle(
        self, event: CloudEvent[TaskEvent], user_key: str, expected_position: int, subject: str
    ) -> RecordedEvent:
        """Decide an append that was refused for its position: perhaps an earlier try of it landed.

        If one did, it lies directly behind the expected position on the desk, whatever came after.
        """
        follower = await self._read(
            {"seq": expected_position + 1, "next_by_subj": desk_filter(user_key)}
        )
        if follower is not None and follower.subject == subject:
            recorded = decode(follower)
            if recorded.event.id == event.id:
                return recorded
        raise AppendConflict(subject=subject, expected_position=expected_position)

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """The desk: one small read for a new user, two for most, never a replay.

        The last event comes first, because its position is what the decision is held to: what is
        read after it is no older, and what is newer makes the append fail. It is of the newest task
        unless it is a removal, since a request is only admitted when the task before it has ended.
        """
        last = await self._last(desk_filter(user_key))
        newest: tuple[RecordedEvent, ...] = ()
        if last is not None:
            newest = await self._newest_task(last)
        replayed: tuple[RecordedEvent, ...] = ()
        if replay_of is not None:
            reading = await self.read_task(user_key=user_key, task_id=replay_of)
            replayed = () if reading is None else reading.events
        position = 0 if last is None else last.position
        return DeskReading(position=position, newest=newest, replayed=replayed)

    async def read_task(self, *, user_key: str, task_id: str) -> TaskReading | None:
        """The task: its first event, its last one, and the position of its desk."""
        subject = event_subject(user_key=user_key, task_id=task_id, event="requested")
        last, first = await asyncio.gather(self._last(desk_filter(user_key)), self._last(subject))
        if last is None or first is None:
            return None
        return TaskReading(position=last.position, events=await self._ends(first, last))

    async def read_last(self, *, user_key: str, task_id: str) -> RecordedEvent | None:
        """The task's last event."""
        return await self._last(task_filter(user_key=user_key, task_id=task_id))

    async def read_desk_tail(
        self, user_key: str, *, after: int, limit: int
    ) -> tuple[RecordedEvent, ...]:
        """The desk's last event tells whether there is a tail; only then is it read, one by one."""
        wildcard = desk_filter(user_key)
        last = await self._read({"last_by_subj": wildcard})
        if last is None:
            return ()
        tail: list[RecordedEvent] = []
        while after < last.position and len(tail) < limit:
            stored = await self._read({"seq": after + 1, "next_by_subj": wildcard})
            if stored is None:
                # The leader has less than it had: an election is under way.
                raise LogUnavailable(operation="read a desk", reason="its last event is gone")
            tail.append(decode(stored))
            after = stored.position
        return tuple(tail)

    async def read_history(self, *, user_key: str, task_id: str) -> tuple[StoredEvent, ...]:
        """The task's events one after the other; a task has a handful of them."""
        wildcard = task_filter(user_key=user_key, task_id=task_id)
        history: list[StoredEvent] = []
        after = 0
        while True:
            stored = await self._read({"seq": after + 1, "next_by_subj": wildcard})
            if stored is None:
                return tuple(history)
            history.append(stored)
            after = stored.position

    async def read_at(self, position: int) -> StoredEvent | None:
        """The event at a position."""
        return await self._read({"seq": position})

    async def head(self) -> int:
        """The stream's last sequence."""
        answer = _STREAM.decode(await self._ask(f"STREAM.INFO.{STREAM}"))
        if answer.state is None:
            raise LogUnavailable(operation="read the head", reason=answer.reason())
        return answer.state.last_seq

    async def follow(self, *, after: int) -> AsyncGenerator[Sequence[StoredEvent], None]:
        """An ordered push consumer, made anew by each call and gone soon after it."""
        follower = await Follower.start(self._connection, after=after)
        try:
            while True:
                yield await follower.batch()
        finally:
            await follower.stop()

    async def _newest_task(self, last: RecordedEvent) -> tuple[RecordedEvent, ...]:
        """The ends of the newest task of a desk, given the desk's last event."""
        match event_name(last.event.type):
            case "requested":
                return (last,)
            case "removed":
                requests = desk_requests(last.user_key)
            case _:
                requests = event_subject(
                    user_key=last.user_key, task_id=last.task_id, event="requested"
                )
        first = await self._last(requests)
        return () if first is None else await self._ends(first, last)

    async def _ends(self, first: RecordedEvent, last: RecordedEvent) -> tuple[RecordedEvent, ...]:
        """The first and the last event of a task, given the last event of its desk."""
        if last.task_id != first.task_id:
            own = await self.read_last(user_key=first.user_key, task_id=first.task_id)
            last = own or first
        return (first,) if last.position == first.position else (first, last)

    async def _last(self, wildcard: str) -> RecordedEvent | None:
        stored = await self._read({"last_by_subj": wildcard})
        return None if stored is None else decode(stored)

    async def _read(self, query: Mapping[str, object]) -> StoredEvent | None:
        """One event from the stream's leader, which is never stale; None if there is none."""
        answer = _MESSAGE.decode(await self._ask(f"STREAM.MSG.GET.{STREAM}", query))
        if answer.message is not None:
            found = answer.message
            return StoredEvent(position=found.seq, subject=found.subject, body=found.data)
        if answer.error is not None and answer.error.err_code == _NOT_FOUND:
            return None
        raise LogUnavailable(operation="read", reason=answer.reason())

    async def _ask(self, operation: str, query: Mapping[str, object] | None = None) -> bytes:
        """One call of the API, tried again while there is time: reading twice changes nothing."""
        deadline = monotonic() + READ_DEADLINE_S
        tries = 0
        while True:
            tries += 1
            try:
                return await self._connection.ask(operation, query)
            except LogUnavailable:
                if monotonic() > deadline:
                    raise
            await asyncio.sleep(_BACKOFF.delay_s(tries))
