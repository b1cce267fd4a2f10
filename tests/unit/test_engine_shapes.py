"""The local engine's cut-outs, strokes and contours, on logos drawn by script."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from services.refinement.engines.local.canvas import change_canvas, upscaled
from services.refinement.engines.local.contours import even_contours
from services.refinement.engines.local.corners import round_corners
from services.refinement.engines.local.finishing import change_sharpness, finish
from services.refinement.engines.local.ground import find_ground
from services.refinement.engines.local.layers import composed, make_transparent, split
from services.refinement.engines.local.operations import (
    Border,
    Centre,
    Crop,
    Flip,
    Outline,
    Padding,
    Rotate,
    Roundness,
    Shadow,
    Sharpness,
    Smoothness,
    Square,
    TransparentBackground,
    Weight,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import read
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.strokes import change_weight
from tests import logos

SIDE = 384
OPAQUE_LOGOS = (
    "coffee",
    "fox",
    "badge",
    "line_art",
    "gradient_app",
    "wordmark",
    "night",
    "blocks",
    "leaf",
    "shadowed",
)
CUT_OUT = TransparentBackground()
INK = (20, 24, 40, 255)
PAPER = (255, 255, 255, 255)


def logo(name: str, side: int = SIDE) -> Pixels:
    """The RGBA pixels of a logo drawn by script."""
    return np.asarray(Image.open(io.BytesIO(logos.as_png(name, side))).convert("RGBA"))


def drawn(draw: Callable[[ImageDraw.ImageDraw], None], size: int = 200) -> Pixels:
    """Dark shapes on white, drawn at four times the size and reduced."""
    image = Image.new("RGBA", (4 * size, 4 * size), PAPER)
    draw(ImageDraw.Draw(image))
    return np.asarray(image.reduce(4))


def ink_of(pixels: Pixels) -> float:
    """How many pixels' worth of ink there is on white."""
    return float((255 - pixels[..., 1].astype(np.float64)).sum() / (255 - INK[1]))


