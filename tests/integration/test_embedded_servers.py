"""The three servers together: real programs, one data directory, nothing left behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from services.embedded.binaries import NATS_SERVER, find
from services.embedded.credentials import Credentials, NatsPasswords
from services.embedded.errors import (
    DataDirectoryInUse,
    DataDirectoryUnusable,
    ServerDidNotStart,
)
from services.embedded.nats_server import render_accounts
from services.embedded.seaweedfs import signed_request
from services.embedded.servers import EmbeddedServers

BOUND_S = 20.0
NAMES = {"nats-server", "mongod", "weed"}
PARENT = """
import asyncio, sys
from pathlib import Path
from services.embedded.servers import EmbeddedServers
async def main():
    servers = await EmbeddedServers.start(data=Path(sys.argv[1]))
    print(*(process.pid for process in servers.processes.values()), flush=True)
    print("failed", await servers.failed(), flush=True)
asyncio.run(main())
"""
STREAM = {"name": "TASKS", "subjects": ["tasks.>"], "storage": "file", "num_replicas": 1}
CONSUMER = {
    "stream_name": "TASKS",
    "config": {"durable_name": "refinement", "ack_policy": "explicit"},
}
SUBJECT = "tasks.concept_refinement.user.task"


async def test_they_listen_on_loopback_only_and_leave_nothing(tmp_path: Path) -> None:
    """Nobody on the network can reach them, and stopping ends every process and socket."""
    said: list[str] = []
    servers = await EmbeddedServers.start(data=tmp_path / "data", on_progress=said.append)
    try:
        pids = {name: process.pid for name, process in servers.processes.items()}
        listeners = {name: listening_addresses(pid) for name, pid in pids.items()}
    finally:
        await servers.stop()
    await servers.stop()

    assert set(pids) == NAMES
    assert len(said) == 3
    for name, addresses in listeners.items():
        assert addresses, name
        assert {host for host, _ in addresses} == {"127.0.0.1"}, name
    assert not any(map(is_alive, pids.values()))
    assert sockets_left({port for addresses in listeners.values() for _, port in addresses}) == []


async def test_strangers_are_refused_everywhere(tmp_path: Path) -> None:
    """Without credentials no server answers, though they are on loopback only."""
    async with started(tmp_path) as servers:
        nats = await NatsClient.connect(servers, user=None)
        port = port_of(servers.addresses.s3_endpoint)
        anonymous = f"GET /refinery HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        wrong = Credentials(**{**fields(servers.credentials), "s3_secret_key": "x" * 40})

        refusal = await nats.complaint()
        await nats.close()
        async with mongo(f"mongodb://127.0.0.1:{mongo_port(servers)}/?directConnection=true") as it:
            with pytest.raises(OperationFailure) as caught:
                await it.refinery.task_views.find_one()
        unsigned = await exchange(port, anonymous.encode())
        missigned = await exchange(
            port, signed_request("GET", "/refinery", port=port, credentials=wrong)
        )

    assert "Authorization Violation" in refusal
    assert caught.value.code == 13
    assert b" 403 " in unsigned.splitlines()[0]
    assert b" 403 " in missigned.splitlines()[0]


async def test_nats_users_append_only_what_is_theirs(tmp_path: Path) -> None:
    """The important denials of the permission table, on a live server."""
    async with started(tmp_path) as servers:
        admin = await NatsClient.connect(servers, user="admin")
        await admin.ask("$JS.API.STREAM.CREATE.TASKS", STREAM)
        await admin.ask("$JS.API.CONSUMER.DURABLE.CREATE.TASKS.refinement", CONSUMER)
        await admin.close()

        answers = {
            (user, subject): await ask_as(servers, user, subject)
            for user, subject in (
                ("api", f"{SUBJECT}.requested"),
                ("worker", f"{SUBJECT}.processing"),
                ("observer", "$JS.API.STREAM.INFO.TASKS"),
                ("api", f"{SUBJECT}.completed"),
                ("worker", f"{SUBJECT}.requested"),
                ("projector", f"{SUBJECT}.completed"),
                ("observer", f"{SUBJECT}.requested"),
                ("observer", f"{SUBJECT}.completed"),
                ("api", "$JS.API.STREAM.DELETE.TASKS"),
                ("api", "$JS.API.CONSUMER.DELETE.TASKS.refinement"),
                ("observer", "$JS.API.CONSUMER.CREATE.TASKS"),
                ("observer", "$JS.API.CONSUMER.CREATE.TASKS.refinement"),
                ("observer", "$JS.API.CONSUMER.CREATE.TASKS.refinement.tasks.>"),
                ("projector", "$JS.API.CONSUMER.MSG.NEXT.TASKS.refinement"),
            )
        }

    allowed = [key for key, answer in answers.items() if "Permissions Violation" not in answer]
    assert allowed == [
        ("api", f"{SUBJECT}.requested"),
        ("worker", f"{SUBJECT}.processing"),
        ("observer", "$JS.API.STREAM.INFO.TASKS"),
    ]


async def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    """Users, documents and objects survive, at the same addresses and at others."""
    async with started(tmp_path) as servers:
        first = servers.addresses
        async with mongo(first.mongo_projector_url) as client:
            await client.refinery.task_views.insert_one({"_id": "one"})
        port = port_of(first.s3_endpoint)
        put = signed_request(
            "PUT", "/refinery/key", port=port, credentials=servers.credentials, body=b"picture"
        )
        assert b" 200 " in (await exchange(port, put)).splitlines()[0]
    async with started(tmp_path) as servers:
        assert servers.addresses == first
    (tmp_path / "data" / "ports.json").unlink()

    async with started(tmp_path) as servers:
        addresses = servers.addresses
        async with mongo(addresses.mongo_api_url) as client:
            found = await client[addresses.mongo_database].task_views.find_one()
            with pytest.raises(OperationFailure):
                await client.refinery.task_views.insert_one({"_id": "two"})
        port = port_of(addresses.s3_endpoint)
        get = signed_request("GET", "/refinery/key", port=port, credentials=servers.credentials)
        picture = await exchange(port, get)

    assert addresses.s3_endpoint != first.s3_endpoint
    assert found == {"_id": "one"}
    assert picture.endswith(b"picture")


async def test_a_killed_server_is_noticed_and_starts_again(tmp_path: Path) -> None:
    """Killing the program by its pid is seen at once; its address and content stay."""
    async with started(tmp_path) as servers:
        for name in sorted(NAMES):
            noticed = asyncio.create_task(servers.failed())
            os.kill(servers.processes[name].pid, signal.SIGKILL)

            assert await asyncio.wait_for(noticed, BOUND_S) == name
            await servers.restart(name)

            assert servers.processes[name].is_running()
        async with mongo(servers.addresses.mongo_admin_url) as client:
            assert (await client.admin.command("hello"))["isWritablePrimary"]


async def test_a_killed_parent_leaves_no_servers_and_no_lock(tmp_path: Path) -> None:
    """After kill -9 the servers end by themselves, and the next start waits until they have."""
    data = tmp_path / "data"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(data)), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]

    parent.kill()
    await parent.communicate()

    assert len(pids) == 3
    async with started(tmp_path):
        assert not any(map(is_alive, pids))


async def test_a_data_directory_serves_one_stack(tmp_path: Path) -> None:
    """The second start says who has the directory, at once, and disturbs nobody."""
    async with started(tmp_path) as servers:
        with pytest.raises(DataDirectoryInUse, match=f"in use by process {os.getpid()}"):
            await EmbeddedServers.start(data=tmp_path / "data")

        assert all(process.is_running() for process in servers.processes.values())


async def test_a_server_that_cannot_start_takes_the_others_along(tmp_path: Path) -> None:
    """One line says which server and why, and the data directory is free again."""
    (tmp_path / "data" / "mongod" / "store" / "mongod.lock").mkdir(parents=True)
    (tmp_path / "data" / "lock").touch()

    with pytest.raises(ServerDidNotStart, match="mongod did not start: it ended with") as caught:
        await EmbeddedServers.start(data=tmp_path / "data")

    assert caught.value.log == tmp_path / "data" / "logs" / "mongod.log"
    assert len(str(caught.value).splitlines()) == 1
    assert processes_with(str(tmp_path)) == []


def test_a_directory_of_other_things_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into it, and nobody is shut out of it."""
    (tmp_path / "photo.png").touch()
    mode = tmp_path.stat().st_mode

    with pytest.raises(DataDirectoryUnusable, match="it holds other things"):
        asyncio.run(EmbeddedServers.start(data=tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
    assert tmp_path.stat().st_mode == mode


async def test_passwords_that_do_not_fit_the_data_are_named(tmp_path: Path) -> None:
    """Credentials of another directory are an error with a reason, not a wait."""
    async with started(tmp_path):
        pass
    (tmp_path / "data" / "credentials.json").unlink()

    with pytest.raises(ServerDidNotStart, match="other passwords than credentials"):
        await EmbeddedServers.start(data=tmp_path / "data")


class NatsClient:
    """As much of the NATS protocol as the denials need."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, user: str | None
    ) -> None:
        """Take over a connection."""
        self._user = user
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, servers: EmbeddedServers, *, user: str | None) -> "NatsClient":
        """Connect as a user, or as nobody."""
        port = port_of(servers.addresses.nats_url)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        options: dict[str, Any] = {"verbose": False, "pedantic": False}
        if user is not None:
            options |= {"user": user, "pass": getattr(servers.credentials.nats, user)}
        writer.write(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
        if user is not None:
            writer.write(f"SUB _INBOX_{user}.> 1\r\n".encode())
            assert await reader.readline() == b"PONG\r\n"
        return cls(reader, writer, user=user)

    async def ask(self, subject: str, body: object = None) -> str:
        """Publish a request with a private reply; return the answer or the complaint."""
        content = b"" if body is None else json.dumps(body).encode()
        self._writer.write(f"PUB {subject} _INBOX_{self._user}.1 {len(content)}\r\n".encode())
        self._writer.write(content + b"\r\n")
        return await self.complaint()

    async def complaint(self) -> str:
        """Return the next thing the server says."""
        async with asyncio.timeout(BOUND_S):
            line = await self._reader.readline()
            if line.startswith((b"MSG", b"HMSG")):
                line = await self._reader.readexactly(int(line.split()[-1]))
            return line.decode().strip()

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()


async def ask_as(servers: EmbeddedServers, user: str, subject: str) -> str:
    """Publish one request as a user on a connection of its own."""
    client = await NatsClient.connect(servers, user=user)
    try:
        return await client.ask(subject)
    finally:
        await client.close()


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[EmbeddedServers]:
    """Run the servers on a data directory for the length of a block."""
    servers = await EmbeddedServers.start(data=folder / "data")
    try:
        yield servers
    finally:
        await servers.stop()


def mongo(url: str) -> AsyncMongoClient[dict[str, Any]]:
    """Return a client that gives up soon."""
    return AsyncMongoClient(url, serverSelectionTimeoutMS=5000)


async def exchange(port: int, request: bytes) -> bytes:
    """Send one HTTP request and return the whole answer."""
    async with asyncio.timeout(BOUND_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()


def fields(credentials: Credentials) -> dict[str, Any]:
    """Return the parts of the credentials by name."""
    return {name: getattr(credentials, name) for name in credentials.__struct_fields__}


def port_of(url: str) -> int:
    """Return the port in an address."""
    port = urlsplit(url).port
    assert port is not None
    return port


def mongo_port(servers: EmbeddedServers) -> int:
    """Return where mongod listens."""
    return port_of(servers.addresses.mongo_admin_url)


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """Return the addresses on which a process listens, IPv6 ones as they are."""
    sockets = {
        target.removeprefix("socket:[").removesuffix("]")
        for target in links(Path(f"/proc/{pid}/fd").iterdir())
    }
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in sockets:
                host, _, port = columns[1].partition(":")
                raw = bytes.fromhex(host)
                shown = socket.inet_ntoa(raw[::-1]) if table == "tcp" else host
                found.add((shown, int(port, 16)))
    return found


def sockets_left(ports: set[int]) -> list[Path]:
    """Return SeaweedFS's socket files; where it puts them is not ours to choose."""
    everywhere = Path("/tmp").glob("seaweedfs-*.sock")  # noqa: S108 - its choice, see above
    return [path for path in everywhere if int(path.stem.rpartition("-")[2]) in ports]


def links(paths: Iterable[Path]) -> Iterable[str]:
    """Return where links lead, without those that have gone meanwhile."""
    for path in paths:
        try:
            yield str(path.readlink())
        except FileNotFoundError:
            continue


def processes_with(text: str) -> list[str]:
    """Return the command lines of all processes that mention a text."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if text in line:
                found.append(line)
    return found


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_accounts_for_operated_servers_are_a_valid_configuration(tmp_path: Path) -> None:
    """What is printed for operators is taken by the server, with passwords from its environment."""
    accounts = tmp_path / "accounts.conf"
    accounts.write_text(render_accounts())
    main = tmp_path / "server.conf"
    main.write_text("jetstream { sync_interval: always }\ninclude accounts.conf\n")
    variables = {
        f"NATS_{name.upper()}_PASSWORD": f"p-{name}" for name in NatsPasswords.__struct_fields__
    }

    checked = subprocess.run(  # noqa: S603 - the program that the wheel installed
        [find(NATS_SERVER), "--config", main, "-t"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert checked.returncode == 0, checked.stderr
