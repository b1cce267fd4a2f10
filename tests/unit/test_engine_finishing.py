"""The local engine's finishing: sharper and softer edges, shadows, outlines."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.refinement.engines.local.colour import contrast_ratio
from services.refinement.engines.local.finishing import (
    FinishingOperation,
    change_sharpness,
    finish,
)
from services.refinement.engines.local.operations import Outline, Shadow, Sharpness
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import read
from services.refinement.engines.local.refusals import NotApplicable
from tests import logos

INK = (150, 30, 40, 255)
PAPER = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)


def disc(paper: tuple[int, int, int, int] = PAPER, *, radius: int = 50, blur: float = 0) -> Pixels:
    """A red disc in the middle of 200 x 200 pixels."""
    image = Image.new("RGBA", (800, 800), paper)
    reach = 4 * radius
    box = (400 - reach, 400 - reach, 400 + reach, 400 + reach)
    ImageDraw.Draw(image).ellipse(box, fill=INK)
    small = image.reduce(4)
    return np.asarray(small.filter(ImageFilter.GaussianBlur(blur)) if blur else small)


def finished(pixels: Pixels, operation: FinishingOperation) -> Pixels:
    """A picture with a shadow or a line, as the engine reads it."""
    return finish(pixels, operation, read(pixels))


def soft_pixels(pixels: Pixels) -> int:
    """How many pixels lie between ink and paper."""
    green = pixels[..., 1].astype(int)
    return int(((green > INK[1] + 40) & (green < 215)).sum())


class TestSharpness:
    """Edges get steeper or softer within the colours that are there."""

    def test_blurred_edges_get_steeper_without_halos(self) -> None:
        """Fewer pixels lie between, and none beyond, the two colours."""
        blurred = disc(blur=1.5)

        sharper = change_sharpness(blurred, Sharpness(amount=1))

        assert soft_pixels(sharper) < 0.75 * soft_pixels(blurred)
        assert sharper[..., :3].min() >= blurred[..., :3].min()
        assert (sharper[..., 3] == 255).all()

    def test_more_is_sharper(self) -> None:
        """The amount counts."""
        blurred = disc(blur=2)

        much = change_sharpness(blurred, Sharpness(amount=1.7))

        assert soft_pixels(much) < soft_pixels(change_sharpness(blurred, Sharpness(amount=0.5)))

    @pytest.mark.parametrize("name", ["fox", "badge", "line_art", "leaf", "transparent"])
    def test_crisp_edges_stay_smooth(self, name: str) -> None:
        """What is smoothed over one pixel would only become stairs."""
        pixels = np.asarray(Image.open(io.BytesIO(logos.as_png(name, 384))).convert("RGBA"))

        with pytest.raises(NotApplicable, match="sharp already"):
            change_sharpness(pixels, Sharpness(amount=1))

    def test_blurred_edges_become_smooth_ones(self) -> None:
        """However much is asked for, they do not get fewer soft pixels than a crisp picture has."""
        sharper = change_sharpness(disc(blur=1.2), Sharpness(amount=2.5))

        assert soft_pixels(sharper) >= 0.9 * soft_pixels(disc())

    def test_softer_edges_are_wider(self) -> None:
        """Areas keep their colour."""
        clean = disc()

        softer = change_sharpness(clean, Sharpness(amount=-1))

        assert soft_pixels(softer) > soft_pixels(clean)
        assert tuple(softer[100, 100]) == INK

    def test_softening_on_transparency_brings_no_dark_seam(self) -> None:
        """Colour is blurred together with alpha."""
        softer = change_sharpness(disc(CLEAR), Sharpness(amount=-1.7))

        edge = (softer[..., 3] > 40) & (softer[..., 3] < 250)
        assert np.abs(softer[edge][:, 0].astype(int) - INK[0]).max() <= 4


class TestShadow:
    """A soft shadow falls to the lower right."""

    def test_it_is_darker_at_the_lower_right_than_at_the_upper_left(self) -> None:
        """The logo itself stays."""
        shaded = finished(disc(), Shadow(amount=1))

        assert shaded[137, 137, 1] < 235
        assert shaded[137, 137, 1] < shaded[62, 62, 1]
        assert tuple(shaded[100, 100]) == INK

    def test_on_transparency_it_is_translucent_black(self) -> None:
        """So that it darkens whatever comes below."""
        shaded = finished(disc(CLEAR), Shadow(amount=1))

        assert 10 < shaded[140, 140, 3] < 120
        assert shaded[140, 140, :3].max() <= 12

    def test_a_shadow_that_would_be_cut_gets_room(self) -> None:
        """The picture grows on all sides alike."""
        shaded = finished(disc(radius=98), Shadow(amount=1))

        more = (shaded.shape[0] - 200) // 2
        assert more > 0
        assert tuple(shaded[100 + more, 100 + more]) == INK

    def test_no_shadow_shows_on_black(self) -> None:
        """And the reason says so."""
        with pytest.raises(NotApplicable, match="dark"):
            finished(disc((4, 4, 8, 255)), Shadow(amount=1))


class TestOutline:
    """A line around the silhouette, in a colour that stands out."""

    def test_the_line_is_around_and_the_logo_stays(self) -> None:
        """The colour asked for lies just outside."""
        outlined = finished(disc(), Outline(amount=1, colour="#0000c8"))

        assert outlined[100, 151, 2] > outlined[100, 151, 0] + 100
        assert tuple(outlined[100, 100]) == INK
        assert tuple(outlined[100, 190]) == PAPER

    @pytest.mark.parametrize("name", ["coffee", "blocks", "line_art", "night"])
    def test_without_a_colour_it_stands_out_from_the_background(self, name: str) -> None:
        """At least 3 : 1, as large shapes need."""
        pixels = np.asarray(Image.open(io.BytesIO(logos.as_png(name, 256))).convert("RGBA"))

        outlined = finished(pixels, Outline(amount=1.7))

        added = np.abs(outlined.astype(int) - pixels).max(axis=-1)
        strongest = np.unravel_index(int(added.argmax()), added.shape)
        line = (outlined[strongest][None, :3] / 255).astype(np.float32)
        paper = (pixels[0, 0][None, :3] / 255).astype(np.float32)
        assert contrast_ratio(line, paper)[0] >= 3

    def test_letters_of_its_colour_are_not_filled_up(self) -> None:
        """A black line goes around the shapes, and leaves black letters as they are."""
        pixels = np.asarray(Image.open(io.BytesIO(logos.as_png("blocks", 400))).convert("RGBA"))

        outlined = finished(pixels, Outline(amount=1, colour="black"))

        lettering = slice(310, 365)
        assert np.array_equal(outlined[lettering], pixels[lettering])
        assert (outlined != pixels).any()

    def test_a_hole_gets_no_line(self) -> None:
        """The counter of a ring stays as it is."""
        image = Image.new("RGBA", (800, 800), PAPER)
        ImageDraw.Draw(image).ellipse([200, 200, 600, 600], outline=INK, width=100)
        ring = np.asarray(image.reduce(4))

        outlined = finished(ring, Outline(amount=1, colour="#0000c8"))

        assert np.array_equal(outlined[85:115, 85:115], ring[85:115, 85:115])

    def test_a_line_that_would_be_cut_gets_room(self) -> None:
        """The picture grows."""
        outlined = finished(disc(radius=99), Outline(amount=1, colour="#0000c8"))

        assert outlined.shape[0] > 200

    def test_on_transparency_the_rest_stays_transparent(self) -> None:
        """Only the line is added."""
        outlined = finished(disc(CLEAR), Outline(amount=1, colour="#0000c8"))

        assert outlined[0, 0, 3] == 0
        assert outlined[100, 151, 3] == 255

    def test_it_lies_over_the_shadow_that_is_there(self) -> None:
        """On nothing, a white line is as white where the old shadow falls as elsewhere."""
        cast = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        shadow = Image.new("L", (200, 200))
        ImageDraw.Draw(shadow).ellipse([54, 62, 146, 154], fill=110)
        cast.putalpha(shadow.filter(ImageFilter.GaussianBlur(6)))
        cast.alpha_composite(Image.fromarray(disc(CLEAR)))
        pixels = np.asarray(cast)

        outlined = finished(pixels, Outline(amount=2, colour="white"))

        assert pixels[153, 100, 3] > 40
        assert outlined[152:154, 100].min() >= 250
        assert 0 < outlined[164, 100, 3] < 120
        assert tuple(outlined[100, 100]) == INK