def thicknesses(
    pixels: Pixels, centre: tuple[float, float], radius: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How thick a dark ring is along eight rays from its centre, in pixels."""
    ink = (255 - pixels[..., 0].astype(np.float32)) / (255 - float(pixels[..., 0].min()))
    steps = np.arange(-8, 8, 1 / 16)
    # Rays at which no other line of the logo meets the ring.
    turns = np.deg2rad([10, 60, 100, 140, 190, 250, 290, 340])
    reach = (radius + steps)[None]
    across = (centre[0] - 0.5 + np.sin(turns)[:, None] * reach).astype(np.float32)
    down = (centre[1] - 0.5 - np.cos(turns)[:, None] * reach).astype(np.float32)
    sampled = cv2.remap(ink, across, down, cv2.INTER_LINEAR)
    return np.asarray(sampled.sum(axis=1) / 16, dtype=np.float64)


def cut_out(pixels: Pixels) -> Pixels:
    """The logo without its background, as the engine reads it."""
    return make_transparent(pixels, CUT_OUT, read(pixels))


def weighted(pixels: Pixels, operation: Weight) -> Pixels:
    """Thicker or thinner strokes, as the engine reads them."""
    return change_weight(pixels, operation, read(pixels))


def rounded_off(pixels: Pixels, operation: Roundness) -> Pixels:
    """Rounded corners, as the engine reads them."""
    return round_corners(pixels, operation, read(pixels))


def over(cutout: Pixels, colour: tuple[int, int, int]) -> Pixels:
    """A cut-out on a plain colour."""
    image = Image.new("RGBA", (cutout.shape[1], cutout.shape[0]), (*colour, 255))
    image.alpha_composite(Image.fromarray(cutout))
    return np.asarray(image)


class TestTransparentBackground:
    """The logo is cut out with true edges, and what was behind it leaves nothing."""

    @pytest.mark.parametrize("name", OPAQUE_LOGOS)
    def test_a_cutout_on_its_old_ground_is_the_picture(self, name: str) -> None:
        """Two levels are what rounding alpha and colour to bytes may cost."""
        pixels = logo(name)

        layers = split(pixels, read(pixels))

        again = composed(layers.cutout, layers.ground)
        assert int(cv2.absdiff(again, pixels).max()) <= 2
        assert layers.cutout[0, 0, 3] == 0

    @pytest.mark.parametrize("name", ["fox", "leaf", "blocks", "wordmark"])
    def test_no_edge_shows_the_old_ground_on_black(self, name: str) -> None:
        """On black no translucent pixel is lighter than the logo is somewhere beside it."""
        cutout = cut_out(logo(name))

        shown = over(cutout, (0, 0, 0))[..., :3]
        solid = np.where(cutout[..., 3:] >= 250, cutout[..., :3], 0).astype(np.uint8)
        around = cv2.dilate(solid, np.ones((9, 9), dtype=np.uint8))
        edges = (cutout[..., 3] > 8) & (cutout[..., 3] < 250)
        lighter = (shown.astype(int) - around).max(axis=-1)[edges]
        # A line thinner than a pixel has nothing solid beside it.
        assert (lighter > 24).mean() < 0.02

    def test_the_counter_of_a_letter_is_background(self) -> None:
        """The hole of an O is seen through."""
        ring = drawn(lambda pen: pen.ellipse([200, 200, 600, 600], outline=INK, width=100))

        cutout = cut_out(ring)

        assert cutout[100, 100, 3] == 0
        assert cutout[100, 60, 3] == 255

    def test_white_eyes_and_a_white_body_stay(self) -> None:
        """What is enclosed by a shape, and no counter, is a part of the logo."""

        def draw(pen: ImageDraw.ImageDraw) -> None:
            pen.ellipse([80, 80, 720, 720], fill=INK)
            pen.ellipse([260, 280, 340, 360], fill=PAPER)
            pen.ellipse([460, 280, 540, 360], fill=PAPER)

        cutout = cut_out(drawn(draw))

        assert tuple(cutout[80, 75]) == PAPER
        assert tuple(cutout[80, 125]) == PAPER

    def test_a_field_with_something_on_it_stays(self) -> None:
        """What a broad ring encloses is a part of the logo if it holds a shape."""

        def draw(pen: ImageDraw.ImageDraw) -> None:
            pen.ellipse([200, 200, 600, 600], outline=INK, width=100)
            pen.ellipse([360, 360, 440, 440], fill=INK)

        cutout = cut_out(drawn(draw))

        assert tuple(cutout[85, 85]) == PAPER

    @pytest.mark.parametrize(
        ("name", "place", "alpha"),
        [
            ("night", (300, 256), 0),
            ("line_art", (150, 256), 0),
            ("badge", (256, 190), 255),
            ("gradient_app", (210, 256), 255),
        ],
    )
    def test_thin_rings_are_seen_through_and_fields_are_not(
        self, name: str, place: tuple[int, int], alpha: int
    ) -> None:
        """A drawing in lines has no paper of its own; a badge and a bubble have."""
        cutout = cut_out(logo(name, 512))

        assert cutout[*place, 3] == alpha

    def test_a_soft_shadow_becomes_translucent_black(self) -> None:
        """The shadow keeps its strength and loses the ground's colour."""
        cutout = cut_out(logo("leaf"))

        faint = (cutout[..., 3] > 10) & (cutout[..., 3] < 60)
        dark = cutout[..., :3].max(axis=-1) <= 24
        assert (faint & dark).sum() > 500

    def test_a_ripple_of_compression_is_no_part_of_the_logo(self) -> None:
        """A cut-out of a noisy picture has no specks around it."""
        image = Image.open(io.BytesIO(logos.as_jpeg("badge", SIDE, 40))).convert("RGBA")

        cutout = cut_out(np.asarray(image))

        clean = cut_out(logo("badge"))
        outside = cv2.erode((clean[..., 3] == 0).view(np.uint8), np.ones((5, 5), dtype=np.uint8))
        assert (cutout[..., 3][outside == 1] > 60).mean() < 0.01

    def test_a_picture_without_one_background_is_refused(self) -> None:
        """A gradient up to the border is not of one colour."""
        ramp = np.linspace(0, 255, 64, dtype=np.uint8)
        pixels = np.full((64, 64, 4), 255, dtype=np.uint8)
        pixels[..., 0] = ramp

        with pytest.raises(NotApplicable, match="not of one colour"):
            cut_out(pixels)

    def test_a_transparent_picture_is_refused(self) -> None:
        """There is nothing to make transparent."""
        with pytest.raises(NotApplicable, match="transparent already"):
            cut_out(logo("transparent"))


class TestWeight:
    """Strokes grow and shrink; large areas, gaps and hairlines survive."""

    @staticmethod
    def lines(pen: ImageDraw.ImageDraw) -> None:
        """Two lines and a large square."""
        pen.line([80, 120, 720, 120], fill=INK, width=24)
        pen.line([80, 200, 720, 260], fill=INK, width=24)
        pen.rectangle([240, 360, 620, 740], fill=INK)

    def test_lines_grow_and_large_areas_do_not(self) -> None:
        """A thicker line is drawn around the same middle, a square stays the same."""
        pixels = drawn(self.lines)

        thicker = weighted(pixels, Weight(amount=1))

        assert ink_of(thicker[:75]) > 1.2 * ink_of(pixels[:75])
        assert np.array_equal(thicker[85:], pixels[85:])

    def test_thinner_lines_are_still_there(self) -> None:
        """Every column that a line crossed is still crossed."""
        pixels = drawn(self.lines)

        thinner = weighted(pixels, Weight(amount=-1.7))

        assert ink_of(thinner[:75]) < 0.95 * ink_of(pixels[:75])
        assert (thinner[20:45, 25:175, 1].min(axis=0) < 90).all()

    def test_hairlines_are_not_erased(self) -> None:
        """Where thinner would mean gone, nothing is changed."""
        pixels = np.full((64, 64, 4), 255, dtype=np.uint8)
        pixels[30, 8:56] = INK

        with pytest.raises(NotApplicable, match="disappear"):
            weighted(pixels, Weight(amount=-1))

    def test_counters_stay_open(self) -> None:
        """The hole of a small letter keeps its middle."""
        pixels = drawn(lambda pen: pen.ellipse([380, 380, 420, 420], outline=INK, width=10))

        thicker = weighted(pixels, Weight(amount=1.7))

        assert thicker[100, 100, 1] > 200

    def test_noisy_lines_are_not_frayed(self) -> None:
        """In the ripples of compression, where a line ends is not known well enough."""
        image = Image.open(io.BytesIO(logos.as_jpeg("badge", 512, 30))).convert("RGBA")

        with pytest.raises(NotApplicable, match="noisy"):
            weighted(np.asarray(image), Weight(amount=-1))

    def test_a_photo_has_no_lines(self) -> None:
        """Noise is refused."""
        noise = np.random.default_rng(3).integers(0, 256, (96, 96, 4), dtype=np.uint8)
        noise[..., 3] = 255

        with pytest.raises(NotApplicable):
            weighted(noise, Weight(amount=1))

    def test_lines_of_a_colour_that_is_not_there_are_missed(self) -> None:
        """The reason names the colour."""
        with pytest.raises(NotApplicable, match="no red lines"):
            weighted(drawn(self.lines), Weight(amount=1, scope="red"))

    @pytest.mark.parametrize("name", ["line_art", "night"])
    @pytest.mark.parametrize("amount", [1.0, -1.0])
    def test_a_mirrored_logo_changes_alike(self, name: str, amount: float) -> None:
        """No side of a stroke is preferred, but for a step of rounding in a few pixels."""
        pixels = logo(name, 512)

        changed = weighted(pixels, Weight(amount=amount))

        mirrored = weighted(np.ascontiguousarray(pixels[:, ::-1]), Weight(amount=amount))
        difference = cv2.absdiff(np.ascontiguousarray(mirrored[:, ::-1]), changed)
        assert (difference.max(axis=-1) > 2).sum() <= 8
        assert int(difference.max()) <= 8

    @pytest.mark.parametrize("side", [512, 1024])
    @pytest.mark.parametrize("amount", [1.0, 1.7])
    def test_a_circle_grows_evenly_all_around(self, side: int, amount: float) -> None:
        """Other lines that touch it do not matter."""
        pixels = logo("line_art", side)

        thicker = weighted(pixels, Weight(amount=amount))

        widths = thicknesses(thicker, (0.5 * side, 218 / 512 * side), 150 / 512 * side)
        assert np.ptp(widths) <= 0.75
        before = thicknesses(pixels, (0.5 * side, 218 / 512 * side), 150 / 512 * side)
        assert (widths - before).min() >= 0.4

    @pytest.mark.parametrize("side", [512, 1024])
    @pytest.mark.parametrize("amount", [1.0, -1.0])
    def test_a_thin_ring_on_a_band_is_the_line(self, side: int, amount: float) -> None:
        """Neither the rim outside it nor the rest of the band is a line beside it."""
        light = logo("badge", side)
        pixels = np.asarray(255 - light[..., :3], dtype=np.uint8)
        ring = ((0.5 * side, 0.5 * side), 217 / 512 * side)

        changed = weighted(light, Weight(amount=amount))

        widths = thicknesses(np.asarray(255 - changed[..., :3], dtype=np.uint8), *ring)
        growth = (widths - thicknesses(pixels, *ring)) * amount
        assert growth.min() >= 0
        assert growth.mean() >= 0.2
        rim = np.s_[: round(0.066 * side), :]
        assert np.array_equal(changed[rim], light[rim])

    def test_the_layers_of_a_saucer_are_no_lines(self) -> None:
        """What lies along a shadow on it keeps its edge."""
        pixels = logo("coffee", 512)

        thinner = weighted(pixels, Weight(amount=-1))

        saucer = np.s_[312:345, 140:370]
        assert np.array_equal(thinner[saucer], pixels[saucer])
        assert not np.array_equal(thinner, pixels)

    def test_all_letters_of_a_bold_word_get_thinner(self) -> None:
        """Also one that is hardly longer than its strokes are wide."""
        pixels = logo("shadowed", 700)
        word = np.s_[570:680, 230:460]
        count, letters = cv2.connectedComponents((pixels[word][..., 1] < 170).view(np.uint8))

        thinner = weighted(pixels, Weight(amount=-1))

        left = thinner[word][..., 1] < 170
        kept = np.bincount(letters[left], minlength=count) / np.bincount(letters.ravel())
        assert count > len("trio")
        assert kept[1:].max() < 0.85

    def test_the_seam_between_two_colours_is_no_line(self) -> None:
        """Their mix may be lighter than both, and has no colour of its own."""
        pixels = logo("blocks", 700)

        thicker = weighted(pixels, Weight(amount=1))

        assert np.array_equal(thicker[:550], pixels[:550])
        assert not np.array_equal(thicker, pixels)

    def test_text_alone_may_grow(self) -> None:
        """With text in view, a lone line stays as it is."""
        pixels = logo("line_art", 768)

        thicker = weighted(pixels, Weight(amount=1, scope="text"))

        assert not np.array_equal(thicker[590:], pixels[590:])
        assert np.array_equal(thicker[60:180], pixels[60:180])


class TestRoundness:
    """Corners of large shapes get one radius; letters and stems stay."""

    def test_all_corners_of_a_square_are_rounded_alike(self) -> None:
        """What a corner loses does not depend on where it points."""
        square = drawn(lambda pen: pen.rectangle([200, 200, 599, 599], fill=INK))

        rounded = rounded_off(square, Roundness(amount=1))

        corner = rounded[50:60, 50:60, 1].astype(int)
        assert corner[0, 0] > 180
        assert np.abs(corner - rounded[50:60, 140:150, 1][:, ::-1]).max() <= 24
        assert np.abs(corner - rounded[140:150, 50:60, 1][::-1]).max() <= 24
        assert np.array_equal(rounded[50:150, 95:105], square[50:150, 95:105])

    def test_a_stem_and_letters_stay(self) -> None:
        """Only the corners of the large shape change."""

        def draw(pen: ImageDraw.ImageDraw) -> None:
            pen.rectangle([200, 240, 599, 599], fill=INK)
            pen.rectangle([396, 100, 411, 260], fill=INK)
            pen.rectangle([100, 700, 160, 716], fill=INK)

        pixels = drawn(draw)

        rounded = rounded_off(pixels, Roundness(amount=1))

        assert rounded[60, 50, 1] > 200
        assert np.array_equal(rounded[24:50], pixels[24:50])
        assert np.array_equal(rounded[160:], pixels[160:])

    def test_the_line_around_a_shape_is_not_broken(self) -> None:
        """The corners of the outline and of what it encloses are rounded together."""

        def draw(pen: ImageDraw.ImageDraw) -> None:
            pen.polygon([(400, 40), (760, 720), (40, 720)], fill=INK)
            pen.polygon([(400, 80), (726, 700), (74, 700)], fill=(240, 180, 20, 255))

        rounded = rounded_off(drawn(draw), Roundness(amount=1.7))

        filling = (rounded[..., 0] > 200) & (rounded[..., 2] < 120)
        paper = rounded[..., :3].min(axis=-1) > 245
        near = cv2.dilate(filling.astype(np.uint8), np.ones((3, 3), dtype=np.uint8))
        assert not ((near > 0) & paper).any()
        assert paper[:14].all()

    def test_a_star_on_a_badge_keeps_its_points(self) -> None:
        """They are rounded, by less than a large shape's corners are."""
        pixels = logo("badge", 512)

        rounded = rounded_off(pixels, Roundness(amount=1))

        parts = [one[120:290, 180:330].astype(int) for one in (pixels, rounded)]
        before, after = ((part[..., 0] > part[..., 2] + 90).sum() for part in parts)
        assert 0.9 < after / before < 0.99
        assert np.array_equal(pixels[:100], rounded[:100])

    def test_a_corner_over_a_shadow_shows_the_shadow(self) -> None:
        """Where the corner was there is neither a hole in the shadow nor a part of the shape."""
        canvas = logos.Canvas(512, "#ffffff")
        shape = canvas.rounded((150, 150, 360, 360), 0)
        canvas.put(canvas.soft(shape, 9, (6, 10)), "#000000", opacity=0.4)
        canvas.put(shape, "#2463c4")

        rounded = rounded_off(np.asarray(canvas.image), Roundness(amount=1))

        corner = rounded[357:359, 357:359, :3].astype(int)
        assert np.ptp(corner, axis=-1).max() < 12
        assert 120 < corner.mean() < 235

    def test_a_disc_has_no_corners(self) -> None:
        """What is round already is refused."""
        disc = drawn(lambda pen: pen.ellipse([200, 200, 600, 600], fill=INK))

        with pytest.raises(NotApplicable, match="no corners"):
            rounded_off(disc, Roundness(amount=1))

    def test_a_rounded_tip_is_an_arc_and_leaves_nothing_behind(self) -> None:
        """What is left of a wedge keeps one distance from the middle of its tip."""
        wedge = drawn(lambda pen: pen.polygon([(400, 40), (640, 760), (160, 760)], fill=INK), 400)

        rounded = rounded_off(wedge, Roundness(amount=1))

        assert (rounded[: 10 + 20, :, 1] >= 254).all()
        rows, columns = np.nonzero(np.abs(rounded[:80, :, 1].astype(int) - 140) < 60)
        radius = 0.03 * 400
        # The slope of the sides is three to one.
        centre = 10 + radius * np.sqrt(10)
        is_arc = rows < centre - radius * 0.5
        reach = np.hypot(rows[is_arc] + 0.5 - centre, columns[is_arc] + 0.5 - 100)
        assert is_arc.sum() > 5
        assert np.abs(reach - radius).max() <= 0.75

    def test_a_corner_without_room_gets_a_smaller_arc(self) -> None:
        """The larger radius does not leave the ears of the fox as they are."""
        pixels = logo("fox", 512)

        rounded = rounded_off(pixels, Roundness(amount=1.7))

        assert tuple(rounded[70, 93]) == PAPER
        assert tuple(pixels[70, 93]) != PAPER


class TestSmoothness:
    """Ragged contours become even; letters and lines stay."""

    def test_a_ragged_edge_becomes_even(self) -> None:
        """A disc with a toothed edge comes nearer to the true disc."""
        angles = np.linspace(0, 2 * np.pi, 361)[:-1]
        wave = 60 + 1.6 * np.sign(np.sin(45 * angles))

        def toothed(pen: ImageDraw.ImageDraw) -> None:
            xs, ys = 400 + 4 * wave * np.cos(angles), 400 + 4 * wave * np.sin(angles)
            pen.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=INK)

        ragged = drawn(toothed)
        true = drawn(lambda pen: pen.ellipse([160, 160, 640, 640], fill=INK)).astype(int)

        even = even_contours(ragged, Smoothness(amount=2))

        assert np.abs(even - true).mean() < 0.6 * np.abs(ragged - true).mean()

    def test_the_stairs_of_repeated_pixels_are_drawn_anew(self) -> None:
        """An enlarged small picture comes nearer to the large one."""
        small = logo("fox", 128)
        stairs = small.repeat(4, axis=0).repeat(4, axis=1)
        true = logo("fox", 512).astype(int)

        even = even_contours(stairs, Smoothness(amount=1))

        assert even.shape == stairs.shape
        assert np.abs(even - true).mean() < 0.85 * np.abs(stairs - true).mean()

    def test_lines_and_small_print_stay(self) -> None:
        """Nothing thin is lost."""
        pixels = logo("badge", 512)

        even = even_contours(pixels, Smoothness(amount=1))

        assert np.abs(even[330:400, 180:330].astype(int) - pixels[330:400, 180:330]).max() <= 90


