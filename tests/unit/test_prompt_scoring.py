"""The scoring of prompts: what counts as right, as missed, as too much and as the opposite."""

from pathlib import Path
from typing import Literal

import pytest

from services.refinement.engines.local.operations import (
    Background,
    Crop,
    Duotone,
    Lightness,
    Look,
    Operation,
    Outline,
    Padding,
    RemoveShadow,
    Replace,
    Rotate,
    Saturation,
    Shades,
    Shadow,
    Simplify,
    TransparentBackground,
)
from tests.prompts.expectations import Expected, Prompt, read_prompts
from tests.prompts.scoring import Report, score_plan, table_of

LIGHTER = Expected(operation="lightness", direction=1)
NO_SHADOW = Expected(operation="remove_shadow")


def asked(
    *plans: tuple[Expected, ...], skips: bool = False, forbidden: tuple[Expected, ...] = ()
) -> Prompt:
    """A prompt with these plans."""
    return Prompt(prompt="please", plans=plans, skips=skips, forbidden=forbidden)


def test_a_perfect_plan_is_exact_whatever_its_order() -> None:
    """All that was asked, and nothing else, is exact."""
    prompt = asked((LIGHTER, NO_SHADOW))

    score = score_plan(prompt, (RemoveShadow(), Lightness(amount=0.5)), skipped=False)

    assert score.exact
    assert (score.matched, score.matched_kinds, score.wrong) == (2, 2, ())


def test_a_miss_lowers_recall_only() -> None:
    """What was asked and not planned costs recall."""
    score = score_plan(asked((LIGHTER, NO_SHADOW)), (RemoveShadow(),), skipped=False)

    report = Report(name="set", scores=(score,))

    assert (report.recall, report.precision, report.exact) == (0.5, 1.0, 0.0)
    assert report.misses == (score,)


def test_an_extra_lowers_precision_only() -> None:
    """What was planned and not asked costs precision."""
    steps = (Lightness(amount=1.0), Crop())

    report = Report(name="set", scores=(score_plan(asked((LIGHTER,)), steps, skipped=False),))

    assert (report.recall, report.precision, report.exact) == (1.0, 0.5, 0.0)
    assert report.wrong == ()


def test_another_scope_is_the_right_kind_only() -> None:
    """An operation for the wrong part of the logo counts among the kinds, not strictly."""
    prompt = asked((Expected(operation="lightness", direction=1, scope="brown"),))

    score = score_plan(prompt, (Lightness(amount=1.0),), skipped=False)

    assert (score.matched, score.matched_kinds, score.exact, score.wrong) == (0, 1, False, ())


def test_two_wishes_need_two_operations() -> None:
    """One operation is not counted for two wishes, and the narrower wish does not lose its own."""
    anywhere = Expected(operation="lightness", direction=1, scope="any")
    prompt = asked((anywhere, LIGHTER))

    one = score_plan(prompt, (Lightness(amount=1.0),), skipped=False)
    two = score_plan(
        prompt, (Lightness(amount=1.0), Lightness(amount=1, scope="red")), skipped=False
    )

    assert (one.matched, two.matched) == (1, 2)
    assert two.exact


@pytest.mark.parametrize(
    ("expected", "step"),
    [
        (LIGHTER, Lightness(amount=-1.0)),
        (LIGHTER, Lightness(amount=-1.0, scope="red")),
        (Expected(operation="shades", colour="brown", direction=1), Lightness(amount=-1.0)),
        (LIGHTER, Shades(colour="brown", amount=-1.0)),
        (NO_SHADOW, Shadow(amount=1.0)),
        (Expected(operation="shadow"), RemoveShadow()),
        (Expected(operation="padding", direction=1), Crop()),
        (Expected(operation="crop"), Padding(amount=1.0)),
        (Expected(operation="saturation", direction=1), Look(look="grayscale")),
        (Expected(operation="look", look="black_and_white"), Saturation(amount=1.0)),
        (Expected(operation="background", colour="red"), TransparentBackground()),
        (
            Expected(operation="replace", source="blue", target="forestgreen"),
            Replace(source="green", target="navy"),
        ),
        (Expected(operation="rotate", degrees=-90), Rotate(degrees=90)),
    ],
)
def test_the_opposite_is_a_wrong_direction(expected: Expected, step: Operation) -> None:
    """The same kind with the other sign, and the kind that undoes it, go the wrong way."""
    score = score_plan(asked((expected,)), (step,), skipped=False)

    assert score.wrong == (step,)
    assert not score.exact


