"""The service as its operator has it: the `refinery` command, and what `refinery up` prints."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from services.cli.tokens import sign_token
from services.cli.uploads import upload
from services.embedded.credentials import load_or_create
from services.runtime.settings import NatsSettings, S3Settings, Secret
from tests.system.processes import Process, family_of, still_running
from tests.system.waiting import NeverHappened, wait_until

START_BOUND_S: Final = 60.0
STOP_BOUND_S: Final = 60.0
RESTART_BOUND_S: Final = 40.0
COMMAND_BOUND_S: Final = 60.0
LOOK_S: Final = 0.1
REFINERY: Final = str(Path(sys.executable).with_name("refinery"))
TOKEN_LIFE: Final = timedelta(hours=1)

# What `refinery up` calls them when it starts them again.
_PROGRAMS: Final = {"nats": "nats-server", "mongo": "mongod", "s3": "weed"}
_STARTED_AGAIN: Final = re.compile(r"^(\S+) runs again, process (\d+)$", re.MULTILINE)

Result = TypeVar("Result")


class Ready(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `refinery up --json` prints."""

    api: str
    nats: str
    mongo: str
    s3: str
    token: str
    audit_token: str
    pids: dict[str, int]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A command that has ended: its exit status, and what it wrote."""

    status: int
    stdout: str
    stderr: str


def run(*command: str, directory: Path | None = None) -> Ended:
    """Run a command to its end, off a terminal."""
    done = subprocess.run(  # noqa: S603 - the commands are the tests' own
        command,
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=COMMAND_BOUND_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def refinery(*arguments: str | Path, directory: Path | None = None) -> Ended:
    """Run one `refinery` command to its end."""
    return run(REFINERY, *map(str, arguments), directory=directory)


def run_watched(*command: str) -> tuple[Ended, frozenset[Process]]:
    """Run a command to its end; also every process that was seen among its descendants."""
    started = subprocess.Popen(  # noqa: S603 - the commands are the tests' own
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    family: frozenset[Process] = frozenset()
    for _ in range(int(COMMAND_BOUND_S / LOOK_S)):
        family |= family_of(started.pid)
        try:
            stdout, stderr = started.communicate(timeout=LOOK_S)
        except subprocess.TimeoutExpired:
            continue
        return Ended(status=started.returncode, stdout=stdout, stderr=stderr), family
    started.kill()
    started.communicate()
    raise NeverHappened(f"{command} has ended", bound_s=COMMAND_BOUND_S)


class Service:
    """`refinery up` on one data directory, which may be started again and again."""

    ready: Ready

    def __init__(
        self, data: Path, *, engine: str = "null", settings: Mapping[str, str] | None = None
    ) -> None:
        self.data = data
        self._engine = engine
        self._settings = dict(settings or {})
        self._up: subprocess.Popen[bytes] | None = None
        self._runs = 0

    # --- Its life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and return when it has said that it is ready."""
        self.launch()
        wait_until(
            lambda: "\n" in self.stdout or self.has_ended(),
            bound_s=START_BOUND_S,
            what="refinery up is ready",
        )
        assert not self.has_ended(), self.stderr
        self.ready = msgspec.json.decode(self.stdout, type=Ready)

    def launch(self) -> None:
        """Start it and return at once."""
        assert self.has_ended(), "it runs already"
        self._runs += 1
        settings = [f"{name}={value}" for name, value in self._settings.items()]
        command = ("up", "--data", str(self.data), "--port", "0", "--engine", self._engine)
        with self._output("out").open("wb") as out, self._output("err").open("wb") as err:
            self._up = subprocess.Popen(  # noqa: S603 - the command under test
                ("/usr/bin/env", *settings, REFINERY, *command, "--json"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # A group of its own, which a Ctrl-C can be sent to as a terminal does.
                start_new_session=True,
            )

    def interrupt(self, number: signal.Signals) -> None:
        """Send a signal to `refinery up` itself: SIGINT as a terminal would, to its group."""
        assert self._up is not None
        send = os.killpg if number is signal.SIGINT else os.kill
        send(self._up.pid, number)

    def wait(self) -> int:
        """Wait until `refinery up` has ended; its exit status."""
        assert self._up is not None
        return self._up.wait(STOP_BOUND_S)

    def has_ended(self) -> bool:
        """Whether `refinery up` does not run: not yet, or not any more."""
        return self._up is None or self._up.poll() is not None

    def stop(self) -> None:
        """End it, if it runs; if it does not in time, with SIGKILL."""
        if self._up is None or self.has_ended():
            return
        self.interrupt(signal.SIGTERM)
        try:
            self.wait()
        finally:
            self._up.kill()
            self._up.wait()

    # --- Its processes ------------------------------------------------------------------------

    def family(self) -> frozenset[Process]:
        """`refinery up` and every process it has started, directly or not."""
        assert self._up is not None
        return family_of(self._up.pid)

    def pid(self, name: str) -> int:
        """The process that has this part now: `api`, `worker`, `projector`, `nats`, ..."""
        restarts = dict(_STARTED_AGAIN.findall(self.stderr))
        return int(restarts.get(_PROGRAMS.get(name, name), self.ready.pids[name]))

    def kill(self, *names: str) -> dict[str, int]:
        """Send SIGKILL to parts of the service, all at once; the processes that were killed."""
        pids = {name: self.pid(name) for name in names}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        return pids

    def has_replaced(self, killed: Mapping[str, int]) -> bool:
        """Whether all that was killed runs again."""
        return all(self.pid(name) != pid for name, pid in killed.items())

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Keep a part of the service from doing anything (SIGSTOP) for a while."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @property
    def stdout(self) -> str:
        """What this run has printed."""
        return self._output("out").read_text()

    @property
    def stderr(self) -> str:
        """What this run has told its operator."""
        return self._output("err").read_text()

    # --- Its users ----------------------------------------------------------------------------

    def token_of(self, user: str) -> str:
        """A bearer token, as `refinery token --user USER` prints it, for any number of users."""
        secret = load_or_create(self.data).jwt_secret
        return sign_token(user, secret=secret, life=TOKEN_LIFE)

    def upload(self, picture: Path) -> str:
        """Put a picture into the object store; the URL to refine it from."""
        place = urlsplit(self.ready.s3)
        assert place.username
        assert place.password
        settings = S3Settings(
            endpoint=f"{place.scheme}://{place.hostname}:{place.port}",
            bucket=place.path.removeprefix("/"),
            access_key=Secret(place.username),
            secret_key=Secret(place.password),
        )
        return _run_apart(upload(picture, settings))

    def log_settings(self) -> NatsSettings:
        """How to read the log as an observer."""
        place = urlsplit(self.ready.nats)
        assert place.username
        assert place.password
        return NatsSettings(
            url=f"{place.scheme}://{place.hostname}:{place.port}",
            user=place.username,
            password=Secret(place.password),
        )

    def _output(self, kind: str) -> Path:
        return self.data.with_name(f"{self.data.name}-{self._runs}.{kind}")


def assert_all_ended(processes: frozenset[Process], *, bound_s: float) -> None:
    """Nothing of these is left, or will be within the bound."""
    assert processes
    wait_until(
        lambda: not still_running(processes),
        bound_s=bound_s,
        what="all its processes have ended",
    )


def lines_of(text: str) -> Sequence[str]:
    """The lines of an output that are not empty."""
    return [line for line in text.splitlines() if line.strip()]


def _run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread of its own, because fixtures may be inside a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