Step = tuple[str, Callable[[Pixels], Pixels]]
STEPS: tuple[Step, ...] = (
    ("transparent", cut_out),
    ("thicker", lambda pixels: weighted(pixels, Weight(amount=1))),
    ("thinner", lambda pixels: weighted(pixels, Weight(amount=-1))),
    ("text", lambda pixels: weighted(pixels, Weight(amount=1, scope="text"))),
    ("round", lambda pixels: rounded_off(pixels, Roundness(amount=1))),
    ("smooth", lambda pixels: even_contours(pixels, Smoothness(amount=1))),
    ("sharper", lambda pixels: change_sharpness(pixels, Sharpness(amount=1))),
    ("softer", lambda pixels: change_sharpness(pixels, Sharpness(amount=-1))),
    ("shadow", lambda pixels: finish(pixels, Shadow(amount=1), read(pixels))),
    ("outline", lambda pixels: finish(pixels, Outline(amount=1), read(pixels))),
    ("border", lambda pixels: change_canvas(pixels, Border(amount=1))),
    ("padding", lambda pixels: change_canvas(pixels, Padding(amount=1))),
    ("less padding", lambda pixels: change_canvas(pixels, Padding(amount=-1))),
    ("crop", lambda pixels: change_canvas(pixels, Crop())),
    ("centre", lambda pixels: change_canvas(pixels, Centre())),
    ("square", lambda pixels: change_canvas(pixels, Square())),
    ("rotate", lambda pixels: change_canvas(pixels, Rotate(degrees=33))),
    ("turn", lambda pixels: change_canvas(pixels, Rotate(degrees=-90))),
    ("flip", lambda pixels: change_canvas(pixels, Flip(axis="vertical"))),
    ("upscale", lambda pixels: upscaled(pixels, 2)),
)


