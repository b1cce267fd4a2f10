"""The connection to NATS JetStream and its work queue: the only module that imports `nats`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from events.log import Delivery, LogUnavailable, StoredEvent
from events.subjects import STREAM
from services.runtime.settings import NatsSettings

CONSUMER: Final = "refinement"
CONNECT_DEADLINE_S: Final = 15.0
RECONNECT_WAIT_S: Final = 1
REQUEST_TIMEOUT_S: Final = 2.0
POSTPONE_MIN_S: Final = 0.05
FLUSH_S: Final = 2

_log = structlog.get_logger()


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a push consumer: an event, or a status, which has a `Status` header."""

    subject: str
    reply: str
    headers: Mapping[str, str]
    body: bytes
    position: int
    delivered: int


class JetStreamConnection:
    """One connection, which reconnects for ever and never buffers what it cannot send."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.interruptions = 0
        self._last_error = ""
        self._is_closing = False

    @classmethod
    async def open(cls, settings: NatsSettings, *, name: str) -> "JetStreamConnection":
        """Connect, as soon as a server lets us in.

        Raises:
            LogUnavailable: none did within the bound.
        """
        connection = cls(Client())
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                await connection._connect(settings, name=name)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            reason = connection._last_error or str(error)
            raise LogUnavailable(operation="connect", reason=reason) from error
        return connection

    async def _connect(self, settings: NatsSettings, *, name: str) -> None:
        await self._client.connect(
            servers=settings.url.split(","),
            user=settings.user,
            password=settings.password.reveal(),
            name=name,
            inbox_prefix=f"_INBOX_{settings.user}",
            # A buffered append would still be sent after its caller has given it up.
            pending_size=-1,
            connect_timeout=2,
            reconnect_time_wait=RECONNECT_WAIT_S,
            max_reconnect_attempts=-1,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
        )

    async def close(self) -> None:
        """Close the connection; what is in flight is given up."""
        self._is_closing = True
        with suppress(nats.errors.Error):
            await self._client.close()

    async def request(
        self,
        subject: str,
        payload: bytes,
        *,
        timeout_s: float = REQUEST_TIMEOUT_S,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """One request, one answer.

        Raises:
            LogUnavailable: no answer in time; the request may or may not have been carried out.
        """
        try:
            answer = await self._client.request(
                subject, payload, timeout=timeout_s, headers=dict(headers) if headers else None
            )
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise LogUnavailable(operation=subject, reason=type(error).__name__) from error
        return answer.data

    async def ask(self, operation: str, payload: object = None) -> bytes:
        """One call of the JetStream API."""
        body = b"" if payload is None else msgspec.json.encode(payload)
        return await self.request(f"$JS.API.{operation}", body)

    async def listen(
        self, receive: Callable[[Push], None]
    ) -> tuple[str, Callable[[], Awaitable[None]]]:
        """A private inbox: its subject, and what ends it.

        Raises:
            LogUnavailable: not connected.
        """

        async def on_message(message: Msg) -> None:
            receive(_push_of(message))

        inbox = self._client.new_inbox()
        try:
            subscription = await self._client.subscribe(inbox, cb=on_message)
        except nats.errors.Error as error:
            raise LogUnavailable(operation="listen", reason=str(error)) from error

        async def stop() -> None:
            with suppress(nats.errors.Error, ValueError):  # it ended with its connection
                await subscription.unsubscribe()

        return inbox, stop

    async def hear(
        self, subject: str, receive: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]:
        """Take what is said on subjects outside the log, with its subject; returns what ends it.

        Raises:
            LogUnavailable: the connection is closed.
        """

        async def on_message(message: Msg) -> None:
            receive(message.subject, message.data)

        try:
            subscription = await self._client.subscribe(subject, cb=on_message)
        except nats.errors.Error as error:
            raise LogUnavailable(operation="hear", reason=type(error).__name__) from error
        # The client may send the first ping ahead of the subscription, and never the second one.
        # Without a connection, the server gets the subscription when it is back.
        with suppress(nats.errors.Error, TimeoutError):
            for _ in range(2):
                await self._client.flush(timeout=FLUSH_S)

        async def stop() -> None:
            with suppress(nats.errors.Error, ValueError):  # it ended with its connection
                await subscription.unsubscribe()

        return stop

    async def send(self, subject: str, body: bytes = b"") -> None:
        """A message that nobody answers; one that cannot be sent is not missed."""
        with suppress(nats.errors.Error):
            await self._client.publish(subject, body)

    async def pull(self, *, consumer: str) -> JetStreamContext.PullSubscription:
        """A subscription that takes messages of a consumer when asked to."""
        context = self._client.jetstream()
        return await context.pull_subscribe_bind(consumer=consumer, stream=STREAM)

    async def _on_error(self, error: Exception) -> None:
        self._last_error = str(error) or type(error).__name__
        _log.warning("log.connection.error", reason=self._last_error)

    async def _on_disconnected(self) -> None:
        if self._is_closing:
            return
        self.interruptions += 1
        _log.warning("log.connection.lost", interruptions=self.interruptions)


class JetStreamQueue:
    """The requests of the log through the durable consumer; one for each slot of a worker."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self._connection = connection
        self._pull: JetStreamContext.PullSubscription | None = None

    async def next(self, *, wait_s: float) -> Delivery | None:
        """The next request. Asks for one at a time: what is fetched ahead waits for nothing."""
        try:
            if self._pull is None:
                self._pull = await self._connection.pull(consumer=CONSUMER)
            messages = await self._pull.fetch(1, timeout=wait_s)
        except (TimeoutError, nats.errors.TimeoutError):
            return None
        except nats.errors.Error as error:
            raise LogUnavailable(operation="fetch", reason=str(error)) from error
        return JetStreamDelivery(messages[0])

    async def close(self) -> None:
        """Withdraw the open pull, so that the next request goes to a worker that is still there."""
        if self._pull is not None:
            with suppress(nats.errors.Error):
                await self._pull.unsubscribe()


class JetStreamDelivery:
    """One message of the durable consumer."""

    def __init__(self, message: Msg) -> None:
        sequence = message.metadata.sequence
        self.stored = StoredEvent(
            position=sequence.stream, subject=message.subject, body=bytes(message.data)
        )
        self.count = message.metadata.num_delivered
        self._message = message

    async def extend(self) -> None:
        """The acknowledgement wait begins anew."""
        await self._send(self._message.in_progress())

    async def acknowledge(self) -> None:
        """Not confirmed: a lost acknowledgement only brings the request back once more."""
        await self._send(self._message.ack())

    async def postpone(self, delay_s: float) -> None:
        """A delay is always given: without one the request would come back at once."""
        await self._send(self._message.nak(delay=max(delay_s, POSTPONE_MIN_S)))

    async def _send(self, sending: Awaitable[None]) -> None:
        """Answers are advice to the queue: an undelivered one is made good by the next delivery."""
        with suppress(nats.errors.Error):
            await sending


def _push_of(message: Msg) -> Push:
    headers = message.headers or {}
    if "Status" in headers:
        return Push(
            subject=message.subject,
            reply=message.reply,
            headers=headers,
            body=b"",
            position=0,
            delivered=0,
        )
    sequence = message.metadata.sequence
    return Push(
        subject=message.subject,
        reply=message.reply,
        headers=headers,
        body=bytes(message.data),
        position=sequence.stream,
        delivered=sequence.consumer,
    )
