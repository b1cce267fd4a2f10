"""What an engine will do or has done, as people read it: a table on a terminal, else lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

Line = tuple[str, str, str]

_HEADINGS: Final = ("", "what", "words")
_STYLES: Final = {"applied": "green", "operation": "green", "skipped": "yellow"}
_NOT_UNDERSTOOD: Final = "not understood"


class SkippedWish(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and not done."""

    phrase: str
    reason: str


class RecordedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it is recorded in events; an operation also has the `phrase` that asked for it."""

    applied: tuple[dict[str, Any], ...] = ()
    skipped: tuple[SkippedWish, ...] = ()
    unmatched: tuple[str, ...] = ()


def lines_of(plan: RecordedPlan, *, done: str = "applied") -> Sequence[Line]:
    """A line for each wish and each phrase that was none: what became of it, what, its words.

    `done` is what is said of the operations.
    """
    return (
        *((done, describe_operation(one), one.get("phrase", "")) for one in plan.applied),
        *(("skipped", one.reason, one.phrase) for one in plan.skipped),
        *((_NOT_UNDERSTOOD, "", phrase) for phrase in plan.unmatched),
    )


def describe_operation(operation: Mapping[str, Any]) -> str:
    """An operation in a few words: its name, its amount with a sign, its scope, and the rest.

    Where it did not come from the prompt itself, what it did come from is said last.
    """
    parts = [str(operation["operation"]).replace("_", " ")]
    for name, value in operation.items():
        if name in {"operation", "phrase", "origin"} or value is None or value is True:
            continue
        parts.append(_part(name, value))
    origin = operation.get("origin", "prompt")
    if origin != "prompt":
        parts.append(f"({origin})")
    return " ".join(parts)


def show(console: Console, lines: Iterable[Line]) -> None:
    """Print lines; what looks like markup in them is text like any other."""
    if not console.is_terminal:
        for line in lines:
            console.out(_plain(*line), highlight=False)
        return
    table = Table(*_HEADINGS, box=None, header_style="dim", pad_edge=False)
    for verdict, what, words in lines:
        style = _STYLES.get(verdict, "red")
        table.add_row(Text(verdict, style=style), Text(what), Text(words, style="italic"))
    console.print(table)


def _plain(verdict: str, what: str, words: str) -> str:
    quoted = f'"{words}"' if words else ""
    return f"{verdict}: {' - '.join(part for part in (what, quoted) if part)}"


def _part(name: str, value: object) -> str:
    if name == "amount":
        return f"{value:+g}"
    if name == "scope":
        return f"of {value}"
    if value is False:
        return name.replace("may_", "without ").replace("_", " ")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"with {value}" if name == "target" else str(value)
