"""Exports of a real log: replayed elsewhere they are the same log, with the same views."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from events.exports import ExportedEvent
from events.log import AppendConflict, StoredEvent
from projections.mongo import open_views
from services.adapters.jetstream_archive import JetStreamArchive, LogReplaced, RestoreRefused
from services.adapters.jetstream_log import JetStreamLog
from services.cli.errors import CommandFailed
from services.cli.export_files import entries_of, part_of
from services.cli.replaying import IN_FLIGHT, Replay
from tests.desks import new_desk, requested_event
from tests.event_commands import BOUND_S, position, run, started, succeed
from tests.exporting import inspect
from tests.logs import LogServer, fill, project, running_log, signed_in
from tests.servers import Servers

EVENTS_COUNT: Final = 3_000
FEW: Final = 300
POISON: Final = (("tasks.stray", b"\xff\x00"), ("tasks.x.y", b'{\n"type":"no"}'), ("tasks.z", b""))


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LogServer]:
    """A log."""
    (tmp_path / "one").mkdir()
    async with running_log(tmp_path / "one") as server:
        yield server


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[LogServer]:
    """An empty log elsewhere."""
    (tmp_path / "other").mkdir()
    async with running_log(tmp_path / "other") as server:
        yield server


class TestElsewhere:
    """An export and its replay."""

    async def test_the_replayed_log_is_the_same_log(
        self, one: LogServer, other: LogServer, servers: Servers, tmp_path: Path
    ) -> None:
        """Byte for byte at the same positions, and MongoDB has the same documents from both."""
        await fill(one, count=EVENTS_COUNT)
        first, second = tmp_path / "one.ndjson", tmp_path / "other.ndjson"

        await succeed(one, "observer", "export", "-o", str(first))
        checked = await succeed(one, "observer", "check", str(first))
        replayed = await succeed(other, "admin", "replay", str(first))
        await succeed(other, "observer", "export", "-o", str(second))
        documents = [await documents_of(server, servers) for server in (one, other)]

        assert b"every line has its seal, every chain holds" in checked.stdout
        assert f"verified: {EVENTS_COUNT:,} events" in replayed.stderr
        assert len(stored_in(first)) == EVENTS_COUNT
        assert stored_in(first) == stored_in(second)
        assert len(documents[0]) > EVENTS_COUNT / 5
        assert documents[0] == documents[1]

    async def test_faults_of_the_log_travel_too(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """What cannot be read is named, and replayed byte for byte if that is wanted."""
        await fill(one, count=FEW)
        async with signed_in(one, "admin") as admin:
            for subject, body in POISON:
                _ = await admin.request(subject, body)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))

        checked = await run(one, "observer", "check", str(target))
        refused = await run(other, "admin", "replay", str(target))
        replayed = await run(other, "admin", "replay", str(target), "--keep-faults")

        async with signed_in(other, "observer") as observer:
            read = [event.stored for event in await all_of(JetStreamArchive(observer))]
        assert (checked.status, refused.status, replayed.status) == (1, 1, 0)
        assert checked.stdout.count(b"unreadable-event") == len(POISON)
        assert "--keep-faults" in refused.stderr
        assert [(stored.subject, stored.body) for stored in read[FEW:]] == list(POISON)

    async def test_guards_hold_afterwards(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """A desk goes on where it was: a stale position is refused, the right one taken."""
        desk = new_desk()
        async with signed_in(one, "api") as api:
            first = await JetStreamLog(api).append(
                requested_event(), user_key=desk, expected_position=0
            )
        await fill(one, count=FEW)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        await succeed(other, "admin", "replay", str(target))

        async with signed_in(other, "api") as api:
            log = JetStreamLog(api)
            with pytest.raises(AppendConflict):
                await log.append(requested_event(), user_key=desk, expected_position=0)
            appended = await log.append(
                requested_event(), user_key=desk, expected_position=first.position
            )

        assert appended.position == FEW + 2

    async def test_a_new_embedded_stack_gets_the_log(self, one: LogServer, tmp_path: Path) -> None:
        """In a directory on which `refinery up` then runs; a second time it is not empty."""
        await fill(one, count=FEW)
        target, data = tmp_path / "log.ndjson", tmp_path / "stack"
        await succeed(one, "observer", "export", "-o", str(target))

        replayed = await run(one, "observer", "replay", str(target), "--data", str(data))
        again = await run(one, "observer", "replay", str(target), "--data", str(data))

        assert replayed.status == 0, replayed.stderr
        assert f"verified: {FEW} events" in replayed.stderr
        assert again.status == 1
        assert f"the log has {FEW} events" in again.stderr

    async def test_only_an_empty_log_is_replayed_into(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """And what is there must be the file's, to go on."""
        await fill(one, count=FEW)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        async with signed_in(other, "api") as api:
            await JetStreamLog(api).append(
                requested_event(), user_key=new_desk(), expected_position=0
            )

        refused = await run(other, "admin", "replay", str(target))
        differing = await run(other, "admin", "replay", str(target), "--resume")

        assert (refused.status, differing.status) == (1, 1)
        assert "the log has 1 events, and only an empty one" in refused.stderr
        assert "position 1 is not the file's" in differing.stderr
        assert "Traceback" not in refused.stderr + differing.stderr

    async def test_a_replay_that_was_killed_goes_on(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """Where the log ends, to the same log."""
        await fill(one, count=EVENTS_COUNT)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        process = await replaying(other, target)
        async with asyncio.timeout(BOUND_S), signed_in(other, "observer") as observer:
            process.send_signal(signal.SIGKILL)
            await process.wait()
            reached = await JetStreamLog(observer).head()

        resumed = await run(other, "admin", "replay", str(target), "--resume")

        assert 0 < reached < EVENTS_COUNT
        assert resumed.status == 0, resumed.stderr
        async with signed_in(other, "observer") as observer:
            read = [one.stored for one in await all_of(JetStreamArchive(observer))]
        assert read == stored_in(target)

    async def test_a_replay_outlives_its_server(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """What was in flight when the server was killed is written once."""
        await fill(one, count=EVENTS_COUNT)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        process = await replaying(other, target)

        await other.crash()

        assert process.stderr is not None
        async with asyncio.timeout(BOUND_S):
            errors = (await process.stderr.read()).decode()
            status = await process.wait()
        assert status == 0, errors
        assert f"verified: {EVENTS_COUNT:,} events" in errors

    async def test_a_replay_is_alone_with_the_log(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """If somebody appends meanwhile, it ends at once and says at which position."""
        await fill(one, count=EVENTS_COUNT)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        async with signed_in(other, "admin") as admin:
            replay = Replay(DisturbedArchive(admin), target, last=EVENTS_COUNT)

            with pytest.raises(CommandFailed, match="position 2 is not the file's"):
                await replay.run(resumes=False, tell=lambda _: None)

            assert await JetStreamLog(admin).head() <= 2 * IN_FLIGHT

    @pytest.mark.parametrize("kind", ["part", "changed"])
    async def test_what_is_not_a_whole_log_is_not_replayed(
        self, one: LogServer, other: LogServer, tmp_path: Path, kind: str
    ) -> None:
        """A part of one, or a file that was touched; nothing is written."""
        await fill(one, count=FEW)
        target = tmp_path / "log.ndjson"
        options = ("--from", "2") if kind == "part" else ()
        await succeed(one, "observer", "export", "-o", str(target), *options)
        if kind == "changed":
            target.write_bytes(target.read_bytes().replace(b"shades", b"Shades", 1))

        refused = await run(other, "admin", "replay", str(target))

        async with signed_in(other, "observer") as observer:
            assert await JetStreamLog(observer).head() == 0
        assert refused.status == 1
        assert "replayed" in refused.stderr


class TestExport:
    """Taking the log away."""

    async def test_one_that_was_cut_off_goes_on_to_the_same_file(
        self, one: LogServer, tmp_path: Path
    ) -> None:
        """Also when the log has grown meanwhile."""
        await fill(one, count=FEW)
        whole, target = tmp_path / "whole.ndjson", tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(whole))
        part_of(target).write_bytes(whole.read_bytes()[:-50_000])
        await fill(one, count=5)

        resumed = await run(one, "observer", "export", "--resume", str(target))

        assert resumed.status == 0, resumed.stderr
        assert target.read_bytes() == whole.read_bytes()

    async def test_it_goes_on_with_its_own_log_only(
        self, one: LogServer, other: LogServer, tmp_path: Path
    ) -> None:
        """Another log has other events at these positions."""
        await fill(one, count=FEW)
        await fill(other, count=FEW)
        target = tmp_path / "log.ndjson"
        await succeed(one, "observer", "export", "-o", str(target))
        target.rename(part_of(target))

        refused = await run(other, "observer", "export", "--resume", str(target))

        assert refused.status == 1
        assert "is of a log created at" in refused.stderr

    async def test_parts_are_what_was_asked_for(self, one: LogServer) -> None:
        """By position, task, user, type and time; nothing is wrong with any."""
        await fill(one, count=FEW)
        async with signed_in(one, "observer") as observer:
            log = await all_of(JetStreamArchive(observer))
        middle = log[FEW // 2]
        _, _, user_key, task_id, _ = middle.stored.subject.split(".")
        time = next(line for line in lines_of(await printed(one)) if position(line) == FEW // 2 + 1)
        # Microseconds are what the command line takes: behind them, others may have been taken.
        since = json.loads(time)["time"][:26] + "Z"
        since_ns = middle.stored_at_ns // 1000 * 1000
        wanted: Mapping[tuple[str, ...], set[int]] = {
            ("--from", "7", "--to", "99"): set(range(7, 100)),
            ("--task", task_id): positions(log, task_id),
            ("--user-key", user_key): positions(log, user_key),
            ("--type", "completed", "--type", "concepts.task.failed.v1"): positions(
                log, ".completed", ".failed"
            ),
            ("--task", task_id, "--type", "retrying", "--to", "1"): set(),
            ("--since", since): {
                one.stored.position for one in log if one.stored_at_ns >= since_ns
            },
            ("--until", since): {one.stored.position for one in log if one.stored_at_ns < since_ns},
        }

        for options, expected in wanted.items():
            text = await printed(one, *options)
            faults, _ = inspect(text.splitlines())

            assert {position(line) for line in lines_of(text)} == expected, options
            assert faults == []

    async def test_it_does_not_reach_behind_the_log(self, one: LogServer) -> None:
        """That is said before anything is written."""
        refused = await run(one, "observer", "export", "--to", "1")
        empty = await run(one, "observer", "export")

        assert refused.status == 1
        assert refused.stdout == b""
        assert "the log reaches to position 0" in refused.stderr
        assert empty.status == 0
        assert empty.stdout.count(b"\n") == 2

    async def test_it_goes_on_after_an_interruption(self, one: LogServer) -> None:
        """The same events, once each, in order."""
        await fill(one, count=FEW)
        seen: list[int] = []
        async with signed_in(one, "observer") as observer:
            async for batch in JetStreamArchive(observer).read(after=0, until=FEW + 1):
                seen.extend(event.stored.position for event in batch)
                if len(seen) == FEW:
                    # What a lost connection does to whoever follows.
                    observer.interruptions += 1
                    await fill(one, count=1)

        assert seen == list(range(1, FEW + 2))


class TestArchive:
    """What the commands stand on."""

    async def test_a_log_that_was_replaced_is_noticed(self, one: LogServer) -> None:
        """The event that was read last must still be there."""
        await fill(one, count=5)
        async with signed_in(one, "observer") as observer:
            archive = JetStreamArchive(observer)
            stranger = StoredEvent(position=5, subject="tasks.stranger", body=b"")

            with pytest.raises(LogReplaced):
                await archive.require_same(stranger)

    async def test_a_position_that_is_taken_is_refused(self, one: LogServer) -> None:
        """Of what is behind it nothing is written either."""
        await fill(one, count=5)
        async with signed_in(one, "admin") as admin:
            archive = JetStreamArchive(admin)
            late = [
                StoredEvent(position=number, subject="tasks.late", body=b"") for number in (5, 6)
            ]

            with pytest.raises(RestoreRefused) as refused:
                await archive.restore(late)

            assert refused.value.position == 5
            assert (await archive.extent()).head in {5, 6}


class DisturbedArchive(JetStreamArchive):
    """While the second batch is on its way, somebody else appends."""

    async def restore(self, events: Sequence[StoredEvent]) -> None:
        """Let the other one be a little faster."""
        if events[0].position == 2:
            _ = await self._connection.request("tasks.stranger", b"")
        await super().restore(events)


async def documents_of(server: LogServer, servers: Servers) -> list[dict[str, Any]]:
    """The view documents that MongoDB has of a log."""
    settings = servers.mongo("admin", database=f"exports-{uuid4().hex}")
    url = settings.url.reveal()
    views = await open_views(url=url, database=settings.database)
    try:
        await project(server, views)
    finally:
        await views.close()

    def read() -> list[dict[str, Any]]:
        client: MongoClient[dict[str, Any]]
        with MongoClient(url) as client:
            database: Database[dict[str, Any]] = client[settings.database]
            found = [*database["task_views"].find().sort("_id"), *database["projections"].find()]
            client.drop_database(settings.database)
            return found

    return await asyncio.to_thread(read)


def stored_in(path: Path) -> list[StoredEvent]:
    """The events of an export."""
    with path.open("rb") as stream:
        return [entry.stored for entry in entries_of(stream)]


async def all_of(archive: JetStreamArchive) -> list[ExportedEvent]:
    """The whole log."""
    head = (await archive.extent()).head
    return [event async for batch in archive.read(after=0, until=head) for event in batch]


def lines_of(text: bytes) -> list[bytes]:
    """The lines of an export that have an event."""
    return [line for line in text.splitlines() if line.startswith(b'{"position":')]


def positions(log: list[ExportedEvent], *parts: str) -> set[int]:
    """Where subjects have one of these parts."""
    return {one.stored.position for one in log if any(part in one.stored.subject for part in parts)}


async def printed(server: LogServer, *options: str) -> bytes:
    """An export on standard output."""
    return (await succeed(server, "observer", "export", *options)).stdout


async def replaying(server: LogServer, target: Path) -> asyncio.subprocess.Process:
    """A replay that has begun to write."""
    process = await started(server, "admin", "replay", str(target))
    async with (
        asyncio.timeout(BOUND_S),
        signed_in(server, "observer") as observer,
        aclosing(JetStreamArchive(observer).read(after=0)) as arriving,
    ):
        _ = await anext(arriving)
    return process
