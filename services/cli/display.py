"""What long work looks like: a live display on a terminal, plain lines elsewhere."""

from time import monotonic
from types import TracebackType
from typing import Final, Self

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from services.cli.client import TaskProgress

BAR_WIDTH: Final = 24
_STAGES: Final = {
    "fetching": "fetching the picture",
    "refining": "refining",
    "storing": "storing the result",
}


class _Display:
    """Lines with the time since the start and, on a terminal, a bar below them."""

    def __init__(
        self,
        console: Console,
        *,
        title: str,
        total: float,
        columns: tuple[ProgressColumn, ...] = (),
    ) -> None:
        """Prepare; `with` starts the clock and the display."""
        self._console = console
        self._started_at = monotonic()
        self._progress: Progress | None = None
        self._bar = TaskID(0)
        self._title = title
        self._total = total
        self._columns = columns

    def __enter__(self) -> Self:
        """Start."""
        if self._console.is_terminal:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=BAR_WIDTH),
                *self._columns,
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
                # Standard output may be a pipe, whose reader wants what is printed there.
                redirect_stdout=False,
                redirect_stderr=False,
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

    def say(self, text: str) -> None:
        """Print a line, with the time since the start."""
        elapsed_s = monotonic() - self._started_at
        self._console.print(
            f"[dim]{elapsed_s:6.2f} s[/dim]  {text}", highlight=False, soft_wrap=True
        )

    def doing(self, text: str) -> None:
        """Say what goes on now; without a terminal nobody watches, so nothing is printed."""
        if self._progress is not None:
            self._progress.update(self._bar, description=text)


class Steps(_Display):
    """Work of a known number of steps; each is told once."""

    def done(self, text: str) -> None:
        """Say that one more step is done."""
        self.say(text)
        if self._progress is not None:
            self._progress.advance(self._bar)


class Following(_Display):
    """A task that is followed to its end; the bar is the task's own."""

    def __init__(self, console: Console, *, title: str) -> None:
        super().__init__(console, title=title, total=1.0, columns=(TaskProgressColumn(),))

    def result(self, line: str) -> None:
        """Print a line to standard output, which may be the same terminal."""
        if self._progress is not None:
            self._progress.stop()
        click.echo(line)
        if self._progress is not None:
            self._progress.start()

    def note(self, line: str) -> None:
        """Print a line as it is."""
        self._console.print(escape(line), highlight=False, soft_wrap=True)

    def show(self, progress: TaskProgress) -> None:
        """Move the bar to where the task is."""
        if self._progress is not None:
            self._progress.update(
                self._bar, completed=progress.fraction, description=text_of(progress)
            )


def text_of(progress: TaskProgress) -> str:
    """How far a task is, in words."""
    if progress.stage != "queued":
        return _STAGES.get(progress.stage, escape(progress.stage))
    match progress.position:
        case None:
            return "in the line"
        case 1:
            return "next in the line"
        case place:
            return f"number {place} in the line"
