"""Programs under a leash: however one of the processes ends, nothing is left behind."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.embedded.errors import ProgramNotLaunched
from services.embedded.leash import LOG_BYTES_MAX, LeashedProcess

BOUND_S = 10.0
# Prints its children's pids: one in its process group, one that left for a session of its own.
FAMILY = """
import os, time
for leave in (False, True):
    if os.fork() == 0:
        if leave:
            os.setsid()
        print("child", os.getpid(), flush=True)
        time.sleep(600)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
PARENT = """
import asyncio, sys
from pathlib import Path
from services.embedded.leash import LeashedProcess
async def main():
    program = await LeashedProcess.start(
        name="family", command=[sys.executable, "-c", sys.argv[1]], environment={},
        log=Path(sys.argv[2]), grace_s=1.0)
    print(program.pid, flush=True)
    await program.wait()
asyncio.run(main())
"""


async def test_the_pid_is_the_programs_own(tmp_path: Path) -> None:
    """Whoever kills that pid hits the program and no wrapper; the status says so."""
    async with leashed(
        tmp_path, "import os, time; print('i am', os.getpid(), flush=True); time.sleep(600)"
    ) as program:
        await until(lambda: "i am" in program.log_tail())
        assert program.log_tail() == f"i am {program.pid}"

        os.kill(program.pid, signal.SIGKILL)

        assert await program.wait() == -signal.SIGKILL
        assert not program.is_running()


async def test_the_status_is_passed_on(tmp_path: Path) -> None:
    """A program that ends by itself is reported with its own status."""
    async with leashed(tmp_path, "import sys; sys.exit(7)") as program:
        assert await program.wait() == 7


async def test_it_has_a_session_of_its_own(tmp_path: Path) -> None:
    """A Ctrl-C in our terminal or a signal to our group does not reach it."""
    async with leashed(tmp_path, "import time; time.sleep(600)") as program:
        assert os.getsid(program.pid) == program.pid
        assert os.getpgid(program.pid) == program.pid


async def test_stop_asks_first_and_may_be_repeated(tmp_path: Path) -> None:
    """SIGTERM is what a willing program sees; a second stop does nothing."""
    async with leashed(tmp_path, "import time; time.sleep(600)") as program:
        await asyncio.gather(program.stop(), program.stop())
        await program.stop()

        assert await program.wait() == -signal.SIGTERM


async def test_stop_insists(tmp_path: Path) -> None:
    """A program that ignores SIGTERM is killed after its grace."""
    async with leashed(tmp_path, STUBBORN, grace_s=0.2) as program:
        await until(lambda: "ready" in program.log_tail())

        await program.stop()

        assert await program.wait() == -signal.SIGKILL


async def test_descendants_die_with_the_program(tmp_path: Path) -> None:
    """Killing the program takes its children along, also one that left its group."""
    async with leashed(tmp_path, FAMILY) as program:
        children = await children_of(program.log_tail)

        os.kill(program.pid, signal.SIGKILL)
        await program.wait()

        assert [child for child in children if is_alive(child)] == []


async def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    """SIGKILL gives the parent no chance to clean up; the keeper does."""
    log = tmp_path / "log"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, FAMILY, str(log)), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    children = await children_of(log.read_text)

    parent.kill()
    await parent.communicate()

    await until(lambda: not any(map(is_alive, [pid, *children])))


async def test_a_killed_keeper_takes_the_program_along(tmp_path: Path) -> None:
    """Without its keeper a program would be out of control: it ends, and we hear of it."""
    async with leashed(tmp_path, FAMILY) as program:
        children = await children_of(program.log_tail)

        os.kill(parent_of(program.pid), signal.SIGKILL)

        assert await program.wait() != 0
        await until(lambda: not is_alive(program.pid) and not is_alive(children[0]))
        # The one that left the group is out of everybody's reach once the keeper is gone.
        for child in filter(is_alive, children):
            os.kill(child, signal.SIGKILL)


async def test_a_stuck_keeper_does_not_keep_stop_waiting(tmp_path: Path) -> None:
    """Stopping has a bound of its own."""
    async with leashed(tmp_path, "import time; time.sleep(600)", grace_s=0.2) as program:
        os.kill(parent_of(program.pid), signal.SIGSTOP)

        await program.stop()

        await until(lambda: not is_alive(program.pid))


async def test_a_program_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    """The system's words come through the keeper."""
    with pytest.raises(ProgramNotLaunched, match="absent could not be launched: No such file"):
        await LeashedProcess.start(
            name="absent", command=[str(tmp_path / "no")], environment={}, log=tmp_path / "log"
        )


async def test_it_sees_exactly_the_given_environment(tmp_path: Path) -> None:
    """Nothing of ours leaks into a server: no proxy, no keys."""
    show = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), flush=True)"
    async with leashed(tmp_path, show) as program:
        await program.wait()

        assert program.log_tail() == "['ONE']"


async def test_a_long_log_is_kept_once(tmp_path: Path) -> None:
    """Restarts append to the log until it has grown too long; then it starts afresh."""
    log = tmp_path / "log"
    async with leashed(tmp_path, "print('first')") as program:
        await program.wait()
    with log.open("r+b") as file:
        file.truncate(LOG_BYTES_MAX + 1)

    async with leashed(tmp_path, "print('second')") as program:
        await program.wait()

    assert program.log_tail() == log.read_text().strip() == "second"
    assert log.with_name("log.old").stat().st_size == LOG_BYTES_MAX + 1


async def test_the_tail_is_of_this_run(tmp_path: Path) -> None:
    """The complaint of an earlier run does not explain the end of a later one."""
    for text in ("first", "second"):
        async with leashed(tmp_path, f"print('{text}')") as program:
            await program.wait()

        assert program.log_tail() == text

    assert (tmp_path / "log").read_text() == "first\nsecond\n"


@asynccontextmanager
async def leashed(
    folder: Path, source: str, *, grace_s: float = 5.0
) -> AsyncIterator[LeashedProcess]:
    """Run a line of Python under a leash, and end it whatever the test does."""
    program = await LeashedProcess.start(
        name="program",
        command=[sys.executable, "-c", source],
        environment={"ONE": "1"},
        log=folder / "log",
        grace_s=grace_s,
    )
    try:
        yield program
    finally:
        await program.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, for a bounded time."""
    deadline = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def children_of(read: Callable[[], str]) -> list[int]:
    """Wait for the pids that FAMILY prints, the one in its group first."""
    await until(lambda: read().count("child") == 2)
    children = [int(line.split()[1]) for line in read().splitlines()]
    return sorted(children, key=lambda child: os.getsid(child) == child)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
