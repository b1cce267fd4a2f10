"""Soft light on a dark ground is cut out as translucent light, and nothing dark is left of it."""

import numpy as np
import pytest
from PIL import Image, ImageChops

from services.refinement.engines.local.drawing import refine_pixels
from services.refinement.engines.local.operations import TransparentBackground
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Step
from tests.logos import LOGOS, Canvas, neon

PLAN = Plan(steps=(Step(operation=TransparentBackground(), phrase=""),))


def cut(image: Image.Image) -> Pixels:
    """The picture without its background."""
    after, plan = refine_pixels(np.asarray(image), PLAN)
    assert plan.skipped == ()
    return after


def on(cutout: Pixels, paper: str) -> Pixels:
    """A cut-out laid on paper."""
    laid = Image.new("RGBA", (cutout.shape[1], cutout.shape[0]), paper)
    laid.alpha_composite(Image.fromarray(cutout))
    return np.asarray(laid)


@pytest.mark.parametrize("paper", ["#000000", "#0a0a12"])
@pytest.mark.parametrize("side", [320, 512])
def test_a_glow_leaves_nothing_dark(paper: str, side: int) -> None:
    """Neither around the shapes, nor in counters and gaps of letters, nor inside the ring."""
    shown = on(cut(neon(side, paper)), "#ffffff")

    assert (shown[..., :3].max(axis=-1) < 150).sum() == 0


@pytest.mark.parametrize("paper", ["#000000", "#0a0a12"])
def test_on_its_own_ground_it_is_the_picture_again(paper: str) -> None:
    """The light is as translucent as it is faint."""
    picture = neon(512, paper)

    back = on(cut(picture), paper)

    assert np.abs(back.astype(np.int_) - np.asarray(picture)).max() <= 2


def test_what_shines_stays_solid() -> None:
    """The tube, the disc and the letters are opaque, the ground between them is gone."""
    alpha = cut(neon(512, "#000000"))[..., 3]

    assert alpha[190, 256] == alpha[190, 366] == 255
    assert alpha[10, 10] == 0
    assert alpha[190, 310] < 40


def test_a_dark_shape_on_black_is_no_light() -> None:
    """It has an edge, though a low one, and stays opaque."""
    canvas = Canvas(512, "#000000")
    canvas.put(canvas.disc((256, 256), 120), "#1c2c3c")

    alpha = cut(canvas.image)[..., 3]

    assert alpha[256, 256] == 255


def test_thin_lines_on_navy_are_no_light() -> None:
    """The same cut-out as of the mirrored picture, and lines in the colour that they had."""
    picture = LOGOS["night"](512)

    after = cut(picture)

    mirrored = cut(ImageChops.offset(picture, 0).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert np.abs(mirrored[:, ::-1, 3].astype(np.int_) - after[..., 3]).mean() < 0.05
    assert after[200, 300, 3] == 0
