"""Thinning the outlines of shapes: sharp corners stay sharp, and nothing of the line is left."""

import numpy as np
import pytest
from PIL import Image

from services.refinement.engines.local.drawing import refine_pixels
from services.refinement.engines.local.operations import Weight
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Step
from tests.logos import Canvas, star

THINNER = Plan(steps=(Step(operation=Weight(amount=-1), phrase=""),))
INK, FIELD, GOLD, ORANGE = "#1b2a41", "#7d1616", "#c9a13b", "#f26b38"


def thinner(image: Image.Image) -> Pixels:
    """The picture with thinner lines, which it must have."""
    after, plan = refine_pixels(np.asarray(image), THINNER)
    assert plan.skipped == ()
    return after


def near(pixels: Pixels, colour: str, tolerance: int = 60) -> np.ndarray:
    """Where pixels have about a colour."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    is_near: np.ndarray = np.abs(pixels[..., :3] - wanted).max(axis=-1) <= tolerance
    return is_near


def test_the_corners_inside_an_outline_stay_sharp() -> None:
    """The field grows as a square, and not as one with round corners."""
    canvas = Canvas(512, "#ffffff")
    canvas.put(canvas.rounded((100, 100, 400, 400), 0), "#1b1b1f")
    canvas.put(canvas.rounded((114, 114, 386, 386), 0), ORANGE)

    field = near(thinner(canvas.image), ORANGE)

    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    assert len(rows) >= 272 + 4
    assert field[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.9995


def test_a_spike_shows_what_it_encloses_to_its_tip() -> None:
    """Not the paper, which is nearer to the tip than the field is."""
    canvas = Canvas(512, "#ffffff")
    canvas.put(canvas.polygon(star((256, 256), 200)), "#1b1b1f")
    canvas.put(canvas.polygon(star((256, 256), 160)), "#f4c430")

    after = thinner(canvas.image)

    body = np.asarray(canvas.polygon(star((256, 256), 165))) == 255
    assert (after[body][:, 2] < 120).all()


@pytest.mark.parametrize("inset", [3.0, 3.6, 5.0])
def test_a_slanting_line_between_two_colours_leaves_no_dots(inset: float) -> None:
    """Its soft edge goes with it on both sides."""
    canvas = Canvas(512, "#ffffff")
    canvas.put(canvas.polygon([(80, 60), (432, 60), (256, 470)]), GOLD)
    canvas.put(canvas.polygon([(120, 90), (392, 90), (256, 405)]), INK)
    grown = inset * 1.6
    inner = [(120 + grown, 90 + inset), (392 - grown, 90 + inset), (256, 405 - 2 * grown)]
    canvas.put(canvas.polygon(inner), FIELD)

    after = thinner(canvas.image)

    # Row by row, a dark stretch is the line on the left or the one on the right.
    dark = near(after, INK, 50)[120:380]
    stretches = (np.diff(dark.astype(np.int_), axis=1) == 1).sum(axis=1)
    assert stretches.max() <= 2


def test_a_thin_outline_is_thinned_as_a_whole_or_not_at_all() -> None:
    """An outline of two pixels between two colours does not fall into dashes."""
    canvas = Canvas(512, "#ffffff")
    canvas.put(canvas.rounded((60, 60, 452, 452), 0), INK)
    canvas.put(canvas.rounded((72, 72, 440, 440), 0), FIELD)
    canvas.put(canvas.polygon(star((256, 256), 40)), INK)
    canvas.put(canvas.polygon(star((256, 256), 30)), GOLD)

    after = thinner(canvas.image)

    gold = near(after, GOLD, 40)
    field = near(after, FIELD, 30)
    beside = field[1:-1, 1:-1] & (
        gold[:-2, 1:-1] | gold[2:, 1:-1] | gold[1:-1, :-2] | gold[1:-1, 2:]
    )
    assert not beside.any()