def plain(height: int, width: int, colour: tuple[int, int, int, int]) -> Pixels:
    """One colour."""
    pixels = np.empty((height, width, 4), dtype=np.uint8)
    pixels[:] = colour
    return pixels


def spotted(size: int, spot: int) -> Pixels:
    """A dot on white."""
    pixels = plain(size, size, PAPER)
    pixels[size // 2 : size // 2 + spot, size // 2 : size // 2 + spot] = INK
    return pixels


def noisy(size: int) -> Pixels:
    """Noise in all channels."""
    return np.random.default_rng(1).integers(0, 256, (size, size, 4), dtype=np.uint8)


def striped(height: int, width: int) -> Pixels:
    """Stripes of one pixel."""
    pixels = plain(height, width, PAPER)
    pixels[::2] = INK
    return pixels


ODD_PICTURES: tuple[tuple[str, Pixels], ...] = (
    ("one colour", plain(64, 64, (120, 60, 30, 255))),
    ("tiny", plain(16, 16, PAPER)),
    ("tiny dot", spotted(16, 3)),
    ("transparent", plain(64, 64, (0, 0, 0, 0))),
    ("faint", plain(64, 64, (90, 90, 90, 40))),
    ("noise", noisy(64)),
    ("one dot", spotted(64, 1)),
    ("low", striped(16, 300)),
    ("narrow", plain(300, 16, INK)),
    ("all ink but a corner", np.flip(spotted(64, 32), axis=0)),
)


@pytest.mark.parametrize(("_step", "apply"), STEPS)
@pytest.mark.parametrize(("_name", "pixels"), ODD_PICTURES)
def test_any_picture_gives_a_picture_or_a_reason(
    _step: str, apply: Callable[[Pixels], Pixels], _name: str, pixels: Pixels
) -> None:
    """Nothing crashes, and what comes out is RGBA within the bounds."""
    before = pixels.copy()

    try:
        after = apply(pixels)
    except NotApplicable:
        after = pixels

    assert after.dtype == np.uint8
    assert after.ndim == 3
    assert after.shape[2] == 4
    assert max(after.shape) <= 2048
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize(("_step", "apply"), STEPS)
def test_the_same_picture_gives_the_same_bytes(
    _step: str, apply: Callable[[Pixels], Pixels]
) -> None:
    """No step depends on chance."""

    def run() -> bytes:
        try:
            return apply(logo("coffee", 256)).tobytes()
        except NotApplicable as refusal:
            return refusal.reason.encode()

    first, second = run(), run()

    assert first == second


def test_a_noisy_border_is_still_one_colour() -> None:
    """A few levels of noise are what compression does to a plain ground."""
    pixels = plain(64, 64, (200, 190, 180, 255))
    noise = np.random.default_rng(2).integers(-4, 5, (64, 64, 1))
    pixels[..., :3] = (pixels[..., :3] + noise).clip(0, 255).astype(np.uint8)

    ground = find_ground(pixels)

    assert np.abs(ground.colour[:3].astype(int) - (200, 190, 180)).max() <= 1
    assert ground.tolerance >= 4
