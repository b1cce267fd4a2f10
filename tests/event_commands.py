"""Runs `refinery events` as processes, as the users of a log."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.logs import LogServer

ROOT: Final = Path(__file__).parents[1]
BOUND_S: Final = 50.0


class Ended:
    """A command that has ended."""

    def __init__(self, process: "subprocess.CompletedProcess[bytes]") -> None:
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr.decode()


async def succeed(server: LogServer, user: str, *arguments: str) -> Ended:
    """Run a command that must not fail."""
    ended = await run(server, user, *arguments)
    assert ended.status == 0, ended.stderr
    return ended


async def run(server: LogServer, user: str, *arguments: str) -> Ended:
    """Run a command to its end."""
    process = await started(server, user, *arguments)
    async with asyncio.timeout(BOUND_S):
        stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Ended(
        subprocess.CompletedProcess(arguments, process.returncode, stdout=stdout, stderr=stderr)
    )


async def started(server: LogServer, user: str, *arguments: str) -> asyncio.subprocess.Process:
    """A command that runs."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "events", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ) | server.environment(user),
    )


def position(line: bytes) -> int:
    """The position that a line says."""
    found = json.loads(line)["position"]
    assert isinstance(found, int)
    return found
