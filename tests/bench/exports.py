"""`make bench-exports`: export a log, check it, replay it elsewhere, and compare, with numbers.

Every step is the command that an auditor runs, as a process of its own; time and peak memory are
that process's. Both logs are real servers that sync every write.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

import uvloop
from rich.console import Console

from projections.memory import MemoryViewStore
from services.cli.export_files import entries_of
from tests.logs import LogServer, fill, project, running_log

console = Console(soft_wrap=True, highlight=False)


async def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    count = parser.parse_args().events
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("one", "other"):
            (Path(scratch) / name).mkdir()
        async with (
            running_log(Path(scratch) / "one") as one,
            running_log(Path(scratch) / "other") as other,
        ):
            began = perf_counter()
            await fill(one, count=count)
            report("append", count, perf_counter() - began)
            await compare(one, other, Path(scratch), count=count)


async def compare(one: LogServer, other: LogServer, scratch: Path, *, count: int) -> None:
    """Export, check, replay, export again; then both logs, and the views of both."""
    first, second = scratch / "one.ndjson", scratch / "other.ndjson"
    await command(one, "observer", "export", "-o", str(first), count=count)
    await command(one, "observer", "check", str(first), count=count)
    await command(other, "admin", "replay", str(first), count=count)
    await command(other, "observer", "export", "-o", str(second), count=count)
    console.print(f"size of the export       {first.stat().st_size / 1e6:8.1f} MB")
    began = perf_counter()
    views = [await views_of(server) for server in (one, other)]
    report("fold both logs into views", 2 * count, perf_counter() - began)
    console.print(f"views: {len(views[0]):,} and {len(views[1]):,}, equal: {views[0] == views[1]}")
    with first.open("rb") as left, second.open("rb") as right:
        pairs = zip(entries_of(left), entries_of(right), strict=True)
        same = sum(a.stored == b.stored for a, b in pairs)
    console.print(f"events with the same position, subject and bytes: {same:,} of {count:,}")


async def command(server: LogServer, user: str, *arguments: str, count: int) -> None:
    """Run one command and report what it took."""
    environment = dict(os.environ) | server.environment(user)
    began = perf_counter()
    peak_mb = await asyncio.to_thread(run, environment, arguments)
    report(f"refinery events {arguments[0]}", count, perf_counter() - began, peak_mb=peak_mb)


def run(environment: Mapping[str, str], arguments: Sequence[str]) -> float:
    """Run one command; its peak memory in MB."""
    process = subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-m", "services.cli", "events", *arguments], env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{arguments} ended with {process.returncode}"
    return usage.ru_maxrss / 1024


async def views_of(server: LogServer) -> dict[str, bytes]:
    """The views that the projector makes of a log, as documents."""
    store = MemoryViewStore()
    await project(server, store)
    return dict(store._views)


def report(what: str, count: int, took_s: float, *, peak_mb: float | None = None) -> None:
    """One line."""
    memory = "" if peak_mb is None else f"   peak {peak_mb:.0f} MB"
    console.print(f"{what:24} {took_s:8.1f} s {count / took_s:10,.0f} events/s{memory}")


if __name__ == "__main__":
    uvloop.run(main())
