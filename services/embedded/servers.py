"""The three embedded servers as one: started together, stopped together."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self

import msgspec

from services.embedded import binaries, mongod, nats_server, seaweedfs
from services.embedded.credentials import Credentials, load_or_create
from services.embedded.data_directory import DataDirectoryLock, prepare
from services.embedded.errors import unusable_when_unwritable
from services.embedded.leash import LeashedProcess
from services.embedded.ports import choose_ports
from services.embedded.private_files import make_private_directory
from services.embedded.readiness import Launch

_LOGS: Final = "logs"
_STARTS: Final = {
    binaries.NATS_SERVER: nats_server.start_nats,
    binaries.MONGOD: mongod.start_mongod,
    binaries.WEED: seaweedfs.start_seaweedfs,
}
_BY_NAME: Final = {program.name: program for program in _STARTS}
_PORTS: Final = (*nats_server.PORTS, *mongod.PORTS, *seaweedfs.PORTS)


class ServerAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the servers are reached; the mongo URLs carry credentials."""

    nats_url: str
    mongo_api_url: str
    mongo_projector_url: str
    mongo_admin_url: str
    mongo_database: str
    s3_endpoint: str
    s3_bucket: str
    s3_region: str

    def __repr__(self) -> str:
        """Leave out the URLs with passwords."""
        return f"<ServerAddresses {self.nats_url} {self.s3_endpoint}>"


class _Stack(msgspec.Struct, frozen=True, kw_only=True):
    """Everything settled about one data directory: enough to start each server, again and again."""

    data: Path
    credentials: Credentials
    ports: Mapping[str, int]
    launches: Mapping[str, Launch]


class EmbeddedServers:
    """nats-server, mongod and SeaweedFS on one data directory; callers use `start`.

    `processes` holds one process by server name: `nats-server`, `mongod`, `weed`.
    """

    def __init__(
        self,
        *,
        stack: _Stack,
        processes: dict[str, LeashedProcess],
        lock: DataDirectoryLock,
    ) -> None:
        """Take over running servers and their locked data directory."""
        self.addresses = _addresses(stack)
        self.credentials = stack.credentials
        self.processes = processes
        self._stack = stack
        self._lock = lock

    @classmethod
    async def start(cls, *, data: Path, on_progress: Callable[[str], None] | None = None) -> Self:
        """Start the three at once; return when all are ready, or stop all and raise.

        Args:
            data: the data directory, made if need be; one stack at a time.
            on_progress: called with one line for a person at each step.

        Raises:
            EmbeddedError: what is missing, broken, taken or full, in one line.
        """
        paths = {program.name: binaries.find(program) for program in _STARTS}
        with unusable_when_unwritable(data):
            data = prepare(data)
            lock = await DataDirectoryLock.acquire(data)
            try:
                stack = _plan(data, paths=paths, lock=lock)
                processes = await _start_all(stack, on_progress or _say_nothing)
            except BaseException:
                lock.release()
                raise
        return cls(stack=stack, processes=processes, lock=lock)

    async def restart(self, name: str) -> None:
        """Start a server that has ended, or end it first; its address stays.

        Raises:
            EmbeddedError: it did not start; the others run on.
        """
        await self.processes[name].stop()
        with unusable_when_unwritable(self._stack.data):
            self.processes[name] = await _start(self._stack, _BY_NAME[name])

    async def stop(self) -> None:
        """End the servers and release the data directory; does nothing the second time."""
        await _stop_all(self._stack, self.processes)
        self._lock.release()

    async def failed(self) -> str:
        """Wait until a server has ended and return its name.

        A server that `stop` or `restart` ends counts as well: cancel this wait before.
        """
        waits = {
            asyncio.create_task(process.wait(), name=name)
            for name, process in self.processes.items()
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return min(task.get_name() for task in done)
        finally:
            for task in waits:
                task.cancel()
            _ = await asyncio.gather(*waits, return_exceptions=True)


def _plan(data: Path, *, paths: Mapping[str, Path], lock: DataDirectoryLock) -> _Stack:
    """Settle secrets, ports and directories, so that a server can start again at any time."""
    credentials = load_or_create(data)
    ports = choose_ports(data, _PORTS, paired=seaweedfs.PAIRED_PORTS)
    make_private_directory(data / _LOGS)
    launches: dict[str, Launch] = {}
    for name, path in paths.items():
        make_private_directory(data / name)
        launches[name] = Launch(
            name=name,
            program=path,
            data=data,
            directory=data / name,
            log=data / _LOGS / f"{name}.log",
            ports=ports,
            inherit=(lock.descriptor,),
        )
    return _Stack(data=data, credentials=credentials, ports=ports, launches=launches)


async def _start_all(stack: _Stack, tell: Callable[[str], None]) -> dict[str, LeashedProcess]:
    processes: dict[str, LeashedProcess] = {}

    async def start_one(program: binaries.Program) -> None:
        began = time.monotonic()
        await binaries.verify(program, stack.launches[program.name].program)
        processes[program.name] = await _start(stack, program)
        tell(f"{program.name} is ready ({time.monotonic() - began:.1f} s)")

    try:
        async with asyncio.TaskGroup() as group:
            for program in _STARTS:
                _ = group.create_task(start_one(program))
    except BaseException as failure:
        await _stop_all(stack, processes)
        if isinstance(failure, ExceptionGroup):
            # The others were cancelled for the first to fail.
            raise failure.exceptions[0] from failure
        raise
    return processes


async def _start(stack: _Stack, program: binaries.Program) -> LeashedProcess:
    return await _STARTS[program](stack.launches[program.name], credentials=stack.credentials)


async def _stop_all(stack: _Stack, processes: Mapping[str, LeashedProcess]) -> None:
    _ = await asyncio.gather(*(process.stop() for process in processes.values()))
    seaweedfs.remove_sockets(stack.ports)


def _say_nothing(_: str) -> None:
    pass


def _addresses(stack: _Stack) -> ServerAddresses:
    ports, passwords = stack.ports, stack.credentials.mongo
    mongo = ports["mongo"]
    return ServerAddresses(
        nats_url=f"nats://127.0.0.1:{ports['nats']}",
        mongo_api_url=mongod.mongo_url(port=mongo, user="api", password=passwords.api),
        mongo_projector_url=mongod.mongo_url(
            port=mongo, user="projector", password=passwords.projector
        ),
        mongo_admin_url=mongod.mongo_url(port=mongo, user="admin", password=passwords.admin),
        mongo_database=mongod.DATABASE,
        s3_endpoint=f"http://127.0.0.1:{ports['s3']}",
        s3_bucket=seaweedfs.BUCKET,
        s3_region=seaweedfs.REGION,
    )
