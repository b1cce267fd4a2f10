"""What the local engine sees in a logo, and that its edits follow it: letters, holes, shadows."""

import io
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from services.refinement.engines.local.colour import contrast_ratio
from services.refinement.engines.local.drawing import (
    FINISHES,
    ShapeOperation,
    refine_pixels,
)
from services.refinement.engines.local.edits import ColourOperation
from services.refinement.engines.local.operations import (
    Background,
    Flatten,
    Lightness,
    LimitColours,
    Look,
    Operation,
    Padding,
    Recolour,
    RemoveShadow,
    Saturation,
    Simplify,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Step
from services.refinement.engines.local.reading import Reading, read
from tests import logos

NAVY = (23, 41, 77)
INK, PAPER, CREAM = (40, 30, 25), (255, 255, 255), (247, 239, 226)

EDITS: list[Operation] = [
    Simplify(amount=1),
    Flatten(),
    RemoveShadow(),
    LimitColours(count=2),
    Lightness(amount=1),
    Saturation(amount=1, scope="text"),
    Recolour(colours=("teal",)),
    Look(look="black_and_white"),
    Background(colour="navy"),
]


def refined(pixels: Pixels, *operations: Operation) -> Pixels:
    """The pixels after operations, all of which must have had an effect."""
    steps = tuple(Step(operation=operation, phrase="") for operation in operations)
    after, plan = refine_pixels(pixels, Plan(steps=steps))
    assert plan.skipped == ()
    return after


def logo(name: str, side: int = 512) -> Pixels:
    """A logo of the collection."""
    return np.asarray(logos.LOGOS[name](side).convert("RGBA"))


def seen(pixels: Pixels) -> Reading:
    """What a picture is read as, which must be no photo."""
    reading = read(pixels)
    assert reading is not None
    return reading


def at(pixels: Pixels, across: float, down: float) -> NDArray[np.int_]:
    """The colour at a place of a logo, in its units."""
    unit = len(pixels) / logos.UNITS
    return pixels[round(down * unit), round(across * unit), :3].astype(np.int_)


def are_near(one: NDArray[np.int_], other: tuple[int, ...], tolerance: int = 3) -> bool:
    """Whether two colours are hardly different."""
    return bool(np.abs(one - other).max() <= tolerance)


def card(
    *, paper: tuple[int, int, int] = PAPER, blur: float = 0, words: str = "Good Bread"
) -> Image.Image:
    """A brown square with a white hole, and words; under a soft shadow if `blur` is one."""
    image = Image.new("RGBA", (1024, 1024), (*paper, 255))
    mask = Image.new("L", image.size)
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle([262, 182, 762, 682], 80, fill=255)
    pen.text((512, 800), words, font=ImageFont.load_default(90), fill=255, anchor="mm")
    if blur:
        shade = Image.new("L", image.size)
        shade.paste(mask, (14, 18))
        shade = shade.filter(ImageFilter.GaussianBlur(blur)).point(lambda level: level * 0.5)
        image.paste((0, 0, 0, 255), mask=shade)
    image.paste((120, 72, 40, 255), mask=mask)
    ImageDraw.Draw(image).ellipse([400, 320, 624, 544], fill=(255, 255, 255, 255))
    return image.resize((512, 512), Image.Resampling.BOX)


class TestLetters:
    """What counts as lettering."""

    @pytest.mark.parametrize(
        ("name", "count"),
        [
            ("coffee", 24),
            ("badge", 30),
            ("line_art", 30),
            ("wordmark", 15),
            ("transparent", 8),
            ("night", 20),
            ("blocks", 5),
            ("leaf", 10),
            ("shadowed", 4),
        ],
    )
    def test_words_are_found(self, name: str, count: int) -> None:
        """Large and small, straight and bent, light on dark and letters that touch."""
        lettering = seen(logo(name)).lettering

        assert lettering is not None
        assert len(lettering.letters) >= count

    @pytest.mark.parametrize("name", ["fox", "gradient_app"])
    def test_pictures_without_words_have_none(self, name: str) -> None:
        """Facets are no letters, nor are three dots."""
        assert not seen(logo(name)).text.any()

    def test_dots_stars_and_windows_are_no_letters(self) -> None:
        """What stands in a row but is of one form is an ornament."""
        image = Image.new("RGBA", (400, 200), (255, 255, 255, 255))
        pen = ImageDraw.Draw(image)
        for place in range(7):
            pen.ellipse([20 + 50 * place, 20, 40 + 50 * place, 40], fill=INK)
            pen.rectangle([20 + 50 * place, 80, 36 + 50 * place, 110], fill=INK)
            pen.polygon(logos.star((30 + 50 * place, 160), 14 + place % 3), fill=INK)

        assert not seen(np.asarray(image)).text.any()

    def test_icons_of_the_letters_colour_are_not_text(self) -> None:
        """The square is as brown as the words, and only the words change."""
        before = np.asarray(card())

        after = refined(before, Lightness(amount=1.7, scope="text"))

        assert (after[100:330, 140:370] == before[100:330, 140:370]).all()
        assert (after[380:420] != before[380:420]).any()


class TestBackgrounds:
    """A new background, and what it must not touch."""

    @pytest.mark.parametrize("side", [384, 512, 1024])
    @pytest.mark.parametrize("name", ["coffee", "line_art", "wordmark", "blocks", "leaf"])
    def test_nothing_of_the_old_paper_is_left_about_the_letters(self, name: str, side: int) -> None:
        """Counters and gaps show the new background, and edges have no fringe of the old."""
        before = logo(name, side)
        letters = seen(before).text
        down, across = np.nonzero(letters)
        words = np.s_[down.min() : down.max(), across.min() : across.max()]
        was_paper = (np.abs(before[words].astype(int) - before[0, 0]).max(axis=-1) <= 2).mean()

        after = refined(before, Background(colour="navy"))

        is_navy = (np.abs(after[words][..., :3].astype(int) - NAVY).max(axis=-1) <= 3).mean()
        assert are_near(after[0, 0, :3].astype(int), NAVY)
        assert is_navy >= 0.97 * was_paper

    def test_light_bodies_stay(self) -> None:
        """The bubble is as white as the paper, and part of the logo; so is the badge's disc."""
        bubble = refined(logo("gradient_app"), Background(colour="navy"))
        disc = refined(logo("badge"), Background(colour="navy"))

        assert are_near(at(bubble, 256, 200), PAPER)
        assert are_near(at(disc, 256, 130), tuple(at(logo("badge"), 256, 130)))

    def test_what_is_not_beside_the_background_keeps_its_colour(self) -> None:
        """The date on the light disc need not stand out from a background it is not on."""
        before = logo("badge")

        after = refined(before, Background(colour="navy"))

        date = np.s_[330:360, 200:310]
        assert np.abs(after[date].astype(int) - before[date]).max() <= 3

    def test_handles_and_hairlines_are_seen_through(self) -> None:
        """The hole of a cup's handle and the sky in a thin ring are background."""
        cup = refined(logo("coffee"), Background(colour="navy"))
        ring = refined(logo("line_art"), Background(colour="navy"))

        assert are_near(at(cup, 349, 246), NAVY)
        assert are_near(at(ring, 256, 100), NAVY)

    def test_ink_made_for_light_paper_can_be_read_on_dark(self) -> None:
        """A transparent logo says what paper it was made for by the ink at its outlines."""
        before = logo("transparent")
        text = seen(before).text & (before[..., 3] == 255)

        after = refined(before, Background(colour="navy"))

        words = after[text][:, :3].astype(np.float32) / 255
        paper = np.array([NAVY], dtype=np.float32) / 255
        assert (after[..., 3] == after[0, 0, 3]).all()
        assert np.median(contrast_ratio(words, np.broadcast_to(paper, words.shape))) >= 4.4

    def test_dots_that_continue_a_gradient_are_coloured_like_it(self) -> None:
        """Three holes in a bubble get one colour, whatever the gradient has just there."""
        after = refined(logo("gradient_app"), Recolour(colours=("navy", "gold")))

        dots = [at(after, across, 236) for across in (197, 255, 313)]
        hues = [int(dot.argmax()) for dot in dots]
        assert len(set(hues)) == 1

    def test_a_shadow_stays_on_the_new_background(self) -> None:
        """It is a darker shade of the new colour."""
        after = refined(np.asarray(card(blur=24)), Background(colour="orange"))

        shade, ground = after[250, 386, :3].astype(int), after[5, 5, :3].astype(int)
        assert (shade < ground).sum() >= 2
        assert shade.sum() > 0.4 * ground.sum()


class TestShadows:
    """Removing shadows, and only shadows."""

    @pytest.mark.parametrize("blur", [8, 16, 30])
    @pytest.mark.parametrize("paper", [PAPER, CREAM, (90, 160, 220), (30, 34, 48)])
    def test_no_halo_is_left(self, paper: tuple[int, int, int], blur: float) -> None:
        """On light, coloured and dark paper the picture is as if there had been no shadow."""
        clean = np.asarray(card(paper=paper)).astype(int)

        after = refined(np.asarray(card(paper=paper, blur=blur)), RemoveShadow())

        apart = np.abs(after.astype(int) - clean).max(axis=-1)
        assert (apart > 16).mean() < 0.004
        assert (apart > 48).mean() < 0.0005

    def test_shapes_of_one_colour_do_not_become_one(self) -> None:
        """Where only a shadow parted them, a line of it stays."""
        before = logo("shadowed")

        after = refined(before, RemoveShadow())

        row = after[220, 100:420, :3].astype(int)
        fill = at(after, 130, 160)
        assert (np.abs(row - fill).max(axis=-1) > 12).any()
        assert are_near(at(after, 330, 150), tuple(fill))

    def test_gradients_stay(self) -> None:
        """A gradient inside a shape is no shadow."""
        before = logo("transparent")

        after = refined(before, RemoveShadow())

        assert np.abs(at(after, 256, 70) - at(after, 256, 290)).max() > 20


class TestFlattening:
    """Fewer colours and no gradients, without a loss."""

    @pytest.mark.parametrize("operation", [Flatten(), LimitColours(count=3), Simplify(amount=1)])
    def test_a_gradient_becomes_one_colour_and_white_stays_white(
        self, operation: Operation
    ) -> None:
        """The bubble on the gradient is as it was."""
        after = refined(logo("gradient_app"), operation)

        corners = [at(after, 100, 256), at(after, 400, 90), at(after, 420, 350)]
        assert all(are_near(corner, tuple(corners[0]), 0) for corner in corners)
        assert are_near(at(after, 256, 200), PAPER, 0)

    def test_a_noisy_picture_gets_few_colours_and_no_specks(self) -> None:
        """Ripples and bands of a compressed shadow on dark paper are not shapes."""
        body = io.BytesIO()
        card(paper=(36, 40, 56), blur=24).convert("RGB").save(body, "JPEG", quality=60)
        before = np.asarray(Image.open(body).convert("RGBA"))

        after = refined(before, Simplify(amount=1))

        ground = after[5, 5]
        assert (after[:80] == ground).all()
        assert (after[430:] == ground).all()
        assert len(np.unique(after.reshape(-1, 4), axis=0)) < 700

    @pytest.mark.parametrize("name", sorted(logos.LOGOS))
    def test_small_print_survives(self, name: str) -> None:
        """As much of every letter is inked after simplifying as before."""
        before = logo(name)
        text = seen(before).text

        # Not all of them have anything to simplify.
        step = Step(operation=Simplify(amount=1), phrase="")
        after, _ = refine_pixels(before, Plan(steps=(step,)))

        apart = np.abs(after[text].astype(int) - before[text]).max(axis=-1)
        assert not text.any() or np.quantile(apart, 0.9) < 70

    def test_thin_rings_have_no_gaps(self) -> None:
        """Rings of a pixel stay whole when specks are dropped."""
        before = logo("night")

        after = refined(before, Simplify(amount=1))

        turns = np.linspace(0, 2 * np.pi, 720)
        radii = np.arange(100, 150)
        across = 256 + radii[:, None] * np.cos(turns)
        down = 190 + radii[:, None] * np.sin(turns)
        places = down.round().astype(int), across.round().astype(int)
        brightness = [
            picture[..., :3].astype(int).sum(axis=-1)[places].max(axis=0)
            for picture in (before, after)
        ]
        assert (brightness[1] > 0.6 * brightness[0]).all()

    def test_a_letter_never_gets_the_colour_around_it(self) -> None:
        """Words a little darker than their ground stay words in the fewest colours."""
        image = Image.new("RGBA", (512, 256), (255, 255, 255, 255))
        pen = ImageDraw.Draw(image)
        pen.rectangle([40, 40, 472, 216], fill=(200, 120, 80, 255))
        pen.text(
            (256, 128), "Bakery", font=ImageFont.load_default(72), fill=(150, 85, 55), anchor="mm"
        )

        after = refined(np.asarray(image), LimitColours(count=2))

        assert len(np.unique(after[90:170, 120:390].reshape(-1, 4), axis=0)) > 2


class TestPhases:
    """Which operations are carried out, and when."""

    def test_every_operation_has_a_phase(self) -> None:
        """Whatever a plan may hold is done somewhere."""
        before = (ShapeOperation, ColourOperation)
        early = {kind for union in before for kind in get_args(union)} | {Background}

        assert early.isdisjoint(FINISHES)
        assert early | set(FINISHES) == set(get_args(Operation))

    def test_shadows_are_removed_before_gradients(self) -> None:
        """Both are reported, in whatever order they were asked for."""
        after = refined(logo("leaf"), Flatten(), RemoveShadow())

        assert len(np.unique(after.reshape(-1, 4), axis=0)) < 1500

    def test_the_canvas_may_change_its_size(self) -> None:
        """A larger canvas is a visible change, after all that happens on it."""
        after = refined(logo("leaf", 128), Padding(amount=1), Recolour(colours=("red",)))

        assert len(after) > 128


class TestEdges:
    """Anti-aliasing, alpha and noise."""

    def test_a_recoloured_edge_is_the_same_mix_of_new_colours(self) -> None:
        """Between two flat areas no third colour appears."""
        before = np.asarray(card())

        after = refined(before, Recolour(colours=("teal",)))

        paper, fill = after[5, 5, :3].astype(float), after[300, 200, :3].astype(float)
        edge = after[85:100, 128:400, :3].reshape(-1, 3).astype(float)
        along = ((edge - paper) @ (fill - paper)) / ((fill - paper) @ (fill - paper))
        rest = edge - paper - along[:, None] * (fill - paper)
        assert np.abs(rest).max() <= 3

    @pytest.mark.parametrize("operation", [Lightness(amount=1), Recolour(colours=("red",))])
    def test_alpha_is_kept(self, operation: Operation) -> None:
        """Colour operations leave transparency alone, soft shadows too."""
        before = logo("transparent")

        after = refined(before, operation)

        assert (after[..., 3] == before[..., 3]).all()

    def test_noise_is_not_made_worse(self) -> None:
        """Dark areas with ripples stay even when they get much lighter."""
        after = refined(logo("noisy"), Look(look="pastel"))

        ring = at(logo("badge"), 256, 30)
        is_band = np.abs(logo("badge")[..., :3].astype(int) - ring).max(axis=-1) <= 2
        # The year in the middle has the band's colour, and as lettering stays darker.
        is_band[128:384, 128:384] = False
        assert after[is_band][:, :3].astype(float).std(axis=0).max() < 12

    def test_photos_are_edited_pixel_by_pixel(self) -> None:
        """A picture without flat areas keeps its detail, and has no background to paint."""
        generator = np.random.default_rng(3)
        coarse = generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC)

        after = refined(np.asarray(photo.convert("RGBA")), Saturation(amount=-1))
        _, plan = refine_pixels(
            np.asarray(photo.convert("RGBA")),
            Plan(steps=(Step(operation=Background(colour="navy"), phrase="navy"),)),
        )

        assert len(np.unique(after.reshape(-1, 4), axis=0)) > 2000
        assert [skipped.phrase for skipped in plan.skipped] == ["navy"]

    def test_gradients_stay_smooth(self) -> None:
        """No bands: neighbours along a gradient differ by a few levels at most."""
        after = refined(logo("gradient_app"), Lightness(amount=1))

        row = after[60:62, 90:420, :3].astype(int)
        assert np.abs(np.diff(row, axis=1)).max() <= 4


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    size=st.tuples(st.integers(16, 90), st.integers(16, 90)) | st.just((320, 16)),
    kind=st.sampled_from(["noise", "plain", "steps", "strokes", "clear"]),
    seed=st.integers(0, 1000),
    operations=st.lists(st.sampled_from(EDITS), min_size=1, max_size=3),
)
def test_any_picture_comes_back_whole(
    size: tuple[int, int], kind: str, seed: int, operations: list[Operation]
) -> None:
    """No picture brings the engine down, its size stays, and the same job gives the same."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    match kind:
        case "plain":
            pixels[:] = pixels[0, 0]
        case "steps":
            pixels = np.ascontiguousarray(np.repeat(pixels[:, :1], size[0], axis=1) // 64 * 64)
        case "strokes":
            pixels[generator.random(pixels.shape[:2]) < 0.97] = (255, 255, 255, 255)
        case "clear":
            pixels[..., 3] = 0
        case _:
            pixels[..., 3] = 255
    plan = Plan(steps=tuple(Step(operation=operation, phrase="") for operation in operations))

    after, done = refine_pixels(pixels, plan)
    again, _ = refine_pixels(pixels, plan)

    assert after.shape == pixels.shape
    assert len(done.steps) + len(done.skipped) == len(operations)
    assert (after == again).all()
