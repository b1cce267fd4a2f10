"""A process from its start to its last log line: signals become one event that loops look at."""

import asyncio
import gc
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

# Objects before a collection of the youngest, then collections before one of the next: the first is
# 700 by default, and bounds the garbage that waits.
COLLECTOR_THRESHOLDS: Final = (50_000, 20, 100)

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log: FilteringBoundLogger = structlog.get_logger()


class CannotServe(Exception):
    """A process cannot go on, for a reason that its operator can mend; the message says which."""


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM, SIGINT or SIGHUP sets, so that work in hand can be finished.

    More signals change nothing: what they would interrupt is the orderly end, and that has a bound.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


def quiet_the_collector() -> None:
    """Let the garbage collector look at new objects only, and less often; called once at the start.

    What was imported and built lives as long as the process, and requests make few cycles: with the
    defaults a quarter of the API's time went into looking at it all again and again (`make bench`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def allow_open_files(count: int) -> None:
    """Raise the limit of open files to what is needed, as far as this process may.

    The usual soft limit of 1,024 is for programs that use `select`; each connection is a file.
    Where the hard limit is too low as well, the process serves as many as it can, and its log says
    so.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < count:
        _log.warning("process.open_files_too_few", allowed=allowed, needed=count)


@contextmanager
def ready_file(path: Path | None) -> Iterator[None]:
    """Keep a file while the process serves: readiness for whoever can look at files only."""
    if path is not None:
        path.touch()
    try:
        yield
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
