"""A nats-server of one test's own, and plain clients as its users."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import nats
from nats.aio.client import Client

from services.adapters import jetstream_declared
from services.adapters.jetstream import JetStreamConnection
from services.embedded.binaries import NATS_SERVER, find
from services.embedded.credentials import Credentials, load_or_create
from services.embedded.leash import LeashedProcess
from services.embedded.nats_server import start_nats
from services.embedded.readiness import Launch
from services.runtime.settings import NatsSettings, Secret

HEARTBEAT_NS: Final = 100_000_000


class OwnLog:
    """A server on a port of its own, which may be stopped and started again."""

    def __init__(self, *, launch: Launch, credentials: Credentials) -> None:
        self._launch = launch
        self._credentials = credentials
        self._process: LeashedProcess | None = None

    def settings(self, user: str) -> NatsSettings:
        """Settings of a user."""
        password = getattr(self._credentials.nats, user)
        url = f"nats://127.0.0.1:{self._launch.ports['nats']}"
        return NatsSettings(url=url, user=user, password=Secret(password))

    async def start(self) -> None:
        """Start it, with what it has stored."""
        self._process = await start_nats(self._launch, credentials=self._credentials)

    async def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            await self._process.stop()


@asynccontextmanager
async def own_log(directory: Path) -> AsyncIterator[OwnLog]:
    """An empty log with the worker's consumer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launch = Launch(
        name="nats-server",
        program=find(NATS_SERVER),
        data=directory,
        directory=directory / "nats-server",
        log=directory / "log",
        ports={"nats": port},
    )
    running = OwnLog(launch=launch, credentials=load_or_create(directory))
    await running.start()
    try:
        async with signed_in(running.settings("admin")) as admin:
            await jetstream_declared.apply(admin, replicas=1)
        yield running
    finally:
        await running.stop()


@asynccontextmanager
async def client_of(server: OwnLog, user: str) -> AsyncIterator[Client]:
    """A plain client, whose denied publishes are nobody's concern."""
    settings = server.settings(user)

    async def ignore(_: Exception) -> None:
        pass

    client = await nats.connect(
        settings.url,
        user=user,
        password=settings.password.reveal(),
        inbox_prefix=f"_INBOX_{user}",
        error_cb=ignore,
    )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def signed_in(settings: NatsSettings) -> AsyncIterator[JetStreamConnection]:
    """A connection as a user, as the processes make it."""
    connection = await JetStreamConnection.open(settings, name="own-log")
    try:
        yield connection
    finally:
        await connection.close()


def push_config(name: str, target: str, acknowledged: str) -> dict[str, Any]:
    """A consumer that delivers bodies of no bytes, and heartbeats, to the target."""
    return {
        "name": name,
        "deliver_subject": target,
        "ack_policy": acknowledged,
        "headers_only": True,
        "idle_heartbeat": HEARTBEAT_NS,
        "mem_storage": True,
    }
