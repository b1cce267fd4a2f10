"""The logos that the engine is tried on: the same on every run, and as large as asked."""

from io import BytesIO

import pytest
from PIL import Image

from tests.logos import LOGOS, as_jpeg, as_png

every_logo = pytest.mark.parametrize("name", LOGOS)


@every_logo
def test_a_logo_is_drawn_the_same_each_time(name: str) -> None:
    """Two drawings are the same file."""
    assert as_png(name, 96) == as_png(name, 96)


@every_logo
@pytest.mark.parametrize("side", [64, 130])
def test_a_logo_has_the_side_that_was_asked_for(name: str, side: int) -> None:
    """It is a square with an alpha channel, and shows something."""
    image = LOGOS[name](side)

    assert image.size == (side, side)
    assert image.mode == "RGBA"
    assert len(image.getcolors(side * side) or ()) > 8


def test_a_logo_comes_as_jpeg_too() -> None:
    """What was transparent is white in it."""
    image = Image.open(BytesIO(as_jpeg("transparent", 96, 90)))

    assert (image.format, image.size, image.mode) == ("JPEG", (96, 96), "RGB")
    assert image.getpixel((0, 0)) == (255, 255, 255)
