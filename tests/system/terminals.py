"""A command on a terminal of its own, which can be interrupted as a person does."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.system.running import COMMAND_BOUND_S, REFINERY

TERMINAL_COLUMNS: Final = 120
INTERRUPT: Final = b"\x03"
# A terminal sends Ctrl-C to the session whose own it is.
_TAKE_TERMINAL: Final = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """What a command writes to the terminal, while it runs and afterwards."""

    def __init__(self, command: "subprocess.Popen[bytes]", screen: int) -> None:
        self._command = command
        self._screen = screen
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that was written so far, with what moves the cursor."""
        return self._written.decode(errors="replace")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._screen, INTERRUPT)

    def wait(self) -> int:
        """Wait for the end; the exit status."""
        status = self._command.wait(COMMAND_BOUND_S)
        self._reader.join(COMMAND_BOUND_S)
        return status

    def _read(self) -> None:
        # On Linux reading fails once nobody has the other side open any more.
        with contextlib.suppress(OSError):
            while written := os.read(self._screen, 4096):
                self._written += written


@contextmanager
def on_terminal(*arguments: str | Path) -> Iterator[Terminal]:
    """Run a `refinery` command on a terminal that is its own; it does not outlive the block."""
    screen, inside = pty.openpty()
    command = subprocess.Popen(  # noqa: S603 - the command under test
        (
            *("/usr/bin/env", "TERM=xterm", f"COLUMNS={TERMINAL_COLUMNS}"),
            *(sys.executable, "-c", _TAKE_TERMINAL, REFINERY, *map(str, arguments)),
        ),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        yield Terminal(command, screen)
    finally:
        if command.poll() is None:
            command.send_signal(signal.SIGKILL)
            command.wait(COMMAND_BOUND_S)
        os.close(screen)
