"""What the local engine is going to do: typed operations, and what it will not do, with reasons."""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import msgspec

from services.refinement.engines import Instruction
from services.refinement.engines.local import grammar
from services.refinement.engines.local.operations import (
    Background,
    Contrast,
    Flatten,
    Lightness,
    LimitColours,
    Look,
    Operation,
    Recolour,
    RemoveShadow,
    Replace,
    Saturation,
    Shades,
    Simplify,
    Warmth,
)

Directed: TypeAlias = Lightness | Saturation | Warmth | Contrast

_COLOURING: Final = (
    *(Lightness, Saturation, Warmth, Contrast, Recolour, Shades, Replace, Background, Look),
    LimitColours,
)
_RESTYLING: Final = (Simplify, Flatten, RemoveShadow, Look)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, and the words that asked for it."""

    operation: Operation
    phrase: str


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and is not done."""

    phrase: str
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the instruction comes to; `kept` are colour families that stay as they are."""

    steps: tuple[Step, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def make_plan(instruction: Instruction) -> Plan:
    """Read an instruction. Pure: the picture may still turn operations into skipped ones."""
    reading = grammar.read(instruction.refinement_prompt, instruction.theme_description or "")
    aspects = {_ASPECT_NAMES.get(aspect, aspect) for aspect in instruction.preserve_aspects}
    aspects |= reading.aspects
    steps: list[Step] = []
    skipped = [Skipped(phrase=phrase, reason=reason) for phrase, reason in reading.refused]
    for operation, phrase in _without_contradictions(reading.wishes, skipped):
        kept = _respecting(operation, aspects)
        if isinstance(kept, str):
            skipped.append(Skipped(phrase=phrase, reason=kept))
        else:
            steps.append(Step(operation=kept, phrase=phrase))
    return Plan(
        steps=tuple(steps),
        skipped=tuple(skipped),
        unmatched=tuple(reading.unmatched),
        kept=tuple(sorted(reading.families)),
    )


def describe(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is recorded: `applied`, `skipped` and `unmatched`."""
    described: dict[str, Any] = msgspec.to_builtins(
        {
            "applied": [
                {"phrase": step.phrase, **msgspec.to_builtins(step.operation)}
                for step in plan.steps
            ],
            "skipped": list(plan.skipped),
            "unmatched": list(plan.unmatched),
        }
    )
    return described


_ASPECT_NAMES: Final = {"color_scheme": "colors"}


def _respecting(operation: Operation, aspects: set[str]) -> Operation | str:
    """Return what is left of an operation under the aspects to keep, or why nothing is."""
    if "colors" in aspects and isinstance(operation, _COLOURING):
        return "the colours are to be kept"
    if "style" in aspects and isinstance(operation, _RESTYLING):
        return "the style is to be kept"
    if "background" in aspects and isinstance(operation, Background):
        return "the background is to be kept"
    if isinstance(operation, Simplify):
        return msgspec.structs.replace(
            operation,
            may_merge_colours="colors" not in aspects,
            may_drop_shapes=aspects.isdisjoint({"shapes", "symbols"}),
        )
    return operation


def _without_contradictions(
    wishes: Iterable[tuple[Operation, str]], skipped: list[Skipped]
) -> list[tuple[Operation, str]]:
    """Drop repetitions, and of two opposite wishes the earlier one."""
    chosen: list[tuple[Operation, str]] = []
    for operation, phrase in wishes:
        rival = next((entry for entry in chosen if _concern_the_same(entry[0], operation)), None)
        if rival is None:
            chosen.append((operation, phrase))
        elif rival[0] != operation and _oppose(rival[0], operation):
            chosen[chosen.index(rival)] = (operation, phrase)
            skipped.append(Skipped(phrase=rival[1], reason="a later wish says the opposite"))
    return chosen


def _concern_the_same(one: Operation, other: Operation) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, Replace | Look | Recolour | Shades):
        return one == other
    return getattr(one, "scope", None) == getattr(other, "scope", None)


def _oppose(one: Operation, other: Operation) -> bool:
    if isinstance(one, Directed) and isinstance(other, Directed):
        return one.amount * other.amount < 0
    return isinstance(one, Background | LimitColours)