@pytest.mark.parametrize(
    ("expected", "step"),
    [
        (
            Expected(operation="lightness", direction=1, scope="background"),
            Lightness(amount=-1.0, scope="foreground"),
        ),
        (
            Expected(operation="lightness", direction=1, scope="red"),
            Lightness(amount=-1.0, scope="blue"),
        ),
        (Expected(operation="transparent_background"), Background(colour="white")),
        (Expected(operation="rotate", degrees=180), Rotate(degrees=-90)),
    ],
)
def test_something_else_is_no_wrong_direction(expected: Expected, step: Operation) -> None:
    """Another part of the logo, or a change without a direction, is a plain mistake."""
    score = score_plan(asked((expected,)), (step,), skipped=False)

    assert (score.matched, score.wrong) == (0, ())


def test_the_best_alternative_counts() -> None:
    """Of several plans that are right, the one that suits best is compared."""
    black = Expected(operation="look", look="black_and_white")
    duotone = Expected(operation="duotone", colours=("black", "white"))

    score = score_plan(
        asked((black,), (duotone,)), (Duotone(colours=("white", "#16171A")),), skipped=False
    )

    assert score.exact
    assert score.expected == (duotone,)


def test_the_canonical_plan_counts_where_none_fits() -> None:
    """A plan that suits no alternative is compared with the first."""
    score = score_plan(asked((LIGHTER,), (NO_SHADOW,)), (), skipped=False)

    assert score.expected == (LIGHTER,)


def test_nothing_may_be_right() -> None:
    """An empty plan is exact where nothing was asked, and an operation is then too much."""
    silent = score_plan(asked(()), (), skipped=False)
    busy = score_plan(asked(()), (Crop(),), skipped=False)

    assert (silent.exact, busy.exact) == (True, False)
    assert Report(name="set", scores=(busy,)).precision == 0.0


def test_a_skip_that_is_due_is_part_of_an_exact_plan() -> None:
    """A wish that cannot be met must be named as skipped."""
    prompt = asked((LIGHTER,), skips=True)

    silent = score_plan(prompt, (Lightness(amount=1.0),), skipped=False)
    honest = score_plan(prompt, (Lightness(amount=1.0),), skipped=True)

    assert (silent.exact, honest.exact) == (False, True)
    assert silent.matched == 1


@pytest.mark.parametrize("scope", [None, "blue"])
def test_what_is_forbidden_is_a_wrong_direction(scope: str | None) -> None:
    """What the prompt forbids is wrong for every part of the logo."""
    prompt = asked((), forbidden=(Expected(operation="lightness", direction=-1),))

    darker = Lightness(amount=-1.0, scope=scope)

    assert score_plan(prompt, (darker,), skipped=False).wrong == (darker,)
    assert score_plan(prompt, (Simplify(amount=1.0),), skipped=False).wrong == ()


@pytest.mark.parametrize(
    ("amount", "strength", "exact"),
    [(0.5, "weak", True), (1.0, "weak", False), (1.7, "strong", True), (1.0, "strong", False)],
)
def test_strength_counts_where_it_is_given(
    amount: float, strength: Literal["weak", "strong"], *, exact: bool
) -> None:
    """Slightly and much are told from an ordinary wish where the prompt says so."""
    wish = Expected(operation="lightness", direction=1, strength=strength)

    assert score_plan(asked((wish,)), (Lightness(amount=amount),), skipped=False).exact is exact


def test_an_open_slot_matches_anything() -> None:
    """A slot left out, or given as any, is not compared."""
    prompt = asked((Expected(operation="outline"),), (Expected(operation="outline", colour="any"),))

    score = score_plan(prompt, (Outline(amount=1.0, colour="red"),), skipped=False)

    assert score.exact


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "x", "plans": []}',
        '{"prompt": "x", "plans": [[{"operation": "explode"}]]}',
        '{"prompt": "x", "plans": [[{"operation": "crop", "direction": 1}]]}',
        '{"prompt": "x", "plans": [[]], "note": "y"}',
        '{"prompt": "x", "plans": [[{"operation": "background", "colour": "blurple"}]]}',
        '{"prompt": "x", "plans": [[{"operation": "lightness", "scope": "icon"}]]}',
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(line: str, tmp_path: Path) -> None:
    """A mistake in a set is an error that says where, not a prompt that always scores badly."""
    path = tmp_path / "set.jsonl"
    path.write_text('{"prompt": "x", "plans": [[]]}\n\n' + line + "\n")

    with pytest.raises(ValueError, match=r"set\.jsonl, line 3"):
        read_prompts(path)


def test_the_table_lists_each_wrong_direction() -> None:
    """The numbers of a set come with the prompts that were turned round."""
    report = Report(
        name="tuned",
        scores=(score_plan(asked((LIGHTER,)), (Lightness(amount=-1.0),), skipped=False),),
    )

    table = table_of((report,))

    assert "tuned" in table
    assert "'please' -> lightness(amount=-1.0)" in table
