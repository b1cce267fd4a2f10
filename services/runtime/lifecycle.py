"""A process from its start to its last log line: signals become one event that loops look at."""

import asyncio
import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Objects before a collection of the youngest, then collections before one of the next: the first is
# 700 by default, and bounds the garbage that waits.
COLLECTOR_THRESHOLDS: Final = (50_000, 20, 100)


class CannotServe(Exception):
    """A process cannot go on, for a reason that its operator can mend; the message says which."""


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets, so that work in hand can be finished.

    A second signal is delivered as usual, for whoever does not want to wait.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def ask_to_stop() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def quiet_the_collector() -> None:
    """Let the garbage collector look at new objects only, and less often; called once at the start.

    What was imported and built lives as long as the process, and requests make few cycles: with the
    defaults a quarter of the API's time went into looking at it all again and again (`make bench`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


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
