"""`refinery events`: show the log, take it away, check what was taken, and replay it."""

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import click
import msgspec
import uvloop

from events.codec import event_name
from events.exports import NewerFormat
from events.ids import is_task_id, is_user_key
from events.inspection import Fault
from events.subjects import EVENT_NAMES
from events.task import EVENT_TYPES
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_archive import JetStreamArchive
from services.adapters.jetstream_declared import verify_stream
from services.cli import exporting, showing
from services.cli.checking import check as check_stream
from services.cli.checking import fault_json, fault_line, verdict_lines
from services.cli.endings import ending_early
from services.cli.errors import EXIT_FAILED
from services.cli.export_files import PartFile, Stream, part_of
from services.cli.exporting import Wanted
from services.cli.provisioning import provision_servers
from services.cli.replaying import Replay, inspect_before
from services.cli.stack import find_running
from services.embedded.credentials import load_or_create
from services.embedded.servers import EmbeddedServers
from services.runtime.environment import load
from services.runtime.settings import EventsSettings, MongoSettings, NatsSettings, Secret

EXIT_NOT_CHECKED: Final = 2
STANDARD: Final = "-"

_TYPES: Final = {name: event_name(name) for name in EVENT_TYPES.values()}


class Time(click.ParamType[datetime]):
    """A moment such as 2026-03-14, 2026-03-14T09:26 or 2026-03-14T09:26:53+01:00."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse it; without an offset it is UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-03-14T09:26:53Z", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


class EventType(click.ParamType[str]):
    """The type of an event, or its name in subjects."""

    name = "type"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Its name."""
        name = _TYPES.get(str(value), str(value))
        if name not in EVENT_NAMES:
            self.fail(f"{value!r} is none of {', '.join(sorted(EVENT_NAMES))}", param, ctx)
        return name


_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory of a running embedded stack, instead of settings.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Lines of JSON, for programs.")
_position = click.IntRange(min=1)


@click.group()
def events() -> None:
    """Show the log, export it, check an export, and replay it elsewhere."""


@events.command()
@click.option("-o", "--output", default=STANDARD, help="File to write; `-`, the default, prints.")
@click.option("--from", "first", type=_position, help="First position.")
@click.option("--to", "last", type=_position, help="Last position; the log's last by default.")
@click.option("--task", help="Only this task's events.")
@click.option("--user-key", help="Only this user's events; by the key that stands for the user.")
@click.option("--type", "types", type=EventType(), multiple=True, help="Only these; repeatable.")
@click.option("--since", type=Time(), help="Only what the log took then or later.")
@click.option("--until", type=Time(), help="Only what the log took before.")
@click.option(
    "--resume",
    "resumed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Go on with the export to this file, which was cut off; what was wanted stands in it.",
)
@_data
def export(output: str, resumed: Path | None, data: Path | None, **filters: Any) -> None:
    """Take the log away, or a part of it, as lines of JSON that can be checked alone.

    The file is written beside its name, as FILE.part, until it is whole.
    """
    settings = _observer(data)
    if resumed is not None:
        if output != STANDARD or any(filters.values()):
            raise click.UsageError("--resume takes no filter and no --output: they are in the file")
        target = resumed.with_suffix("") if resumed.suffix == ".part" else resumed
        with ending_early(lambda: _how_to_resume(target)):
            uvloop.run(_resume(settings, target))
        return
    named = None if output == STANDARD else Path(output)
    with ending_early(lambda: _how_to_resume(named)):
        uvloop.run(_export(settings, _wanted(**filters), named))


@events.command()
@click.option(
    "-f", "--follow", "follows", is_flag=True, help="Go on with what comes, until Ctrl-C."
)
@click.option("--from", "first", type=_position, help="Begin at this position.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Without --from: how many.",
)
@_json
@_data
def tail(first: int | None, count: int, data: Path | None, *, follows: bool, as_json: bool) -> None:
    """Print the last events of the log, one line for each."""
    with ending_early():
        uvloop.run(
            _with_archive(
                _observer(data),
                lambda archive: showing.tail(
                    archive, first=first, count=count, follows=follows, as_json=as_json
                ),
            )
        )


@events.command()
@click.argument("what", metavar="POSITION|TASK_ID")
@_json
@_data
def show(what: str, data: Path | None, *, as_json: bool) -> None:
    """Print the event at a position, or all events of a task."""

    async def work(archive: JetStreamArchive) -> None:
        if what.isascii() and what.isdigit():
            await showing.show_position(archive, int(what), as_json=as_json)
        else:
            await showing.show_task(archive, what, as_json=as_json)

    with ending_early():
        uvloop.run(_with_archive(_observer(data), work))


@events.command()
@click.argument("file", type=click.Path(allow_dash=True, dir_okay=False, path_type=Path))
@_json
def check(file: Path, *, as_json: bool) -> None:
    """Check an export, without any server: exit code 0 if nothing is wrong, 1 if something is.

    Names each line that was changed, dropped, swapped, added or repeated, and each event that does
    not follow from the ones before it. Exit code 2: it could not be checked.
    """

    def tell(fault: Fault) -> None:
        click.echo(fault_json(fault) if as_json else fault_line(fault))

    try:
        with ending_early(), _opened(file) as stream:
            size = None if str(file) == STANDARD else file.stat().st_size
            verdict = check_stream(stream, tell, bytes_count=size)
    except (OSError, NewerFormat) as error:
        click.echo(f"error: {error}", err=True)
        raise click.exceptions.Exit(EXIT_NOT_CHECKED) from error
    if as_json:
        click.echo(msgspec.json.encode({"verdict": verdict}))
    else:
        for line in verdict_lines(verdict):
            click.echo(line)
    if verdict.faults_in_file or verdict.faults_in_history:
        raise click.exceptions.Exit(EXIT_FAILED)


