"""What an operation of the local engine needs in memory stays in proportion to the picture."""

import tracemalloc
from typing import Final

import numpy as np
import pytest

from services.refinement.engines.local.drawing import refine_pixels
from services.refinement.engines.local.operations import (
    Look,
    Operation,
    Outline,
    Roundness,
    Shadow,
    Simplify,
    TransparentBackground,
    Weight,
)
from services.refinement.engines.local.plan import Plan, Step
from tests.logos import LOGOS

SIDE: Final = 512
# With 100 MB for the interpreter and its libraries, a picture of 1024 x 1024 fits in 350 MB.
BYTES_PER_PIXEL_MAX: Final = 200


@pytest.mark.parametrize(
    "operation",
    [
        Weight(amount=-1),
        Weight(amount=1.7),
        Roundness(amount=1.7),
        TransparentBackground(),
        Look(look="black_and_white"),
        Simplify(amount=1),
        Shadow(amount=1),
        Outline(amount=1),
    ],
)
def test_its_peak_is_bounded(operation: Operation) -> None:
    """Reading the picture included, and at any one moment."""
    pixels = np.asarray(LOGOS["badge"](SIDE))
    plan = Plan(steps=(Step(operation=operation, phrase=""),))

    tracemalloc.start()
    try:
        _ = refine_pixels(pixels, plan)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes <= BYTES_PER_PIXEL_MAX * SIDE * SIDE
