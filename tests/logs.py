"""Real logs for tests and benchmarks that need one of their own, and many events in them."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import msgspec

from events.codec import decode
from events.task import Task, TaskEvent, evolve, first_event, next_event
from projections.store import Checkpoint, ViewStore
from projections.task_views import fold_batch, tasks_to_load
from services.adapters import jetstream_declared
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_archive import JetStreamArchive
from services.adapters.jetstream_log import JetStreamLog
from services.embedded.binaries import NATS_SERVER, find
from services.embedded.credentials import Credentials, load_or_create
from services.embedded.leash import LeashedProcess
from services.embedded.nats_server import start_nats
from services.embedded.readiness import Launch
from services.runtime.settings import NatsSettings, Secret
from tests import controls
from tests.desks import IDENTIFIERS, new_desk, stamp

DESKS_AT_ONCE: Final = 64

# The lives that tasks may have.
_LIVES: Final[Sequence[Sequence[TaskEvent]]] = (
    (controls.processing(1), controls.completed(1)),
    (controls.processing(1), controls.retrying(1), controls.processing(2), controls.completed(2)),
    (controls.processing(1), controls.failed(1), controls.removed()),
    (controls.cancelled(),),
    (),
    (controls.processing(1), controls.completed_with_vector(1), controls.removed()),
)


class LogServer:
    """A nats-server with a log of its own."""

    def __init__(self, process: LeashedProcess, launch: Launch, credentials: Credentials) -> None:
        self._process = process
        self._launch = launch
        self._credentials = credentials

    def settings(self, user: str) -> NatsSettings:
        """Settings of a user."""
        password = getattr(self._credentials.nats, user)
        url = f"nats://127.0.0.1:{self._launch.ports['nats']}"
        return NatsSettings(url=url, user=user, password=Secret(password))

    async def crash(self) -> None:
        """Kill it and start it again: what it has acknowledged is there."""
        os.kill(self._process.pid, signal.SIGKILL)
        await self.stop()
        self._process = await start_nats(self._launch, credentials=self._credentials)

    async def stop(self) -> None:
        """Stop it."""
        await self._process.stop()

    def environment(self, user: str) -> dict[str, str]:
        """The same as a process is told."""
        settings = self.settings(user)
        return {
            "REFINERY_NATS_URL": settings.url,
            "REFINERY_NATS_USER": settings.user,
            "REFINERY_NATS_PASSWORD": settings.password.reveal(),
        }


@asynccontextmanager
async def running_log(data: Path) -> AsyncIterator[LogServer]:
    """An empty log, in a directory that is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    credentials = load_or_create(data)
    launch = Launch(
        name="nats-server",
        program=find(NATS_SERVER),
        data=data,
        directory=data / "nats-server",
        log=data / "log",
        ports={"nats": port},
    )
    process = await start_nats(launch, credentials=credentials)
    server = LogServer(process, launch, credentials)
    try:
        async with signed_in(server, "admin") as admin:
            await jetstream_declared.apply(admin, replicas=1)
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def signed_in(server: LogServer, user: str) -> AsyncIterator[JetStreamConnection]:
    """A user's connection."""
    connection = await JetStreamConnection.open(server.settings(user), name=user)
    try:
        yield connection
    finally:
        await connection.close()


async def fill(server: LogServer, *, count: int) -> None:
    """Append `count` events: lives of tasks of many users, side by side; some are not over."""
    tickets = iter(range(count))
    async with signed_in(server, "admin") as connection, asyncio.TaskGroup() as group:
        for desk in range(DESKS_AT_ONCE):
            group.create_task(_live(JetStreamLog(connection), desk, tickets=tickets))


async def project(server: LogServer, store: ViewStore) -> None:
    """Make the views of all that is in the log, as the projector does."""
    async with signed_in(server, "projector") as connection:
        head = await JetStreamLog(connection).head()
        async for batch in JetStreamArchive(connection).read(after=0, until=head):
            events = [decode(one.stored) for one in batch]
            await store.write(fold_batch(await store.load(tasks_to_load(events)), events))
            last = events[-1]
            await store.save_checkpoint(
                Checkpoint(position=last.position, event_id=last.event.id, hash=last.hash)
            )


async def _live(log: JetStreamLog, desk: int, *, tickets: Iterator[int]) -> None:
    """One user's tasks, one after the other, while there are tickets: one for each event."""
    owner = new_desk()
    position = 0
    for changes in islice(cycle(_LIVES), desk % len(_LIVES), None):
        task_id = IDENTIFIERS.task_id()
        request = msgspec.structs.replace(controls.request(), task_id=task_id)
        event = first_event(request, stamp=stamp(), correlation_id=task_id)
        task: Task | None = None
        for change in (None, *changes):
            if next(tickets, None) is None:
                return
            if change is not None:
                assert task is not None
                event = next_event(task, change, stamp=stamp())
            recorded = await log.append(event, user_key=owner, expected_position=position)
            task = evolve(task, recorded)
            position = recorded.position
