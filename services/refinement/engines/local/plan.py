"""What the local engine is going to do: typed operations, and what it will not do, with reasons.

Where wishes meet: a repetition is one operation; of two opposite wishes about the same part the
later one counts; what is to be kept, whether the prompt or the request says so, wins over every
wish. A background that the prompt names is not one of the logo's colours: to keep those does not
keep it.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import msgspec

from services.refinement.engines import Instruction
from services.refinement.engines.local.enlarging import side_named
from services.refinement.engines.local.language import grammar
from services.refinement.engines.local.language.wishes import Wish
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Centre,
    Contrast,
    Crop,
    Duotone,
    Flatten,
    Flip,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Operation,
    Outline,
    Padding,
    Recolour,
    RemoveShadow,
    Replace,
    Rotate,
    Roundness,
    Saturation,
    Shades,
    Shadow,
    Sharpness,
    Simplify,
    Smoothness,
    Square,
    TransparentBackground,
    Upscale,
    Warmth,
    Weight,
)

Directed: TypeAlias = (
    Lightness | Saturation | Warmth | Contrast | Weight | Sharpness | Padding | Roundness
)

_COLOURING: Final = (
    *(Lightness, Saturation, Warmth, Contrast, Recolour, Shades, Replace, Monochrome, Duotone),
    *(Look, LimitColours),
)
_RESTYLING: Final = (Simplify, Flatten, RemoveShadow, Look, Weight, Roundness)
_RESHAPING: Final = (Roundness,)
_MOVING: Final = (Padding, Crop, Centre, Square, Rotate, Flip)
_SIZING: Final = tuple(kind for kind in _MOVING if kind is not Centre)
_GROUNDS: Final = (Background, TransparentBackground)
# Several of these may stand side by side, and differ only as a whole.
_VARIED: Final = (Replace, Look, Recolour, Shades)
_ASPECT_NAMES: Final = {"color_scheme": "colors"}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, the words that asked for it, and what made it of them.

    `source` is "prompt", "theme" (the theme's description named the colours) or "style:NAME".
    """

    operation: Operation
    phrase: str
    source: str = "prompt"


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and is not done."""

    phrase: str
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the instruction comes to.

    `kept` are colour families that stay as they are; `aspects` are the other things that do: of
    colors, background, text, layout, shapes, symbols, proportions and style.
    """

    steps: tuple[Step, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()


def make_plan(instruction: Instruction) -> Plan:
    """Read an instruction. Pure: the picture may still turn operations into skipped ones."""
    reading = grammar.read(
        instruction.refinement_prompt,
        instruction.theme_description or "",
        instruction.logo_description or "",
    )
    aspects = {_ASPECT_NAMES.get(aspect, aspect) for aspect in instruction.preserve_aspects}
    aspects |= reading.aspects
    steps: list[Step] = []
    skipped = [Skipped(phrase=phrase, reason=reason) for phrase, reason in reading.refused]
    for wish in _without_contradictions(reading.wishes, skipped):
        kept = _respecting(wish.operation, aspects)
        if isinstance(kept, str):
            skipped.append(Skipped(phrase=wish.phrase, reason=kept))
        else:
            if isinstance(kept, Upscale):
                kept = msgspec.structs.replace(kept, side_px=side_named(wish.phrase))
            steps.append(Step(operation=kept, phrase=wish.phrase, source=wish.source))
    return Plan(
        steps=tuple(steps),
        skipped=tuple(skipped),
        unmatched=tuple(reading.unmatched),
        kept=tuple(sorted(reading.families)),
        aspects=tuple(sorted(aspects)),
    )


def describe(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is recorded: `applied`, `skipped` and `unmatched`.

    A step's source is recorded as its `origin`: the operation may have a `source` of its own.
    """
    described: dict[str, Any] = msgspec.to_builtins(
        {
            "applied": [
                {
                    "phrase": step.phrase,
                    "origin": step.source,
                    **msgspec.to_builtins(step.operation),
                }
                for step in plan.steps
            ],
            "skipped": list(plan.skipped),
            "unmatched": list(plan.unmatched),
        }
    )
    return described


def _respecting(operation: Operation, aspects: set[str]) -> Operation | str:
    """Return what is left of an operation under the aspects to keep, or why nothing is."""
    for aspect, kinds, reason in (
        ("colors", _COLOURING, "the colours are to be kept"),
        ("style", _RESTYLING, "the style is to be kept"),
        ("shapes", _RESHAPING, "the shapes are to be kept"),
        ("background", _GROUNDS, "the background is to be kept"),
        ("layout", _MOVING, "the layout is to be kept"),
        ("proportions", _SIZING, "the proportions are to be kept"),
    ):
        if aspect in aspects and isinstance(operation, kinds):
            return reason
    scope = getattr(operation, "scope", None)
    if scope in {"text", "background"} and scope in aspects:
        return f"the {scope} is to be kept"
    if isinstance(operation, Simplify):
        return msgspec.structs.replace(
            operation,
            may_merge_colours="colors" not in aspects,
            may_drop_shapes=aspects.isdisjoint({"shapes", "symbols"}),
        )
    return operation


def _without_contradictions(wishes: Iterable[Wish], skipped: list[Skipped]) -> list[Wish]:
    """Drop repetitions, and of two opposite wishes the earlier one."""
    chosen: list[Wish] = []
    for wish in wishes:
        rival = next((one for one in chosen if _concern_the_same(one, wish)), None)
        if rival is None:
            chosen.append(wish)
        elif _is_vaguer(rival.operation, wish.operation):
            chosen[chosen.index(rival)] = wish
        elif rival.operation != wish.operation and _oppose(rival.operation, wish.operation):
            chosen[chosen.index(rival)] = wish
            skipped.append(Skipped(phrase=rival.phrase, reason="a later wish says the opposite"))
    return chosen


def _is_vaguer(one: Operation, other: Operation) -> bool:
    """Say whether the later of two like wishes says more: "framed, with a thick black border"."""
    if isinstance(one, Upscale) and isinstance(other, Upscale):
        # "In a larger size, say three times as big"
        return one.factor < other.factor
    return (
        isinstance(one, Border | Outline | Monochrome)
        and one.colour is None
        and getattr(other, "colour", None) is not None
    )


def _concern_the_same(one: Wish, other: Wish) -> bool:
    first, second = one.operation, other.operation
    if isinstance(first, _GROUNDS) and isinstance(second, _GROUNDS):
        return True
    if (isinstance(first, Shadow) and isinstance(second, RemoveShadow)) or (
        isinstance(first, RemoveShadow) and isinstance(second, Shadow)
    ):
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, _VARIED):
        return first == second
    return getattr(first, "scope", None) == getattr(second, "scope", None)


def _oppose(one: Operation, other: Operation) -> bool:
    if isinstance(one, Directed) and isinstance(other, Directed):
        return one.amount * other.amount < 0
    if isinstance(one, Simplify | Smoothness | Upscale | Outline | Border | Flatten):
        return False
    return isinstance(
        one, Background | LimitColours | Rotate | Flip | TransparentBackground | Shadow
    )
