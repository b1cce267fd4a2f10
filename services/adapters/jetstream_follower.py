"""Following the log in order: an ordered push consumer of our own, which ends at the first doubt.

A push consumer delivers more than twice what pulls do; flow control keeps it from drowning us. The
client library's ordered consumer repairs gaps by itself; here a gap ends the following, because
after every interruption the reader must first check that the log is still the one it was reading.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import uuid4

import msgspec

from events.log import FollowInterrupted, LogUnavailable, StoredEvent
from events.subjects import STREAM
from services.adapters.jetstream import JetStreamConnection, Push
from services.adapters.jetstream_answers import Answer

HEARTBEAT_S: Final = 2.0
HEARTBEATS_MISSED_MAX: Final = 3
INACTIVE_S: Final = 10.0
BATCH_MAX: Final = 1000


class _Created(Answer):
    """Of CONSUMER.CREATE: how many messages wait for the consumer."""

    num_pending: int = 0


_CREATED: Final = msgspec.json.Decoder(_Created)


class Follower:
    """One ordered push consumer: it notices a gap, a silence or a lost connection, and ends."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self.waiting = 0
        self._connection = connection
        self._interruptions = connection.interruptions
        self._arrived: deque[Push] = deque()
        self._signal = asyncio.Event()
        self._delivered = 0
        self._name = f"follow-{uuid4().hex}"
        self._stop: Callable[[], Awaitable[None]] | None = None

    @classmethod
    async def start(
        cls, connection: JetStreamConnection, *, after: int, subjects: Sequence[str] = ()
    ) -> "Follower":
        """Begin behind a position; with what matches one of the subjects, if there are any.

        `waiting` is how many events there were to come when it began.
        """
        follower = cls(connection)
        try:
            inbox, follower._stop = await connection.listen(follower._receive)
            config: dict[str, object] = {
                "name": follower._name,
                "deliver_subject": inbox,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": after + 1,
                "ack_policy": "none",
                "max_deliver": 1,
                "replay_policy": "instant",
                "flow_control": True,
                "idle_heartbeat": int(HEARTBEAT_S * 1e9),
                "inactive_threshold": int(INACTIVE_S * 1e9),
                "mem_storage": True,
                "num_replicas": 1,
            }
            if subjects:
                config["filter_subjects"] = list(subjects)
            answer = _CREATED.decode(
                await connection.ask(
                    f"CONSUMER.CREATE.{STREAM}.{follower._name}",
                    {"stream_name": STREAM, "config": config},
                )
            )
        except LogUnavailable as error:
            await follower.stop()
            raise FollowInterrupted(str(error)) from error
        if answer.error is not None:
            await follower.stop()
            raise FollowInterrupted(answer.reason())
        follower.waiting = answer.num_pending
        return follower

    async def batch(self) -> Sequence[StoredEvent]:
        """What has arrived, at least one event."""
        return [_stored(push) for push in await self.pushes()]

    async def pushes(self) -> Sequence[Push]:
        """The same, as it came from the server."""
        while True:
            await self._wait()
            batch: list[Push] = []
            while self._arrived and len(batch) < BATCH_MAX:
                message = self._arrived.popleft()
                if "Status" in message.headers:
                    await self._answer_status(message)
                else:
                    batch.append(self._accept(message))
            if batch:
                return batch

    async def stop(self) -> None:
        """End the subscription; the server removes the consumer when nobody listens."""
        if self._stop is not None:
            await self._stop()

    def _receive(self, message: Push) -> None:
        self._arrived.append(message)
        self._signal.set()

    async def _wait(self) -> None:
        if not self._arrived:
            self._signal.clear()
            try:
                async with asyncio.timeout(HEARTBEATS_MISSED_MAX * HEARTBEAT_S):
                    await self._signal.wait()
            except TimeoutError as error:
                raise FollowInterrupted("no heartbeat") from error
        if self._connection.interruptions != self._interruptions:
            raise FollowInterrupted("the connection was lost")

    async def _answer_status(self, message: Push) -> None:
        """Answer flow control only here, so that the server sends no more than we have taken."""
        reply = message.reply or message.headers.get("Nats-Consumer-Stalled")
        if reply:
            await self._connection.send(reply)
        last = message.headers.get("Nats-Last-Consumer")
        if last is not None and int(last) != self._delivered:
            raise FollowInterrupted(f"{int(last) - self._delivered} events were not delivered")

    def _accept(self, message: Push) -> Push:
        if message.delivered != self._delivered + 1:
            raise FollowInterrupted("an event was not delivered")
        self._delivered = message.delivered
        return message


def _stored(push: Push) -> StoredEvent:
    return StoredEvent(position=push.position, subject=push.subject, body=push.body)