@events.command()
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--resume", "resumes", is_flag=True, help="Go on with a replay that was interrupted.")
@click.option(
    "--keep-faults", is_flag=True, help="Replay a log that had faults of its own as well."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory for a new embedded stack, instead of settings; none may run on it.",
)
def replay(file: Path, data: Path | None, *, resumes: bool, keep_faults: bool) -> None:
    """Write an export into an empty log: the same bytes at the same positions.

    The file is checked before, and the log compared with it after. Needs the user `admin`, and
    nobody else who appends: start the processes when it is done.
    """
    settings = None if data is not None else load(EventsSettings, os.environ)
    again = "add --resume to go on" if not resumes else "go on with the same command"
    with ending_early(lambda: f"interrupted; {again}"):
        verdict = inspect_before(file, tell=_say, keeps_faults=keep_faults)
        _say(f"checked: {verdict.events:,} events, SHA-256 {verdict.sha256}")

        async def work(archive: JetStreamArchive) -> None:
            await Replay(archive, file, last=verdict.last).run(resumes=resumes, tell=_say)

        if settings is not None:
            uvloop.run(_with_archive(settings.nats, work, verifies=True))
        elif data is not None:
            uvloop.run(_with_embedded(data, work))


async def _export(settings: NatsSettings, wanted: Wanted, target: Path | None) -> None:
    async def work(archive: JetStreamArchive) -> None:
        destination = Stream(sys.stdout.buffer) if target is None else PartFile.create(target)
        try:
            writer, took = await exporting.export(archive, wanted, destination)
        finally:
            destination.close()
        where = "" if target is None else f"{target}: "
        _say(f"{where}{took}, positions {writer.first} to {writer.last}")

    await _with_archive(settings, work)


async def _resume(settings: NatsSettings, target: Path) -> None:
    async def work(archive: JetStreamArchive) -> None:
        destination, resumption = PartFile.resume(target)
        try:
            before = resumption.writer.count
            _say(f"{part_of(target)} is right as far as it goes: {before:,} events")
            writer, took = await exporting.resume(archive, resumption, destination)
        finally:
            destination.close()
        _say(f"{target}: {took}, positions {writer.first} to {writer.last} in all")

    await _with_archive(settings, work)


async def _with_archive(
    settings: NatsSettings,
    work: Callable[[JetStreamArchive], Awaitable[None]],
    *,
    verifies: bool = False,
) -> None:
    """Do something with the log; with `verifies`, only if it is as declared."""
    connection = await JetStreamConnection.open(settings, name="events")
    try:
        if verifies:
            await verify_stream(connection)
        await work(JetStreamArchive(connection))
    finally:
        await connection.close()


async def _with_embedded(data: Path, work: Callable[[JetStreamArchive], Awaitable[None]]) -> None:
    """Do something with the log of an embedded stack while nothing but its servers runs."""
    async with AsyncExitStack() as stack:
        servers = await EmbeddedServers.start(data=data, on_progress=_say)
        stack.push_async_callback(servers.stop)
        addresses = servers.addresses
        password = Secret(servers.credentials.nats.admin)
        nats = NatsSettings(url=addresses.nats_url, user="admin", password=password)
        mongo = MongoSettings(
            url=Secret(addresses.mongo_admin_url), database=addresses.mongo_database
        )
        await provision_servers(nats, mongo, replicas=1)
        await _with_archive(nats, work)


def _wanted(
    *,
    first: int | None,
    last: int | None,
    task: str | None,
    user_key: str | None,
    types: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
) -> Wanted:
    if task is not None and not is_task_id(task):
        raise click.BadParameter(f"{task!r} is not the id of a task")
    if user_key is not None and not is_user_key(user_key):
        raise click.BadParameter(f"{user_key!r} is not a user key")
    return Wanted(
        first=first or 1,
        last=last,
        task=task,
        user_key=user_key,
        events=tuple(sorted(set(types))),
        since=since,
        until=until,
    )


def _observer(data: Path | None) -> NatsSettings:
    if data is None:
        return load(EventsSettings, os.environ).nats
    running = find_running(data)
    password = Secret(load_or_create(data).nats.observer)
    return NatsSettings(url=running.nats_url, user="observer", password=password)


def _opened(file: Path) -> "nullcontext[IO[bytes]] | IO[bytes]":
    return nullcontext(sys.stdin.buffer) if str(file) == STANDARD else file.open("rb")


def _how_to_resume(target: Path | None) -> str:
    if target is None or not part_of(target).exists():
        return ""
    return f"interrupted; go on with: refinery events export --resume {target}"


def _say(text: str) -> None:
    """What is no result goes where results do not."""
    click.echo(text, err=True)
