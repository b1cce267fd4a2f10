"""What long work looks like: a live display on a terminal, plain lines elsewhere."""

from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Steps:
    """Work of a known number of steps; each is told once, with the time since the start."""

    def __init__(self, console: Console, *, title: str, total: int) -> None:
        """Prepare; `with` starts the clock and the display."""
        self._console = console
        self._started_at = monotonic()
        self._progress: Progress | None = None
        self._bar = TaskID(0)
        self._title = title
        self._total = total

    def __enter__(self) -> Self:
        """Start."""
        if self._console.is_terminal:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bar = self._progress.add_task(self._title, total=self._total)
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and take the bar away."""
        if self._progress is not None:
            self._progress.stop()

    def done(self, text: str) -> None:
        """Say that one more step is done."""
        elapsed_s = monotonic() - self._started_at
        self._console.print(
            f"[dim]{elapsed_s:6.2f} s[/dim]  {text}", highlight=False, soft_wrap=True
        )
        if self._progress is not None:
            self._progress.advance(self._bar)

    def doing(self, text: str) -> None:
        """Say what goes on now; without a terminal nobody watches, so nothing is printed."""
        if self._progress is not None:
            self._progress.update(self._bar, description=text)
