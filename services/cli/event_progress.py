"""How far a pass over many events is: a bar with rate and time left on a terminal."""

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

REDRAWN_EVERY_S: Final = 0.1


class EventProgress:
    """A bar on standard error while it is a terminal; `rate_text` is for the line behind it."""

    def __init__(self, title: str, *, total: int | None, console: Console | None = None) -> None:
        """Prepare; `with` starts the clock and the display."""
        shown = Console(stderr=True) if console is None else console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(title),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=shown,
            transient=True,
            disable=not shown.is_terminal,
            # What is printed meanwhile goes above the bar, unless somebody else reads it.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._bar = self._progress.add_task("", total=total, rate="")
        self._count = 0
        self._began_at = monotonic()
        self._redrawn_at = 0.0

    def __enter__(self) -> Self:
        """Show it."""
        self._began_at = monotonic()
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._progress.stop()

    def advance(self, count: int, *, completed: int) -> None:
        """`count` more events were passed; the bar stands at `completed`, a position or a byte."""
        self._count += count
        now = monotonic()
        if now - self._redrawn_at > REDRAWN_EVERY_S:
            self._redrawn_at = now
            rate = f"{self._count / max(now - self._began_at, 0.001):,.0f}/s"
            self._progress.update(self._bar, completed=completed, rate=rate)

    def passing(self, lines: Iterable[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bool]]:
        """The lines of a file, while the bar shows how many of its bytes were passed."""
        passed_bytes = 0
        with self:
            for raw, has_end in lines:
                yield raw, has_end
                passed_bytes += len(raw) + 1
                self.advance(1, completed=passed_bytes)

    def rate_text(self) -> str:
        """What it took."""
        took_s = max(monotonic() - self._began_at, 0.001)
        return f"{self._count:,} events in {took_s:.1f} s ({self._count / took_s:,.0f}/s)"
