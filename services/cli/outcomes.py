"""What `--json` prints of a command that refuses: one JSON object, beside the text for people."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Final

import click
import msgspec
from typing_extensions import override

from services.cli.errors import CommandFailed
from services.cli.plans import RecordedPlan

JSON_OPTION: Final = "--json"
USAGE: Final = "usage"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no result: `code` for programs, `message` for people."""

    code: str
    message: str


class Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is printed; `plan` is there if the prompt was read by then."""

    error: Refusal
    plan: RecordedPlan | None = None


class NotRefined(CommandFailed):
    """The prompt was read, and there is no picture to show for it; `plan` says why."""

    def __init__(self, message: str, *, code: str, plan: RecordedPlan) -> None:
        super().__init__(message, code=code)
        self.plan = plan


class JsonCommand(click.Command):
    """A command whose `--json` has an object for each outcome, mistakes in its use among them.

    Errors go on as they are: what people read on standard error, and the exit code, are the same.
    """

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        # Kept apart because a mistake may come before the option itself is read.
        is_json = _asks_for_json(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if is_json:
                _print_refusal(error)
            raise

    @override
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.UsageError, CommandFailed) as error:
            if ctx.params["as_json"]:
                _print_refusal(error)
            raise


def as_text(text: str) -> str:
    """A text that JSON can hold: file names are bytes, and need not be UTF-8."""
    return text.encode(errors="replace").decode()


def _asks_for_json(args: Sequence[str]) -> bool:
    return JSON_OPTION in takewhile(lambda argument: argument != "--", args)


def _print_refusal(error: click.UsageError | CommandFailed) -> None:
    if isinstance(error, click.UsageError):
        refusal = Refusal(code=USAGE, message=as_text(error.format_message()))
    else:
        refusal = Refusal(code=error.code, message=as_text(str(error)))
    plan = error.plan if isinstance(error, NotRefined) else None
    click.echo(msgspec.json.encode(Refused(error=refusal, plan=plan)))
