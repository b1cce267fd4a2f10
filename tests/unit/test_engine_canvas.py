"""The local engine's canvas: frames, margins, turns and sizes."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.refinement.engines.local.canvas import change_canvas, upscaled
from services.refinement.engines.local.ground import SIDE_PX_MAX
from services.refinement.engines.local.operations import (
    Border,
    Centre,
    Crop,
    Flip,
    Padding,
    Rotate,
    Square,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.refusals import NotApplicable
from tests import logos

INK = (20, 24, 40, 255)
PAPER = (250, 245, 230, 255)


def boxed(
    size: tuple[int, int] = (200, 100),
    box: tuple[int, int, int, int] = (20, 30, 80, 70),
    paper: tuple[int, int, int, int] = PAPER,
) -> Pixels:
    """A dark box on paper; width and height, then left, top, right, bottom."""
    image = Image.new("RGBA", size, paper)
    ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=INK)
    return np.asarray(image)


def box_of(pixels: Pixels) -> tuple[int, int, int, int]:
    """Where the ink is."""
    ink = (pixels[..., 1] < 60) & (pixels[..., 3] > 0)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def photo() -> Pixels:
    """A picture that no border colour describes."""
    return np.random.default_rng(5).integers(0, 256, (60, 80, 4), dtype=np.uint8) | np.array(
        [0, 0, 0, 255], dtype=np.uint8
    )


class TestMargins:
    """Padding, cropping, centring and squaring never touch the logo itself."""

    def test_padding_adds_the_same_ground_on_all_sides(self) -> None:
        """The logo keeps its size and gets room."""
        padded = change_canvas(boxed(), Padding(amount=1))

        more = (padded.shape[1] - 200) // 2
        assert more > 0
        assert padded.shape == (100 + 2 * more, 200 + 2 * more, 4)
        assert box_of(padded) == (20 + more, 30 + more, 80 + more, 70 + more)
        assert tuple(padded[0, 0]) == PAPER

    def test_padding_on_transparency_is_transparent(self) -> None:
        """A transparent picture gets transparent room."""
        padded = change_canvas(boxed(paper=(0, 0, 0, 0)), Padding(amount=0.5))

        assert padded[0, 0, 3] == 0

    def test_less_padding_cuts_ground_only(self) -> None:
        """All of the logo is still there, with room around it."""
        tighter = change_canvas(boxed(), Padding(amount=-1))

        left, top, right, bottom = box_of(tighter)
        assert (right - left, bottom - top) == (60, 40)
        assert min(left, top) > 0
        assert tighter.shape[0] < 100

    def test_a_logo_that_fills_the_picture_cannot_lose_padding(self) -> None:
        """There is nothing to cut."""
        with pytest.raises(NotApplicable, match="already fills"):
            change_canvas(boxed(box=(1, 1, 199, 99)), Padding(amount=-1))

    def test_cropping_leaves_a_narrow_margin(self) -> None:
        """The result is hardly larger than the logo."""
        cropped = change_canvas(boxed(), Crop())

        assert cropped.shape == (42, 62, 4)

    def test_centring_moves_the_logo_to_the_middle(self) -> None:
        """The picture keeps its size."""
        centred = change_canvas(boxed(), Centre())

        assert centred.shape == (100, 200, 4)
        assert box_of(centred) == (70, 30, 130, 70)

    def test_what_is_in_the_middle_stays(self) -> None:
        """A pixel off is in the middle."""
        with pytest.raises(NotApplicable, match="already"):
            change_canvas(boxed(box=(71, 30, 131, 70)), Centre())

    def test_squaring_adds_to_the_shorter_side(self) -> None:
        """Nothing of the logo is lost."""
        squared = change_canvas(boxed(), Square())

        assert squared.shape == (200, 200, 4)
        assert box_of(squared) == (20, 80, 80, 120)

    def test_a_photo_has_no_margins(self) -> None:
        """Without a ground nobody knows where a logo ends."""
        for operation in (Padding(amount=1), Padding(amount=-1), Crop(), Centre(), Square()):
            with pytest.raises(NotApplicable, match="not of one colour"):
                change_canvas(photo(), operation)

    def test_no_picture_grows_beyond_the_bound(self) -> None:
        """The largest picture gets no more room, and no frame outside of it."""
        largest = boxed(size=(SIDE_PX_MAX, 64), box=(1, 16, SIDE_PX_MAX - 8, 48))

        for operation in (Padding(amount=1), Rotate(degrees=1.5), Border(amount=1)):
            with pytest.raises(NotApplicable, match="larger than"):
                change_canvas(largest, operation)


class TestBorder:
    """A frame is inside the picture where there is room."""

    def test_a_frame_fits_inside(self) -> None:
        """The size stays, the logo is not touched."""
        pixels = boxed(size=(200, 200), box=(50, 50, 150, 150))

        framed = change_canvas(pixels, Border(amount=1, colour="#c81e1e"))

        assert framed.shape == pixels.shape
        assert tuple(framed[0, 100]) == (200, 30, 30, 255)
        assert np.array_equal(framed[20:180, 20:180], pixels[20:180, 20:180])

    def test_a_logo_at_the_border_gets_room(self) -> None:
        """Where a frame would cover the logo, the picture grows."""
        pixels = boxed(size=(200, 200), box=(2, 50, 150, 150))

        framed = change_canvas(pixels, Border(amount=1, colour="#1ec81e"))

        assert framed.shape[0] > 200
        left, _, right, _ = box_of(framed[60:140])
        assert right - left == 148

    def test_without_a_colour_the_frame_takes_the_logos(self) -> None:
        """The main colour of the logo."""
        framed = change_canvas(boxed(), Border(amount=1))

        assert np.abs(framed[0, 0].astype(int) - INK).max() <= 4


class TestTurns:
    """Right angles and mirrors are exact, other angles lose nothing."""

    def test_quarter_turns_are_exact_and_clockwise(self) -> None:
        """Four of them are the picture again."""
        pixels = boxed()

        turned = change_canvas(pixels, Rotate(degrees=90))

        assert np.array_equal(turned, np.rot90(pixels, -1))
        assert np.array_equal(change_canvas(turned, Rotate(degrees=-90)), pixels)
        assert np.array_equal(
            change_canvas(pixels, Rotate(degrees=180)), change_canvas(pixels, Rotate(degrees=-180))
        )

    def test_a_full_turn_changes_nothing(self) -> None:
        """And says so."""
        with pytest.raises(NotApplicable):
            change_canvas(boxed(), Rotate(degrees=-360))

    def test_other_angles_keep_all_of_the_logo_and_its_ground(self) -> None:
        """The canvas grows by ground, and the amount of ink stays."""
        pixels = boxed()

        turned = change_canvas(pixels, Rotate(degrees=30))

        assert np.abs(turned[0, 0].astype(int) - PAPER).max() <= 1
        ink = (PAPER[1] - turned[..., 1].astype(float)).sum() / (PAPER[1] - INK[1])
        assert ink == pytest.approx(60 * 40, rel=0.01)

    def test_a_clockwise_turn_lowers_the_right(self) -> None:
        """A bar from left to right sinks on the right."""
        turned = change_canvas(boxed(box=(20, 45, 180, 55)), Rotate(degrees=20))

        ink = turned[..., 1] < 60
        columns = np.flatnonzero(ink.any(axis=0))
        first = np.flatnonzero(ink[:, columns[2]]).mean()
        last = np.flatnonzero(ink[:, columns[-3]]).mean()
        assert last > first

    def test_a_photo_is_turned_on_transparency(self) -> None:
        """Nothing is invented for its corners."""
        turned = change_canvas(photo(), Rotate(degrees=45))

        assert turned[0, 0, 3] == 0

    def test_mirrors(self) -> None:
        """Horizontal swaps left and right, vertical top and bottom."""
        pixels = boxed()

        assert box_of(change_canvas(pixels, Flip(axis="horizontal"))) == (120, 30, 180, 70)
        assert box_of(change_canvas(pixels, Flip(axis="vertical"))) == (20, 30, 80, 70)


class TestUpscale:
    """More pixels, sharp edges, no halos."""

    def test_edges_are_sharp_and_colours_stay_in_range(self) -> None:
        """Twice the size has hardly wider edges, and no lighter or darker seams."""
        small = np.asarray(Image.open(io.BytesIO(logos.as_png("wordmark", 256))).convert("RGBA"))

        large = upscaled(small, 2)

        assert large.shape == (512, 512, 4)
        assert large[..., :3].min() >= small[..., :3].min()
        assert large[..., :3].max() <= small[..., :3].max()
        plain = np.asarray(Image.fromarray(small).resize((512, 512), Image.Resampling.BILINEAR))
        assert _soft(large) < 0.8 * _soft(plain)

    def test_the_bound_limits_the_factor(self) -> None:
        """What would be larger becomes as large as allowed."""
        large = upscaled(boxed(size=(1024, 32), box=(20, 8, 900, 24)), 4)

        assert large.shape == (64, SIDE_PX_MAX, 4)

    def test_the_largest_picture_cannot_grow(self) -> None:
        """And says so."""
        with pytest.raises(NotApplicable):
            upscaled(boxed(size=(SIDE_PX_MAX, 16), box=(1, 1, 9, 9)), 2)


def _soft(pixels: Pixels) -> int:
    """How many pixels are neither ink nor paper."""
    green = pixels[..., 1]
    low, high = int(green.min()), int(green.max())
    span = high - low
    return int(((green > low + 0.2 * span) & (green < high - 0.2 * span)).sum())
