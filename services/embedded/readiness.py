"""Start one server and wait until it is ready, ends, or takes too long."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from services.embedded.data_directory import require_space
from services.embedded.errors import DataDirectoryUnusable, ServerDidNotStart
from services.embedded.leash import LeashedProcess
from services.embedded.symptoms import disk_trouble, reason_of

READY_S: Final = 40.0
_POLL_S: Final = 0.02


class NotReady(Exception):
    """The server does not do its work yet; asked again until time is up."""


class NeverReady(Exception):
    """The server runs but will never be ready; waiting is no use."""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how one server runs."""

    name: str
    program: Path
    data: Path
    directory: Path
    log: Path
    ports: Mapping[str, int]
    # File descriptors that the server keeps open: the lock of the data directory.
    inherit: tuple[int, ...] = ()
    grace_s: float = 10.0


async def start_server(
    launch: Launch,
    *,
    arguments: Sequence[str],
    ready: Callable[[], Awaitable[None]],
    variables: Mapping[str, str] | None = None,
) -> LeashedProcess:
    """Start a server and ask `ready` until it no longer raises `NotReady`.

    A server that is not ready is stopped, also when the caller is cancelled.

    Raises:
        ServerDidNotStart: it ended, or did not become ready in `READY_S`.
        DataDirectoryUnusable: it complained of a full or forbidden disk.
        ProgramNotLaunched: it could not be executed.
    """
    process = await LeashedProcess.start(
        name=launch.name,
        command=(str(launch.program), *arguments),
        environment=_environment(launch.directory) | dict(variables or {}),
        log=launch.log,
        grace_s=launch.grace_s,
        # Servers look for configuration in the working directory and at home: nothing but ours.
        directory=launch.directory,
        inherit=launch.inherit,
    )
    try:
        await _become_ready(launch, process, ready)
    except BaseException:
        await process.stop()
        raise
    return process


async def _become_ready(
    launch: Launch, process: LeashedProcess, ready: Callable[[], Awaitable[None]]
) -> None:
    """Poll, and fail at once when the server ends."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            await ready()
        except NotReady as error:
            if not process.is_running():
                summary = f"it ended with status {await process.wait()}"
                raise _did_not_start(launch, process, summary) from error
            if time.monotonic() >= deadline:
                reason = f"not ready within {READY_S:g} s: {error}"
                raise _did_not_start(launch, process, reason) from error
        except NeverReady as error:
            raise ServerDidNotStart(name=launch.name, reason=str(error), log=launch.log) from error
        else:
            return
        await asyncio.sleep(_POLL_S)


def _did_not_start(
    launch: Launch, process: LeashedProcess, summary: str
) -> ServerDidNotStart | DataDirectoryUnusable:
    text = process.log_tail()
    # A log on the full disk may lack the very line that says so.
    trouble = disk_trouble(text) or _shortage(launch.data)
    if trouble is not None:
        return DataDirectoryUnusable(path=launch.data, reason=f"{launch.name}: {trouble}")
    complaint = reason_of(text)
    reason = summary if complaint is None else f"{summary}: {complaint}"
    return ServerDidNotStart(name=launch.name, reason=reason, log=launch.log)


def _shortage(data: Path) -> str | None:
    try:
        require_space(data)
    except DataDirectoryUnusable as error:
        return error.reason
    return None


def _environment(directory: Path) -> dict[str, str]:
    """Return the few variables a server needs; no proxy, no credentials of the user's."""
    return {"HOME": str(directory), "TMPDIR": str(directory), "LC_ALL": "C", "TZ": "UTC"}
