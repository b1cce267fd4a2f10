"""Appends through a connection that loses answers, and a stream that is not as declared."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import pytest

from events.codec import decode
from events.log import AppendConflict, LogMismatch, LogUnavailable
from events.task import TaskProcessing, fold, next_event
from services.adapters import jetstream_log
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_declared import verify_consumer, verify_stream
from services.adapters.jetstream_log import JetStreamLog
from tests.desks import new_desk, requested_event, stamp
from tests.servers import Servers

CHUNK_BYTES: Final = 65_536


class LossyProxy:
    """A TCP proxy that can swallow what the server says: requests arrive, answers do not."""

    def __init__(self, port: int) -> None:
        self.swallows_answers = False
        self.swallowed = asyncio.Event()
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a client with the server."""
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, server_writer]
        for work in (self._copy(reader, server_writer), self._copy_back(server_reader, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)

    def cut(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def close(self) -> None:
        """Close, and wait for the copying to end."""
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)

    async def _copy_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self.swallows_answers:
                self.swallowed.set()
            else:
                writer.write(chunk)


@asynccontextmanager
async def through_a_lossy_proxy(
    servers: Servers,
) -> AsyncIterator[tuple[LossyProxy, JetStreamLog]]:
    """A log behind a proxy."""
    settings = servers.nats("admin")
    proxy = LossyProxy(int(settings.url.rpartition(":")[2]))
    listener = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    settings = msgspec.structs.replace(settings, url=f"nats://127.0.0.1:{port}")
    connection = await JetStreamConnection.open(settings, name="lossy")
    try:
        yield proxy, JetStreamLog(connection)
    finally:
        await connection.close()
        await proxy.close()
        listener.close()


async def test_a_lost_answer_is_found_out_and_nothing_is_written_twice(servers: Servers) -> None:
    """The append landed, its answer was lost with the connection: the retry finds it."""
    desk = new_desk()
    event = requested_event()
    async with through_a_lossy_proxy(servers) as (proxy, log):
        proxy.swallows_answers = True
        appending = asyncio.create_task(log.append(event, user_key=desk, expected_position=0))
        await proxy.swallowed.wait()
        proxy.swallows_answers = False
        proxy.cut()

        recorded = await appending

        history = await log.read_history(user_key=desk, task_id=event.subject)
        assert [decode(one) for one in history] == [recorded]


async def test_a_lost_answer_behind_newer_events_is_found_out_too(servers: Servers) -> None:
    """Somebody appended behind our lost one, under the same subject: ours is still found."""
    desk = new_desk()
    direct_connection = await JetStreamConnection.open(servers.nats("admin"), name="direct")
    direct = JetStreamLog(direct_connection)
    requested = await direct.append(requested_event(), user_key=desk, expected_position=0)
    task = fold((requested,))
    assert task is not None
    first = next_event(task, TaskProcessing(attempt=1, worker="a", engine="null"), stamp=stamp())
    async with through_a_lossy_proxy(servers) as (proxy, log):
        proxy.swallows_answers = True
        appending = asyncio.create_task(
            log.append(first, user_key=desk, expected_position=requested.position)
        )
        await proxy.swallowed.wait()
        landed = await direct.read_task(user_key=desk, task_id=requested.task_id)
        assert landed is not None
        moved = fold(landed.events)
        assert moved is not None
        await direct.append(
            next_event(moved, TaskProcessing(attempt=2, worker="b", engine="null"), stamp=stamp()),
            user_key=desk,
            expected_position=landed.position,
        )
        proxy.swallows_answers = False
        proxy.cut()

        recorded = await appending

    await direct_connection.close()
    assert recorded == landed.events[-1]


async def test_a_lost_race_is_a_conflict_also_when_answers_are_lost(servers: Servers) -> None:
    """Somebody else's event lies where ours would: the retry says so."""
    desk = new_desk()
    async with through_a_lossy_proxy(servers) as (proxy, log):
        winner = await log.append(requested_event(), user_key=desk, expected_position=0)
        proxy.swallows_answers = True
        appending = asyncio.create_task(
            log.append(requested_event(), user_key=desk, expected_position=0)
        )
        await proxy.swallowed.wait()
        proxy.swallows_answers = False
        proxy.cut()

        with pytest.raises(AppendConflict):
            await appending

        assert (await log.read_desk(desk)).position == winner.position


async def test_an_append_that_is_never_answered_ends_within_its_bound(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undecided is said, not guessed."""
    monkeypatch.setattr(jetstream_log, "APPEND_DEADLINE_S", 0.5)
    async with through_a_lossy_proxy(servers) as (proxy, log):
        proxy.swallows_answers = True

        with pytest.raises(LogUnavailable):
            await log.append(requested_event(), user_key=new_desk(), expected_position=0)


async def test_a_ghost_is_never_sent(servers: Servers) -> None:
    """What could not be sent while the connection was down is not sent after it is back."""
    desk = new_desk()
    event = requested_event()
    async with through_a_lossy_proxy(servers) as (proxy, log):
        proxy.cut()
        with pytest.raises(LogUnavailable):
            await log._connection.request(
                f"tasks.concept_refinement.{desk}.ghost", b"", timeout_s=0.2
            )

        recorded = await log.append(event, user_key=desk, expected_position=0)

        assert (await log.read_desk(desk)).position == recorded.position


async def test_a_stream_that_is_not_as_declared_is_refused(servers: Servers) -> None:
    """A process that finds the log without its guards must not serve."""
    connection = await JetStreamConnection.open(servers.nats("admin"), name="mismatch")
    info = msgspec.json.decode(await connection.ask("STREAM.INFO.TASKS"))
    config = info["config"]
    try:
        await connection.ask("STREAM.UPDATE.TASKS", config | {"duplicate_window": 1_000_000_000})

        with pytest.raises(LogMismatch) as caught:
            await verify_stream(connection)

        assert "duplicate_window" in str(caught.value)
    finally:
        await connection.ask("STREAM.UPDATE.TASKS", config)
        await verify_stream(connection)
        await connection.close()


async def test_a_consumer_that_is_not_as_declared_is_refused(servers: Servers) -> None:
    """A worker whose consumer gives up after some deliveries would lose tasks silently."""
    connection = await JetStreamConnection.open(servers.nats("admin"), name="mismatch")
    info = msgspec.json.decode(await connection.ask("CONSUMER.INFO.TASKS.refinement"))
    subject = f"CONSUMER.CREATE.TASKS.refinement.{info['config']['filter_subject']}"
    try:
        changed = info["config"] | {"max_deliver": 3}
        await connection.ask(subject, {"stream_name": "TASKS", "config": changed})

        with pytest.raises(LogMismatch) as caught:
            await verify_consumer(connection)

        assert "max_deliver" in str(caught.value)
    finally:
        await connection.ask(subject, {"stream_name": "TASKS", "config": info["config"]})
        await verify_consumer(connection)
        await connection.close()
