"""How the local engine carries a plan out: what comes after what, and what is kept."""

from typing import Final, get_args

import numpy as np

from services.refinement.engines.local.colour import contrast_ratio
from services.refinement.engines.local.drawing import (
    FINISHES,
    ShapeOperation,
    refine_pixels,
)
from services.refinement.engines.local.edits import ColourOperation
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Lightness,
    Look,
    Operation,
    Padding,
    Recolour,
    Weight,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Step
from services.refinement.engines.local.reading import read
from tests.logos import LOGOS

SIDE: Final = 320


def logo(name: str) -> Pixels:
    """A script-made logo as RGBA pixels."""
    return np.asarray(LOGOS[name](SIDE).convert("RGBA"))


def plan_of(*operations: Operation, aspects: tuple[str, ...] = ()) -> Plan:
    """A plan of these operations."""
    steps = tuple(Step(operation=operation, phrase="") for operation in operations)
    return Plan(steps=steps, aspects=aspects)


def letters_in(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where the lettering of a picture is."""
    reading = read(pixels)
    assert reading is not None
    assert reading.text.any()
    return reading.text


def test_every_operation_is_carried_out_somewhere() -> None:
    """What the parser may plan, one of the phases does."""
    carried_out = {*FINISHES, *get_args(ShapeOperation), *get_args(ColourOperation), Background}

    assert carried_out == set(get_args(Operation))


def test_a_frame_goes_around_all_the_rest() -> None:
    """Room that is asked for beside a frame lies inside it, in the background's colour."""
    plan = plan_of(Border(amount=0.5, colour="black"), Padding(amount=1.0))

    pixels, done = refine_pixels(logo("wordmark"), plan)

    dark = (pixels[pixels.shape[0] // 2, :, :3].max(axis=-1) < 60).nonzero()[0]
    assert len(done.steps) == 2
    assert dark[0] == 0
    assert (dark[:40] < SIDE // 4).sum() < SIDE // 20


def test_dark_ink_with_a_tint_takes_another_colour() -> None:
    """Ink too grey to count as colourful is ink still, and not nothing."""
    pixels, done = refine_pixels(logo("line_art"), plan_of(Recolour(colours=("crimson",))))

    inked = pixels[pixels[..., :3].min(axis=-1) < 90].astype(int)
    assert len(done.steps) == 1
    assert (inked[:, 0] > inked[:, 2] + 60).mean() > 0.5


def test_kept_lettering_keeps_its_colour() -> None:
    """A wish for the whole logo leaves the letters alone if they are to be kept."""
    before = logo("coffee")
    # The soft edges are part paper, which does change.
    letters = letters_in(before) & (before[..., 0] < 90)

    after, _ = refine_pixels(before, plan_of(Lightness(amount=1.0), aspects=("text",)))

    change = np.abs(after[letters].astype(int) - before[letters]).max(axis=-1)
    assert (change <= 2).mean() > 0.99
    assert (after != before).any()


def test_kept_lettering_keeps_its_weight() -> None:
    """Thicker lines leave the letters alone if they are to be kept."""
    before = logo("line_art")
    letters = letters_in(before)

    after, _ = refine_pixels(before, plan_of(Weight(amount=1.0), aspects=("text",)))

    assert np.array_equal(after[letters], before[letters])
    assert (after != before).any()


def test_a_kept_background_keeps_its_colour() -> None:
    """Darker colours leave the paper as it is if it is to be kept."""
    before = logo("coffee")

    after, _ = refine_pixels(before, plan_of(Lightness(amount=-1.0), aspects=("background",)))

    assert np.array_equal(after[0, 0], before[0, 0])
    assert (after != before).any()


def test_letters_on_a_pale_shape_can_still_be_read() -> None:
    """A shape that carries white letters gets only as pale as they allow."""
    before = logo("badge")
    lettering = letters_in(before)
    letters = lettering & (before[..., :3].min(axis=-1) > 200)
    ring = ~lettering & (before[..., 0] < 50)

    after, _ = refine_pixels(before, plan_of(Look(look="pastel")))

    ink, ground = (np.median(after[where][:, :3], axis=0) / 255 for where in (letters, ring))
    pair = (part[None].astype(np.float32) for part in (ink, ground))
    assert contrast_ratio(*pair)[0] >= 3
