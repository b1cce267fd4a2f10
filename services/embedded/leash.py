"""Child processes that cannot outlive us, also when we are killed with SIGKILL.

Each program runs under `keeper.py`, whose module text says who ends what. A program's descendants
die with it: the keeper kills its process group and, on Linux, orphans that left the group. Only
when our process and the keeper are killed at the same instant is a program left to the kernel's
SIGTERM alone, and its descendants to the program.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Self

from services.embedded.errors import ProgramNotLaunched

LAUNCH_S: Final = 10.0
KEEPER_MARGIN_S: Final = 3.0
LOG_BYTES_MAX: Final = 10 * 1024 * 1024
LOG_TAIL_BYTES: Final = 64 * 1024
_GROUP_POLL_S: Final = 0.05
_KEEPER: Final = Path(__file__).with_name("keeper.py")
_KEEPER_LOST: Final = -int(signal.SIGKILL)


class LeashedProcess:
    """One program under its keeper; `pid` is the program's own."""

    def __init__(
        self, *, name: str, pid: int, log: Path, keeper: Process, grace_s: float, log_start: int
    ) -> None:
        """Take over a keeper whose program runs; callers use `start`."""
        self.name = name
        self.pid = pid
        self.log = log
        self._keeper = keeper
        self._grace_s = grace_s
        self._log_start = log_start
        self._ended = asyncio.create_task(self._follow(), name=f"leash of {name}")

    @classmethod
    async def start(
        cls,
        *,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        grace_s: float = 10.0,
        directory: Path | None = None,
        inherit: Sequence[int] = (),
    ) -> Self:
        """Start a program with exactly this environment; its output is appended to `log`.

        Args:
            name: what messages call it.
            command: the program and its arguments; nothing is expanded.
            environment: all the variables it sees.
            log: file for its output; one that has grown too long is kept once as `.old`.
            grace_s: seconds between SIGTERM and SIGKILL when it is stopped.
            directory: its working directory; ours when not given.
            inherit: file descriptors it keeps open, such as that of a lock it shall hold.

        Raises:
            ProgramNotLaunched: it could not be executed.
            OSError: the log could not be opened.
        """
        with _open_log(log) as output:
            log_start = output.tell()
            keeper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_KEEPER), str(grace_s), *command),
                stdin=PIPE,
                stdout=PIPE,
                stderr=output,
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
                pass_fds=tuple(inherit),
            )
        try:
            pid = await _launched(name, keeper)
        except BaseException:
            await _end_keeper(keeper, within_s=KEEPER_MARGIN_S)
            raise
        return cls(name=name, pid=pid, log=log, keeper=keeper, grace_s=grace_s, log_start=log_start)

    async def wait(self) -> int:
        """Wait until the program has ended; return its status, minus the signal that killed it."""
        return await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """End the program: SIGTERM, after the grace SIGKILL. Does nothing when it has ended."""
        _let_go(self._keeper)
        try:
            async with asyncio.timeout(self._grace_s + KEEPER_MARGIN_S):
                await self.wait()
        except TimeoutError:
            # A keeper that is stopped or stuck: without it, following ends by killing the group.
            with contextlib.suppress(ProcessLookupError):
                self._keeper.kill()
            await self.wait()

    def is_running(self) -> bool:
        """Say whether the program has not been seen to end."""
        return not self._ended.done()

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines the program wrote, none of an earlier run."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            _ = file.seek(max(self._log_start, end - LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    async def _follow(self) -> int:
        assert self._keeper.stdout is not None
        last = await self._keeper.stdout.read()
        _let_go(self._keeper)
        _ = await self._keeper.wait()
        word, _, status = last.decode().strip().partition(" ")
        if word == "exit":
            return int(status)
        # The keeper was killed. The kernel has sent SIGTERM to the program (Linux only), nobody
        # to its children.
        await _end_group(self.pid, within_s=self._grace_s)
        return _KEEPER_LOST


def _open_log(log: Path) -> BinaryIO:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_name(f"{log.name}.old"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


async def _launched(name: str, keeper: Process) -> int:
    """Read the pid from the keeper's first line."""
    assert keeper.stdout is not None
    try:
        async with asyncio.timeout(LAUNCH_S):
            line = (await keeper.stdout.readline()).decode().strip()
    except TimeoutError as error:
        reason = f"no sign of life within {LAUNCH_S:g} s"
        raise ProgramNotLaunched(name=name, reason=reason) from error
    word, _, rest = line.partition(" ")
    if word != "pid":
        raise ProgramNotLaunched(name=name, reason=rest or "its keeper ended at once")
    return int(rest)


def _let_go(keeper: Process) -> None:
    """End the leash; a keeper that is there stops the program then."""
    if keeper.stdin is not None:
        keeper.stdin.close()


async def _end_keeper(keeper: Process, *, within_s: float) -> None:
    """End a keeper whose program was not taken over."""
    _let_go(keeper)
    try:
        async with asyncio.timeout(within_s):
            _ = await keeper.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            keeper.kill()
        _ = await keeper.communicate()


async def _end_group(group: int, *, within_s: float) -> None:
    """Wait for a process group that was told to end, then kill it."""
    deadline = time.monotonic() + within_s
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            await asyncio.sleep(_GROUP_POLL_S)
            os.killpg(group, 0)
        os.killpg(group, signal.SIGKILL)
