"""Scores what a parser plans for a prompt against the plans a user would be happy with.

A set is a file of JSON lines, each a `Prompt`. An expected operation names only the slots that
matter. Strict counts ask for the same kind, slots, scope and direction; counts of kinds for the
kind only. Doing the opposite of a wish is worse than missing it, so it is counted on its own.
"""

import typing
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from services.refinement.engines import Instruction
from services.refinement.engines.local.named_colours import NAMED, family_of
from services.refinement.engines.local.operations import LookName, Operation
from services.refinement.engines.local.plan import Plan

ANY: Final = "any"

Any: TypeAlias = Literal["any"]
Style: TypeAlias = Literal[
    "plain",
    "slang",
    "complaint",
    "negation",
    "typo",
    "long",
    "terse",
    "nonnative",
    "keep",
    "unsupported",
    "nonsense",
]

_SLOTS: Final = (
    "colour",
    "colours",
    "source",
    "target",
    "count",
    "look",
    "degrees",
    "axis",
    "factor",
)
# Looks that make a picture plainly less or more colourful, and so oppose a wish for the contrary.
_COLOURFULNESS: Final[dict[str, int]] = {
    "black_and_white": -1,
    "grayscale": -1,
    "pastel": -1,
    "neon": 1,
}


def _tag_of(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


_KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    _tag_of(kind): kind for kind in typing.get_args(Operation)
}


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operation a plan should have: its kind, and the slots that matter.

    A slot left out matches anything, except `scope`: without one, the operation must be for the
    whole logo. `direction` is the sign of the amount, or of the degrees of a turn.
    """

    operation: str
    direction: Literal[1, -1] | None = None
    strength: Literal["weak", "strong"] | None = None
    scope: str | None = None
    colour: str | None = None
    colours: tuple[str, ...] | None = None
    source: str | None = None
    target: str | None = None
    count: int | None = None
    look: LookName | Any | None = None
    degrees: float | None = None
    axis: Literal["horizontal", "vertical"] | Any | None = None
    factor: float | Any | None = None

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist, and slots that it does not have."""
        kind = _KINDS.get(self.operation)
        if kind is None:
            raise ValueError(f"no such operation: {self.operation}")
        fields = set(kind.__struct_fields__)
        given = {slot for slot in (*_SLOTS, "scope") if getattr(self, slot) is not None}
        if self.direction is not None and "degrees" not in fields:
            given.add("amount")
        if self.strength is not None:
            given.add("amount")
        if given - fields:
            raise ValueError(f"{self.operation} has no {', '.join(sorted(given - fields))}")


