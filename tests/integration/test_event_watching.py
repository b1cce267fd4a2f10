"""`refinery events tail` and `show` on a real log."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.event_commands import BOUND_S, position, run, started
from tests.logs import LogServer, fill, running_log

FEW: Final = 300


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LogServer]:
    """A log."""
    async with running_log(tmp_path) as server:
        yield server


class TestWatching:
    """Looking at the log."""

    async def test_the_last_ones(self, one: LogServer) -> None:
        """A line for each; as JSON, as in an export."""
        await fill(one, count=FEW)

        shown = await run(one, "observer", "tail", "-n", "3")
        lines = await run(one, "observer", "tail", "-n", "3", "--json")
        none = await run(one, "observer", "tail", "-n", "0")

        numbers = [int(line.split()[0]) for line in shown.stdout.splitlines()]
        assert numbers == [FEW - 2, FEW - 1, FEW]
        assert [position(line) for line in lines.stdout.splitlines()] == numbers
        assert none.stdout == b""

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGPIPE])
    async def test_what_comes_until_it_is_stopped(
        self, one: LogServer, stop: signal.Signals
    ) -> None:
        """By Ctrl-C or by a reader that has had enough: no traceback, the shell's exit code."""
        await fill(one, count=5)
        process = await started(one, "observer", "tail", "-f", "--from", "4")
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(BOUND_S):
            before = [await process.stdout.readline() for _ in range(2)]
            await fill(one, count=1)
            after = await process.stdout.readline()
            if stop is signal.SIGINT:
                process.send_signal(stop)
            else:
                process.stdout._transport.close()  # type: ignore[attr-defined]  # a reader has no close
                await fill(one, count=2)
            status = await process.wait()
            errors = await process.stderr.read()

        assert [int(line.split()[0]) for line in [*before, after]] == [4, 5, 6]
        assert status == 128 + stop
        assert errors == b""

    async def test_an_event_and_a_task(self, one: LogServer) -> None:
        """Whole with its bytes, or all of its events and where they lead."""
        await fill(one, count=FEW)
        [line] = (await run(one, "observer", "show", "1", "--json")).stdout.splitlines()
        task_id = json.loads(line)["subject"].split(".")[3]

        event = await run(one, "observer", "show", "1")
        task = await run(one, "observer", "show", task_id)
        nobody = await run(one, "observer", "show", task_id[:-4] + "0000")
        nowhere = await run(one, "observer", "show", str(FEW + 1))

        assert json.loads(line)["hash"].encode() in event.stdout
        assert b'"specversion": "1.0"' in event.stdout
        assert task.stdout.splitlines()[0].split()[0] == b"1"
        assert f"{task_id} is ".encode() in task.stdout.splitlines()[-1]
        assert (nobody.status, nowhere.status) == (1, 1)
        assert f"the log reaches to {FEW}" in nowhere.stderr
