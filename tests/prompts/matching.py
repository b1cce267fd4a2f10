"""Whether an operation is the one expected, or the opposite of it."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from services.refinement.engines.local.named_colours import NAMED, family_of
from services.refinement.engines.local.operations import (
    Operation,
    Replace,
    TransparentBackground,
)
from tests.prompts.expectations import ANY, SLOTS, Expected, Prompt, tag_of

# Looks that make a picture plainly less or more colourful, and so oppose a wish for the contrary.
_COLOURFULNESS: Final[dict[str, int]] = {
    "black_and_white": -1,
    "grayscale": -1,
    "pastel": -1,
    "neon": 1,
}


def fits(expected: Expected, step: Operation) -> bool:
    """Return whether an operation is the expected one: kind, slots, direction and scope."""
    return _fits_apart_from_scope(expected, step) and (
        expected.scope == ANY or _area(expected.scope) == _area(_scope_of(step))
    )


def matches(expected: Sequence[Expected], steps: Sequence[Operation]) -> int:
    """Return how many of the expected find a step of their own, at most."""
    taken_by: dict[int, int] = {}

    def finds_a_step(wanted: int, tried: set[int]) -> bool:
        for index, step in enumerate(steps):
            if index in tried or not fits(expected[wanted], step):
                continue
            tried.add(index)
            if index not in taken_by or finds_a_step(taken_by[index], tried):
                taken_by[index] = wanted
                return True
        return False

    return sum(finds_a_step(wanted, set()) for wanted in range(len(expected)))


def _fits_apart_from_scope(expected: Expected, step: Operation) -> bool:
    if expected.operation != tag_of(type(step)):
        return False
    if expected.direction is not None and expected.direction != _sign_of(step):
        return False
    if expected.strength is not None:
        strength = abs(float(getattr(step, "amount", 0.0)))
        if not (strength < 1 if expected.strength == "weak" else strength > 1):
            return False
    wanted = ((slot, getattr(expected, slot)) for slot in SLOTS)
    return all(
        _comparable(slot, value) == _comparable(slot, getattr(step, slot))
        for slot, value in wanted
        if value is not None and value != ANY
    )


def _comparable(slot: str, value: object) -> object:
    """Return a slot's value so that two ways to say the same are equal."""
    match slot, value:
        case (("colour" | "target"), str()):
            return _paint(value)
        case "colours", tuple():
            return sorted(_paint(str(colour)) for colour in value)
        case "source", str():
            return _area(value)
        case "degrees", (int() | float()):
            return round(value % 360, 1)
        case _:
            return value


def _paint(colour: str) -> str:
    return NAMED[colour][0] if colour in NAMED else colour.lower()


def _area(scope: str | None) -> str | None:
    return family_of(scope) if scope in NAMED else scope


def _scope_of(step: Operation) -> str | None:
    scope = getattr(step, "scope", None)
    return scope if isinstance(scope, str) else None


def _sign_of(step: Operation) -> int:
    if tag_of(type(step)) == "rotate":
        return _way(float(getattr(step, "degrees", 0.0)))
    amount = float(getattr(step, "amount", 0.0))
    return (amount > 0) - (amount < 0)


def _way(degrees: float) -> int:
    """Return 1 for a turn that is shorter clockwise, -1 for the other way, 0 for upside down."""
    turn = degrees % 360
    return 0 if turn in {0.0, 180.0} else 1 if turn < 180 else -1


# What a change pushes, the part of the logo it does it to, and which way.
_Push: TypeAlias = tuple[str, str | None, int]


def _push(value: Operation | Expected) -> _Push | None:
    """Return which way a change goes; None for one that has no opposite."""
    if isinstance(value, Expected):
        kind, scope, sign = value.operation, value.scope, _direction_of(value)
    else:
        kind, scope, sign = tag_of(type(value)), _scope_of(value), _sign_of(value)
    look = str(getattr(value, "look", ""))
    push = {
        "shades": ("lightness", getattr(value, "colour", None), sign),
        "look": ("saturation", None, _COLOURFULNESS.get(look, 0)),
        "shadow": ("shadow", None, 1),
        "remove_shadow": ("shadow", None, -1),
        "crop": ("padding", None, -1),
    }.get(kind, (kind, scope, sign))
    return push if push[2] else None


def _direction_of(expected: Expected) -> int:
    return expected.direction or (0 if expected.degrees is None else _way(expected.degrees))


def goes_wrong(step: Operation, prompt: Prompt) -> bool:
    """Return whether a step does the opposite of a wish, or what the prompt forbids."""
    if any(fits(one, step) for plan in prompt.plans for one in plan):
        return False
    return any(_opposes(step, one) for plan in prompt.plans for one in plan) or any(
        _fits_apart_from_scope(one, step)
        and _overlap(ANY if one.scope is None else one.scope, _scope_of(step))
        for one in prompt.forbidden
    )


def _opposes(step: Operation, expected: Expected) -> bool:
    if isinstance(step, TransparentBackground):
        return expected.operation == "background"
    if isinstance(step, Replace):
        there, back = (step.source, step.target), (expected.target, expected.source)
        return [_area(colour) for colour in there] == [_area(colour) for colour in back]
    done, wanted = _push(step), _push(expected)
    return (
        done is not None
        and wanted is not None
        and done[0] == wanted[0]
        and done[2] == -wanted[2]
        and _overlap(done[1], wanted[1])
    )


def _overlap(one: str | None, other: str | None) -> bool:
    """Return whether two scopes can have a part of a logo in common."""
    areas = {_area(one), _area(other)}
    if len(areas) == 1 or areas & {None, ANY}:
        return True
    # A colour may be anywhere but is seldom meant to be the background; text is foreground.
    return "background" not in areas and bool(areas & {"foreground", "text"})
