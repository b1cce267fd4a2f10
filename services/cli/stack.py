"""The whole stack on one machine: embedded servers, and API, worker and projector beside them.

What ends by itself is started again, so that killing any part of it is an outage of that part only.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final, Self

import aiohttp
import msgspec

from services.cli.errors import CommandFailed
from services.cli.provisioning import provision_servers
from services.embedded.errors import EmbeddedError, PortTaken
from services.embedded.leash import LeashedProcess
from services.embedded.ports import choose_ports, is_free
from services.embedded.private_files import write_private
from services.embedded.servers import EmbeddedServers
from services.runtime.environment import check_names
from services.runtime.retries import Backoff
from services.runtime.settings import (
    PREFIX,
    MongoSettings,
    NatsSettings,
    S3Settings,
    Secret,
)

SERVICES: Final = ("api", "worker", "projector")
SERVERS: Final[Mapping[str, str]] = {"nats": "nats-server", "mongo": "mongod", "s3": "weed"}
START_DEADLINE_S: Final = 30.0
STOP_GRACE_S: Final = 25.0
POLL_S: Final = 0.02
RESTARTS_MAX: Final = 5
RESTARTS_WINDOW_S: Final = 60.0

_STATE_FILE: Final = "stack.json"
_BACKOFF: Final = Backoff(base_s=0.1, max_s=5.0)
_NICE: Final[Mapping[str, int]] = {"worker": 19, "projector": 5}
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")

Tell = Callable[[str], None]


class StackOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to run a stack: `port` is the API's, or 0 for a free one, that of last time if it can be.

    `environment` is the caller's; its settings reach the processes.
    """

    data: Path
    port: int
    engine: str | None
    environment: Mapping[str, str]


class RunningStack(msgspec.Struct, frozen=True, kw_only=True):
    """What other commands need to find a running stack; kept in its data directory."""

    pid: int
    api: str
    nats_url: str
    s3_endpoint: str
    s3_bucket: str


