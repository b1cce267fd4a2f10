"""Black and white: nothing else comes out, and neighbours that were told apart still are."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.refinement.engines.local.drawing import refine_pixels
from services.refinement.engines.local.operations import Look
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Step
from tests.logos import LOGOS, Canvas, star

PLAN = Plan(steps=(Step(operation=Look(look="black_and_white"), phrase=""),))


def black_and_white(image: Image.Image) -> Pixels:
    """The picture in black and white, which must have had an effect."""
    after, plan = refine_pixels(np.asarray(image), PLAN)
    assert plan.skipped == ()
    return after


def along(pixels: Pixels, start: tuple[int, int], end: tuple[int, int]) -> NDArray[np.uint8]:
    """The red levels on a straight way between two places, in pixels."""
    steps = np.linspace(0, 1, 200)[:, None]
    places = np.round(np.array(start) + steps * (np.array(end) - start)).astype(int)
    levels: NDArray[np.uint8] = pixels[places[:, 1], places[:, 0], 0]
    return levels


@pytest.mark.parametrize("name", ["fox", "coffee", "blocks", "leaf", "badge", "transparent"])
def test_flat_areas_are_black_or_white(name: str) -> None:
    """What is grey is no more than the soft edges between them."""
    after = black_and_white(LOGOS[name](512))

    levels = after[after[..., 3] == 255][:, :3]
    is_grey = (levels.max(axis=-1) > 8) & (levels.min(axis=-1) < 247)
    assert np.ptp(levels, axis=-1).max() == 0
    assert is_grey.mean() < 0.06


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((100, 120), (145, 160)),  # the ear and its inside
        ((60, 300), (120, 300)),  # the paper and the cheek
        ((90, 318), (250, 250)),  # the cheek, the face and the eye
        ((190, 250), (230, 250)),  # two facets of the face
        ((236, 395), (236, 440)),  # the chin and the nose
    ],
)
def test_the_fox_keeps_its_features(start: tuple[int, int], end: tuple[int, int]) -> None:
    """Colours of like lightness end on different sides, or have a line between them."""
    after = black_and_white(LOGOS["fox"](512))

    levels = along(after, start, end)

    assert levels.min() < 40
    assert levels.max() > 215


def test_details_end_on_another_side_than_what_they_lie_on() -> None:
    """A tan star on a brown disc stays a star, though one threshold would swallow it."""
    canvas = Canvas(512, "#ffffff")
    canvas.put(canvas.disc((256, 256), 180), "#7a4a2b")
    canvas.put(canvas.polygon(star((256, 256), 90)), "#a8743f")

    after = black_and_white(canvas.image)

    assert after[256, 256, 0] == 255
    assert after[256, 100, 0] == 0


def test_a_logo_on_nothing_does_not_vanish_on_paper() -> None:
    """The pin is black, its ring white and the dot in it black."""
    after = black_and_white(LOGOS["transparent"](512))

    assert [int(after[y, 256, 0]) for y in (100, 140, 188)] == [0, 255, 0]


@pytest.mark.parametrize("name", ["coffee", "wordmark", "night", "line_art"])
def test_thin_lines_survive(name: str) -> None:
    """Lines and small print have no room for an outline, so they are the other colour."""
    before = np.asarray(LOGOS[name](512))
    after = black_and_white(LOGOS[name](512))

    paper = before[2, 2, :3].astype(np.int_)
    ink = np.abs(before[340:, :, :3] - paper).max(axis=-1) > 90
    new_paper = int(after[2, 2, 0])
    assert new_paper in {0, 255}
    assert (np.abs(after[340:, :, 0].astype(np.int_) - new_paper)[ink] > 60).mean() > 0.97
