"""An enlargement says what it reached, and why it is less than was asked for."""

from io import BytesIO

import pytest

from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local.drawing import draw
from services.refinement.engines.local.enlarging import enlargement, side_named
from services.refinement.engines.local.ground import SIDE_PX_MAX
from services.refinement.engines.local.operations import Upscale
from services.refinement.engines.local.plan import make_plan
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.failures import PromptNotUnderstood
from services.refinement.pictures import PictureLimits
from tests.logos import LOGOS


def refined(side: int, prompt: str) -> Refinement:
    """The fox of a size, refined."""
    body = BytesIO()
    LOGOS["fox"](side).save(body, "PNG")
    return draw(body.getvalue(), Instruction(refinement_prompt=prompt), PictureLimits())


@pytest.mark.parametrize(
    ("phrase", "side"),
    [
        ("upscale to 4000 pixels", 4000),
        ("enlarge it to 3000px", 3000),
        ("make it 1200 x 1800", 1800),
        ("upscale to 4k", 3840),
        ("upscale it to twice the size", None),
        ("make it 3x larger", None),
    ],
)
def test_a_side_in_pixels_is_read(phrase: str, side: int | None) -> None:
    """A factor is no side."""
    assert side_named(phrase) == side


@pytest.mark.parametrize(
    ("prompt", "factor"),
    [
        ("upscale by 3", 3.0),
        ("upscale it by two, please", 2.0),
        ("upscale it by a factor of 3", 3.0),
        ("scale it up by 2.5", 2.5),
        ("upscale it by 9", 4.0),
        ("upscale it to 150%", 1.5),
    ],
)
def test_a_factor_is_read(prompt: str, factor: float) -> None:
    """As it is told, up to what pictures may be enlarged by."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert [step.operation for step in plan.steps] == [Upscale(factor=factor)]


@pytest.mark.parametrize(
    "prompt",
    [
        "make it 4000 pixels wide",
        "make it 4000px wide",
        "the image should be at least 4000 pixels tall",
        "4000 px across please",
    ],
)
def test_a_side_is_enough(prompt: str) -> None:
    """Without a word for enlarging."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert [step.operation for step in plan.steps] == [Upscale(factor=2.0, side_px=4000)]
    assert plan.unmatched == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "make the lines 400 pixels wide",
        "make the text 300 pixels wide",
        "add a border and make it 400 pixels wide",
        "make it 20 pixels wide",
        "don't make it 4000 pixels wide",
    ],
)
def test_a_side_of_something_else_enlarges_nothing(prompt: str) -> None:
    """How wide a line or a border is to be says nothing about the picture."""
    plan = make_plan(Instruction(refinement_prompt=prompt))

    assert not any(isinstance(step.operation, Upscale) for step in plan.steps)


def test_what_can_be_reached_is_reached() -> None:
    """A side that is asked for is what comes out, with nothing to add."""
    refinement = refined(256, "upscale to 1000 pixels")

    assert refinement.picture.width == 1000
    assert refinement.plan["applied"][0]["factor"] == pytest.approx(3.91)
    assert refinement.plan["skipped"] == []


def test_a_shortfall_is_told() -> None:
    """It is enlarged as far as pictures go, and the plan says that this is all."""
    refinement = refined(512, "upscale to 4000 pixels")

    assert refinement.picture.width == SIDE_PX_MAX
    assert refinement.plan["applied"][0]["factor"] == 4.0
    assert f"only {SIDE_PX_MAX} pixels" in refinement.plan["skipped"][0]["reason"]


def test_the_gain_counts_from_the_original() -> None:
    """Not from the size at which the picture is worked on."""
    refinement = refined(1800, "upscale it to twice the size")

    assert refinement.plan["applied"][0]["factor"] == round(SIDE_PX_MAX / 1800, 2)
    assert refinement.plan["skipped"] != []


@pytest.mark.parametrize(("side", "prompt"), [(2048, "upscale it"), (512, "upscale to 300 pixels")])
def test_no_gain_is_no_refinement(side: int, prompt: str) -> None:
    """What would have no more pixels than the original is not called refined."""
    with pytest.raises(PromptNotUnderstood):
        refined(side, prompt)


def test_a_picture_that_is_large_enough_says_so() -> None:
    """The reason names its own side."""
    with pytest.raises(NotApplicable, match="has 2000 pixels"):
        enlargement(Upscale(factor=2, side_px=1500), side=1000, scale=0.5)