class Stack:
    """A running stack; callers use `start`, then `supervise`, then `stop`."""

    def __init__(
        self, servers: EmbeddedServers, options: StackOptions, *, port: int, tell: Tell
    ) -> None:
        """Take over running servers."""
        self.servers = servers
        self.port = port
        self.api = f"http://127.0.0.1:{port}"
        self._options = options
        self._tell = tell
        self._services: dict[str, LeashedProcess] = {}
        self._state = options.data / _STATE_FILE

    @classmethod
    async def start(cls, options: StackOptions, *, tell: Tell) -> Self:
        """Start everything and return when the API is ready; on failure nothing is left running.

        Raises:
            InvalidSettings: the environment names a setting that there is not.
        EmbeddedError: a server cannot run, or the port is taken.
            CommandFailed: a process of ours did not become ready.
        """
        check_names(options.environment)
        if options.port and not is_free(options.port):
            raise PortTaken(options.port)
        servers = await EmbeddedServers.start(data=options.data, on_progress=tell)
        try:
            # Only now, when the data directory is ours: the choice is remembered there.
            asked = {"api": options.port} if options.port else None
            port = choose_ports(options.data, ["api"], asked=asked)["api"]
        except BaseException:
            await servers.stop()
            raise
        stack = cls(servers, options, port=port, tell=tell)
        try:
            await provision_servers(stack._nats("admin"), stack._mongo_admin(), replicas=1)
            async with asyncio.TaskGroup() as group:
                for name in SERVICES:
                    group.create_task(stack._start_service(name))
            await stack._wait_until_ready()
            stack._remember()
        except BaseException as error:
            await stack.stop()
            if isinstance(error, ExceptionGroup):
                raise error.exceptions[0] from error
            raise
        return stack

    @property
    def pids(self) -> dict[str, int]:
        """The process ids, by the names that people use."""
        services = {name: process.pid for name, process in self._services.items()}
        return services | {
            name: self.servers.processes[program].pid for name, program in SERVERS.items()
        }

    def s3_settings(self) -> S3Settings:
        """How to reach the object store."""
        return S3Settings(
            endpoint=self.servers.addresses.s3_endpoint,
            bucket=self.servers.addresses.s3_bucket,
            access_key=Secret(self.servers.credentials.s3_access_key),
            secret_key=Secret(self.servers.credentials.s3_secret_key),
            region=self.servers.addresses.s3_region,
        )

    def nats_observer(self) -> NatsSettings:
        """How to read the log, and nothing but read."""
        return self._nats("observer")

    async def supervise(self) -> None:
        """Start again whatever ends, for ever.

        Raises:
            CommandFailed: something ends again and again.
        """
        async with asyncio.TaskGroup() as group:
            for name in SERVICES:
                group.create_task(self._keep(name, self._services, self._start_service))
            for program in SERVERS.values():
                group.create_task(self._keep(program, self.servers.processes, self.servers.restart))

    async def stop(self) -> None:
        """Stop the services, each finishing what it has in hand, then the servers."""
        self._state.unlink(missing_ok=True)
        await asyncio.gather(*(process.stop() for process in self._services.values()))
        await self.servers.stop()

    async def _keep(
        self,
        name: str,
        processes: Mapping[str, LeashedProcess],
        restart: Callable[[str], Awaitable[None]],
    ) -> None:
        ended_at: list[float] = []
        while True:
            status = await processes[name].wait()
            ended_at = [at for at in ended_at if at > monotonic() - RESTARTS_WINDOW_S]
            ended_at.append(monotonic())
            if len(ended_at) > RESTARTS_MAX:
                raise CommandFailed(
                    f"{name} ended {len(ended_at)} times within {RESTARTS_WINDOW_S:.0f} s "
                    f"(log: {processes[name].log})"
                )
            self._tell(f"{name} ended with status {status}, starting it again")
            await asyncio.sleep(_BACKOFF.delay_s(len(ended_at)))
            try:
                await restart(name)
            except (CommandFailed, EmbeddedError) as error:
                # Perhaps what it needs is away as well: that counts as one more end of it.
                self._tell(f"{name} does not start yet: {error}")
            else:
                self._tell(f"{name} runs again, process {processes[name].pid}")

    async def _start_service(self, name: str) -> None:
        ready = self._options.data / f"{name}.ready"
        ready.unlink(missing_ok=True)
        process = await LeashedProcess.start(
            name=name,
            command=(
                *_politely(name),
                *(sys.executable, "-m", "services.cli", name, "--ready-file", str(ready)),
            ),
            environment=self._environment(name),
            log=self._options.data / "logs" / f"{name}.log",
            grace_s=STOP_GRACE_S,
        )
        self._services[name] = process
        deadline = monotonic() + START_DEADLINE_S
        while not ready.exists():
            if not process.is_running() or monotonic() > deadline:
                raise CommandFailed(f"{name} did not start: {_last_line(process)}")
            await asyncio.sleep(POLL_S)

    async def _wait_until_ready(self) -> None:
        deadline = monotonic() + START_DEADLINE_S
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.api}/api/health/ready") as answer:
                        if (await answer.json())["status"] == "ready":
                            return
                except (aiohttp.ClientError, OSError, ValueError):
                    pass
                if monotonic() > deadline or not self._services["api"].is_running():
                    last = _last_line(self._services["api"])
                    raise CommandFailed(f"the API did not become ready: {last}")
                await asyncio.sleep(POLL_S)

    def _remember(self) -> None:
        addresses = self.servers.addresses
        running = RunningStack(
            pid=os.getpid(),
            api=self.api,
            nats_url=addresses.nats_url,
            s3_endpoint=addresses.s3_endpoint,
            s3_bucket=addresses.s3_bucket,
        )
        write_private(self._state, msgspec.json.encode(running))

    def _environment(self, name: str) -> dict[str, str]:
        """What one process is told: its own credentials only, then what the caller has set."""
        addresses, credentials = self.servers.addresses, self.servers.credentials
        own = self._nats(name)
        settings = {"NATS_URL": own.url, "NATS_USER": own.user}
        settings["NATS_PASSWORD"] = own.password.reveal()
        if name in {"api", "worker"}:
            settings |= {
                "S3_ENDPOINT": addresses.s3_endpoint,
                "S3_BUCKET": addresses.s3_bucket,
                "S3_REGION": addresses.s3_region,
                "S3_ACCESS_KEY": credentials.s3_access_key,
                "S3_SECRET_KEY": credentials.s3_secret_key,
            }
        if name == "api":
            settings |= {
                "MONGO_URL": addresses.mongo_api_url,
                "AUTH_JWT_SECRET": credentials.jwt_secret,
                "USER_KEY_SECRET": credentials.user_key_secret,
                "HTTP_PORT": str(self.port),
            }
        if name == "projector":
            settings["MONGO_URL"] = addresses.mongo_projector_url
        if name in {"api", "worker"} and self._options.engine is not None:
            settings["REFINEMENT_ENGINE"] = self._options.engine
        given = self._options.environment
        inherited = {key: given[key] for key in _INHERITED if key in given}
        overrides = {key: value for key, value in given.items() if key.startswith(PREFIX)}
        return inherited | overrides | {f"{PREFIX}{key}": value for key, value in settings.items()}

    def _nats(self, user: str) -> NatsSettings:
        password = getattr(self.servers.credentials.nats, user)
        return NatsSettings(
            url=self.servers.addresses.nats_url, user=user, password=Secret(password)
        )

    def _mongo_admin(self) -> MongoSettings:
        addresses = self.servers.addresses
        return MongoSettings(
            url=Secret(addresses.mongo_admin_url), database=addresses.mongo_database
        )


def find_running(data: Path) -> RunningStack:
    """The stack that runs on a data directory.

    Raises:
        CommandFailed: none does.
    """
    try:
        running = msgspec.json.decode((data / _STATE_FILE).read_bytes(), type=RunningStack)
        # One that was killed has left its file behind.
        os.kill(running.pid, 0)
    except (OSError, msgspec.MsgspecError) as error:
        raise CommandFailed(
            f"no stack runs on {data}: start one with `refinery up --data {data}`, "
            "or name its directory with --data"
        ) from error
    return running


def _politely(name: str) -> tuple[str, ...]:
    """Let work that can wait yield to answers: on one machine all share its cores."""
    nice = shutil.which("nice")
    return () if nice is None or name not in _NICE else (nice, "-n", str(_NICE[name]))


def _last_line(process: LeashedProcess) -> str:
    line = process.log_tail(1).removeprefix("error: ") or "it wrote nothing"
    return f"{line} (log: {process.log})"