class Prompt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a set: an instruction, and the plans that are right for it.

    `plans` are alternatives, the canonical one first. `skips` asks for an honest "cannot do that"
    beside the steps. What matches `forbidden` is a wrong direction; there, a scope left out is any.
    """

    prompt: str
    plans: typing.Annotated[tuple[tuple[Expected, ...], ...], msgspec.Meta(min_length=1)]
    theme: str | None = None
    description: str | None = None
    keep: tuple[str, ...] = ()
    skips: bool = False
    forbidden: tuple[Expected, ...] = ()
    style: Style = "plain"

    def instruction(self) -> Instruction:
        """Return what the engine would be given."""
        return Instruction(
            refinement_prompt=self.prompt,
            theme_description=self.theme,
            logo_description=self.description,
            preserve_aspects=self.keep,
        )


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How one plan compares with the alternative it does best against."""

    prompt: Prompt
    expected: tuple[Expected, ...]
    steps: tuple[Operation, ...]
    matched: int
    matched_kinds: int
    exact: bool
    wrong: tuple[Operation, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of a set."""

    name: str
    scores: tuple[Score, ...]

    @property
    def recall(self) -> float:
        """The part of what was expected that was planned, strictly."""
        return _ratio(self._sum(lambda score: score.matched), self._expected)

    @property
    def precision(self) -> float:
        """The part of what was planned that was expected, strictly."""
        return _ratio(self._sum(lambda score: score.matched), self._planned)

    @property
    def recall_of_kinds(self) -> float:
        """The part of what was expected whose kind was planned."""
        return _ratio(self._sum(lambda score: score.matched_kinds), self._expected)

    @property
    def precision_of_kinds(self) -> float:
        """The part of what was planned whose kind was expected."""
        return _ratio(self._sum(lambda score: score.matched_kinds), self._planned)

    @property
    def exact(self) -> float:
        """The part of the prompts whose plan is right as a whole."""
        return _ratio(self._sum(lambda score: score.exact), len(self.scores))

    @property
    def wrong(self) -> tuple[tuple[str, Operation], ...]:
        """Each operation that goes against its prompt, with the prompt."""
        return tuple((score.prompt.prompt, step) for score in self.scores for step in score.wrong)

    @property
    def misses(self) -> tuple[Score, ...]:
        """The scores of the plans that are not exact."""
        return tuple(score for score in self.scores if not score.exact)

    @property
    def _expected(self) -> int:
        return self._sum(lambda score: len(score.expected))

    @property
    def _planned(self) -> int:
        return self._sum(lambda score: len(score.steps))

    def _sum(self, count: Callable[[Score], int]) -> int:
        return sum(count(score) for score in self.scores)


_HEADING: Final = (
    f"{'set':<12}{'prompts':>8}{'recall':>8}{'prec.':>7}"
    f"{'kinds: recall':>15}{'prec.':>7}{'exact':>8}{'wrong':>7}"
)
_PROMPT: Final = msgspec.json.Decoder(Prompt)


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """Return the prompts of a set; raise `ValueError` with the number of a line that is none."""
    prompts = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            prompts.append(_PROMPT.decode(line))
        except msgspec.DecodeError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return tuple(prompts)


def score_set(path: Path, make_plan: Callable[[Instruction], Plan]) -> Report:
    """Return how well a parser does on the set of a file."""
    scores = tuple(
        score_plan(
            prompt,
            tuple(step.operation for step in plan.steps),
            skipped=bool(plan.skipped),
        )
        for prompt in read_prompts(path)
        for plan in (make_plan(prompt.instruction()),)
    )
    return Report(name=path.stem, scores=scores)


def score_plan(prompt: Prompt, steps: Sequence[Operation], *, skipped: bool) -> Score:
    """Return the score of a plan's operations against the alternative that suits it best."""
    wrong = tuple(step for step in steps if _goes_wrong(step, prompt))

    def against(expected: tuple[Expected, ...]) -> Score:
        matched = _matches(expected, steps)
        whole = matched == len(expected) == len(steps)
        return Score(
            prompt=prompt,
            expected=expected,
            steps=tuple(steps),
            matched=matched,
            matched_kinds=_kinds_in_common(expected, steps),
            exact=whole and not wrong and (skipped or not prompt.skips),
            wrong=wrong,
        )

    # `max` keeps the first of equals, which is the canonical plan.
    return max((against(expected) for expected in prompt.plans), key=_merit)


def table_of(reports: Sequence[Report]) -> str:
    """Return a line of numbers for each set, and below them each wrong direction."""
    lines = [_HEADING]
    lines += [
        f"{report.name:<12}{len(report.scores):>8}{report.recall:>8.2f}{report.precision:>7.2f}"
        f"{report.recall_of_kinds:>15.2f}{report.precision_of_kinds:>7.2f}"
        f"{report.exact:>8.0%}{len(report.wrong):>7}"
        for report in reports
    ]
    lines += [
        f"wrong direction in {report.name}: {text!r} -> {described(step)}"
        for report in reports
        for text, step in report.wrong
    ]
    return "\n".join(lines)


def described(value: Operation | Expected) -> str:
    """Return an operation in one line, without the slots that are empty."""
    operation = value.operation if isinstance(value, Expected) else _tag_of(type(value))
    slots = {
        name: getattr(value, name)
        for name in value.__struct_fields__
        if name != "operation" and getattr(value, name) is not None
    }
    return f"{operation}({', '.join(f'{name}={slot}' for name, slot in slots.items())})"


def fits(expected: Expected, step: Operation) -> bool:
    """Return whether an operation is the expected one: kind, slots, direction and scope."""
    return _fits_apart_from_scope(expected, step) and (
        expected.scope == ANY or _area(expected.scope) == _area(_scope_of(step))
    )


def _merit(score: Score) -> tuple[bool, float, float]:
    size = len(score.expected) + len(score.steps)
    return (
        score.exact,
        _ratio(2 * score.matched, size),
        _ratio(2 * score.matched_kinds, size),
    )


def _ratio(part: int, whole: int) -> float:
    """Return the part of the whole; of nothing, all of it."""
    return part / whole if whole else 1.0


def _kinds_in_common(expected: Sequence[Expected], steps: Sequence[Operation]) -> int:
    wanted = Counter(one.operation for one in expected)
    return (wanted & Counter(_tag_of(type(step)) for step in steps)).total()


def _matches(expected: Sequence[Expected], steps: Sequence[Operation]) -> int:
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
    if expected.operation != _tag_of(type(step)):
        return False
    if expected.direction is not None and expected.direction != _sign_of(step):
        return False
    if expected.strength is not None:
        strength = abs(float(getattr(step, "amount", 0.0)))
        if not (strength < 1 if expected.strength == "weak" else strength > 1):
            return False
    wanted = ((slot, getattr(expected, slot)) for slot in _SLOTS)
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
    if _tag_of(type(step)) == "rotate":
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
        kind, scope, sign = _tag_of(type(value)), _scope_of(value), _sign_of(value)
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


def _goes_wrong(step: Operation, prompt: Prompt) -> bool:
    """Return whether a step does the opposite of a wish, or what the prompt forbids."""
    if any(fits(one, step) for plan in prompt.plans for one in plan):
        return False
    return any(_opposes(step, one) for plan in prompt.plans for one in plan) or any(
        _fits_apart_from_scope(one, step)
        and _overlap(ANY if one.scope is None else one.scope, _scope_of(step))
        for one in prompt.forbidden
    )


def _opposes(step: Operation, expected: Expected) -> bool:
    if expected.operation == "background":
        return _tag_of(type(step)) == "transparent_background"
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
