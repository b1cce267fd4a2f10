"""Scores what a parser plans for a prompt against the plans a user would be happy with.

Strict counts ask for the same kind, slots, scope and direction; counts of kinds for the kind only.
Doing the opposite of a wish is worse than missing it, so it is counted on its own.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import Operation
from services.refinement.engines.local.plan import Plan
from tests.prompts.expectations import Expected, Prompt, read_prompts, tag_of
from tests.prompts.matching import goes_wrong, matches

_HEADING: Final = (
    f"{'set':<12}{'prompts':>8}{'recall':>8}{'prec.':>7}"
    f"{'kinds: recall':>15}{'prec.':>7}{'exact':>8}{'wrong':>7}"
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
    wrong = tuple(step for step in steps if goes_wrong(step, prompt))

    def against(expected: tuple[Expected, ...]) -> Score:
        matched = matches(expected, steps)
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


def markdown_of(reports: Sequence[Report]) -> str:
    """Return the rows of the table in `docs/engine.md`."""
    return "\n".join(
        f"| {report.name} | {len(report.scores)} | {report.recall:.2f} | {report.precision:.2f} "
        f"| {report.recall_of_kinds:.2f} | {report.precision_of_kinds:.2f} "
        f"| {report.exact:.0%} | {len(report.wrong)} |"
        for report in reports
    )


def described(value: Operation | Expected) -> str:
    """Return an operation in one line, without the slots that are empty."""
    operation = value.operation if isinstance(value, Expected) else tag_of(type(value))
    slots = {
        name: getattr(value, name)
        for name in value.__struct_fields__
        if name != "operation" and getattr(value, name) is not None
    }
    return f"{operation}({', '.join(f'{name}={slot}' for name, slot in slots.items())})"


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
    return (wanted & Counter(tag_of(type(step)) for step in steps)).total()
