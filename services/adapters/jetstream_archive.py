"""The log as auditors use it: read in order with the times of the server, and written back.

Reading goes on by itself after an interruption, if the log is still the same. Writing back is for
an empty log that nobody else appends to: each message names the position that it must get, so it is
guarded by the whole log, not by a desk.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Final

import msgspec

from events.codec import CONTENT_TYPE
from events.exports import ExportedEvent
from events.log import FollowInterrupted, LogError, LogMismatch, LogUnavailable, StoredEvent
from events.subjects import STREAM
from services.adapters.jetstream import JetStreamConnection, Push
from services.adapters.jetstream_answers import Answer, AppendAnswer
from services.adapters.jetstream_follower import Follower
from services.adapters.jetstream_log import JetStreamLog
from services.runtime.retries import Backoff

INTERRUPTIONS_MAX: Final = 5
OUTAGE_MAX_S: Final = 15.0
RESTORE_TIMEOUT_S: Final = 5.0

_BACKOFF: Final = Backoff(base_s=0.2, max_s=5.0)
_APPENDED: Final = msgspec.json.Decoder(AppendAnswer)
_OWN_TOKENS: Final = 9


class LogReplaced(LogError):
    """While it was read, the log became another one."""

    def __init__(self, *, position: int) -> None:
        super().__init__(f"the log is no longer the one that was read up to position {position}")
        self.position = position


class RestoreRefused(LogError):
    """The log did not take an event at its position: somebody else appends to it."""

    def __init__(self, *, position: int, reason: str) -> None:
        super().__init__(f"the log does not take the event of position {position}: {reason}")
        self.position = position
        self.reason = reason


class LogExtent(msgspec.Struct, frozen=True, kw_only=True):
    """When the log was created, as the server says it, and how far it reaches."""

    created: str
    head: int


class _State(msgspec.Struct):
    last_seq: int


class _Info(Answer):
    created: str = ""
    state: _State | None = None


_INFO: Final = msgspec.json.Decoder(_Info)


class JetStreamArchive:
    """The log over one connection; the observer's permissions are enough for reading."""

    def __init__(self, connection: JetStreamConnection) -> None:
        self._connection = connection

    async def extent(self) -> LogExtent:
        """Which log this is, and how far it reaches now.

        Raises:
            LogMismatch: there is none.
            LogUnavailable: no answer within the bound.
        """
        answer = _INFO.decode(await self._info())
        if answer.error is not None or answer.state is None:
            raise LogMismatch(differences=[f"the stream: {answer.reason()}"])
        return LogExtent(created=answer.created, head=answer.state.last_seq)

    async def read(
        self, *, after: int, until: int | None = None, subjects: Sequence[str] = ()
    ) -> AsyncGenerator[Sequence[ExportedEvent], None]:
        """The events behind `after` on these subjects, or all, in order, in batches.

        Ends with the last of them up to `until`, which must not lie behind the head if there are
        subjects; without `until`, it waits for more for ever.

        Raises:
            LogReplaced: the log was rolled back, or is another one.
            LogError: it was interrupted too often.
        """
        last: StoredEvent | None = None
        interruptions = 0
        while until is None or after < until:
            try:
                following = self._follow(after=after, until=until, subjects=subjects)
                async with aclosing(following) as batches:
                    async for batch in batches:
                        interruptions = 0
                        yield batch
                        last = batch[-1].stored
                        after = last.position
            except (FollowInterrupted, LogUnavailable):
                interruptions += 1
                if interruptions > INTERRUPTIONS_MAX:
                    raise
                await asyncio.sleep(_BACKOFF.delay_s(interruptions))
                if last is not None:
                    await self.require_same(last)
            else:
                return

    async def require_same(self, last: StoredEvent) -> None:
        """Make sure that the log still has what was read of it last.

        Raises:
            LogReplaced: it does not.
            LogUnavailable: no answer.
        """
        found = await JetStreamLog(self._connection).read_at(last.position)
        if found != last:
            raise LogReplaced(position=last.position)

    async def restore(self, events: Sequence[StoredEvent]) -> None:
        """Write events at the positions that they had, all in flight at once, in order.

        All of them are durable when it returns. Otherwise some may be, also behind the one that
        failed: if somebody else took its position, the next one got its own. So the log must be
        compared before anything more is written.

        Raises:
            RestoreRefused: one did not get its position.
            LogUnavailable: an answer did not come.
        """
        writes = [asyncio.ensure_future(self._write(one)) for one in events]
        try:
            # The first to fail is the reason why the ones behind it do.
            for write in writes:
                await write
        finally:
            for write in writes:
                write.cancel()
            await asyncio.gather(*writes, return_exceptions=True)

    async def _info(self) -> bytes:
        """What the server says of the stream; a server that restarts is waited for."""
        deadline = monotonic() + OUTAGE_MAX_S
        tries = 0
        while True:
            tries += 1
            try:
                return await self._connection.ask(f"STREAM.INFO.{STREAM}")
            except LogUnavailable:
                if monotonic() > deadline:
                    raise
            await asyncio.sleep(_BACKOFF.delay_s(tries))

    async def _write(self, stored: StoredEvent) -> None:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Nats-Expected-Stream": STREAM,
            "Nats-Expected-Last-Sequence": str(stored.position - 1),
        }
        answer = _APPENDED.decode(
            await self._connection.request(
                stored.subject, stored.body, headers=headers, timeout_s=RESTORE_TIMEOUT_S
            )
        )
        if answer.error is not None:
            raise RestoreRefused(position=stored.position, reason=answer.reason())
        if answer.seq != stored.position:
            reason = f"it got {answer.seq}"
            raise RestoreRefused(position=stored.position, reason=reason)

    async def _follow(
        self, *, after: int, until: int | None, subjects: Sequence[str]
    ) -> AsyncGenerator[Sequence[ExportedEvent], None]:
        follower = await Follower.start(self._connection, after=after, subjects=subjects)
        try:
            if until is not None and subjects and not follower.waiting:
                return
            while True:
                pushes = await follower.pushes()
                events = [_event_of(push) for push in pushes]
                if until is not None:
                    events = [one for one in events if one.stored.position <= until]
                if events:
                    yield events
                # Of some subjects, the last event may lie before `until`.
                is_last = bool(subjects) and not _waiting_behind(pushes[-1])
                if until is not None and (is_last or pushes[-1].position >= until):
                    return
        finally:
            await follower.stop()


def _event_of(push: Push) -> ExportedEvent:
    stored = StoredEvent(position=push.position, subject=push.subject, body=push.body)
    return ExportedEvent(stored=stored, stored_at_ns=int(_tokens(push)[-2]))


def _waiting_behind(push: Push) -> int:
    """How many messages the consumer still had for us when it sent this one."""
    return int(_tokens(push)[-1])


def _tokens(push: Push) -> list[str]:
    """The acknowledgement subject of a push up to the count of waiting messages.

    `$JS.ACK.<stream>.<consumer>.<deliveries>.<position>.<delivered>.<time>.<waiting>`; a longer
    form has a domain and an account behind `ACK`, and a random token behind it all.
    """
    tokens = push.reply.split(".")
    return tokens if len(tokens) == _OWN_TOKENS else tokens[:11]
