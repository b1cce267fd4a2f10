"""The local engine on pixels: the sample logo, and pictures that are hardly pictures."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local.colour import (
    Colours,
    contrast_ratio,
    from_lab,
    from_lch,
    membership,
    named,
    to_displayable,
    to_lab,
    to_lch,
)
from services.refinement.engines.local.drawing import draw
from services.refinement.engines.local.named_colours import NAMED
from services.refinement.engines.local.palette import Pixels
from services.refinement.failures import PromptNotUnderstood
from services.refinement.pictures import PictureLimits, encode_png
from tests import logos

SAMPLE = Path(__file__).parents[2] / "services/cli/sample/coffee-logo.png"
PICTURES = Path(__file__).parents[2] / "docs/pictures"
PROMPT = "Make the logo more minimalist and use lighter shades of brown"
CREAM, BROWN, ESPRESSO = (247, 239, 226), (120, 72, 40), (62, 36, 22)


def refine(body: bytes, prompt: str) -> Refinement:
    """Refine under the usual limits."""
    return draw(body, Instruction(refinement_prompt=prompt), PictureLimits())


def pixels_of(body: bytes) -> Pixels:
    """The RGBA pixels of a picture file."""
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))


def colours_in(pixels: Pixels) -> Colours:
    """Pixels as sRGB from 0 to 1, without alpha."""
    return (pixels[..., :3] / np.float32(255)).astype(np.float32)


def badge(*, shadow: bool = False) -> bytes:
    """A brown disc with a dark bar on cream, drawn with soft edges."""
    image = Image.new("RGBA", (800, 800), (*CREAM, 255))
    if shadow:
        mask = Image.new("L", image.size)
        ImageDraw.Draw(mask).ellipse([220, 260, 620, 660], fill=120)
        image.paste((0, 0, 0, 255), mask=mask.filter(ImageFilter.GaussianBlur(30)))
    pen = ImageDraw.Draw(image)
    pen.ellipse([200, 200, 600, 600], fill=(*BROWN, 255))
    pen.rectangle([100, 680, 700, 712], fill=(*ESPRESSO, 255))
    return encode_png(image.resize((200, 200), Image.Resampling.BOX))


def near(pixel: Pixels, colour: tuple[int, int, int], tolerance: int = 2) -> bool:
    """Whether a pixel has a colour."""
    return bool(np.abs(pixel[:3].astype(int) - colour).max() <= tolerance)


def test_the_sample_gets_simpler_and_lighter_and_stays_brown() -> None:
    """The prompt of the demo: fewer colours, lighter browns, no pink, a legible wordmark."""
    refinement = refine(SAMPLE.read_bytes(), PROMPT)

    before, after = pixels_of(SAMPLE.read_bytes()), pixels_of(refinement.body)
    disc_before, disc = to_lch(to_lab(colours_in(np.stack([before, after])[:, 420, 320])))
    paper = colours_in(after[5:6, 5:6])
    wordmark = contrast_ratio(colours_in(after[500:545, 90:550]), paper)
    assert [step["operation"] for step in refinement.plan["applied"]] == ["simplify", "shades"]
    assert len(np.unique(after.reshape(-1, 4), axis=0)) < 2500
    assert disc[0] > disc_before[0] + 0.15
    assert 50 < disc[2] < 90
    assert wordmark.max() >= 4.4


def test_the_pictures_in_the_guide_are_what_the_engine_makes() -> None:
    """The documentation shows this engine's answer and no earlier one's."""
    shown = pixels_of((PICTURES / "coffee-logo-after.png").read_bytes()).astype(int)

    drawn = pixels_of(refine(SAMPLE.read_bytes(), PROMPT).body).astype(int)

    assert (PICTURES / "coffee-logo-before.png").read_bytes() == SAMPLE.read_bytes()
    # Not to the bit: another processor may round the last place of a colour differently.
    assert np.abs(shown - drawn).mean() < 0.5


def test_the_same_job_gives_the_same_bytes() -> None:
    """The engine is deterministic, and its facts are those of its bytes."""
    first = refine(SAMPLE.read_bytes(), PROMPT)
    second = refine(SAMPLE.read_bytes(), PROMPT)

    assert first == second
    assert first.picture.bytes == len(first.body)
    assert (first.picture.width, first.picture.height) == (640, 640)
    assert first.original.bytes == SAMPLE.stat().st_size


def test_a_colour_is_replaced_with_its_edges_and_nothing_else() -> None:
    """Flat areas become the colour exactly alike, the background stays, edges are their mix."""
    pixels = pixels_of(refine(badge(), "replace brown with forest green").body)

    middle = pixels[100, 100]
    edge = pixels[100, 49:53, :3].astype(int)
    assert near(pixels[5, 5], CREAM)
    assert middle[1] > middle[0]
    assert middle[1] > middle[2]
    assert (pixels[80:120, 80:120] == middle).all()
    assert (np.diff(edge, axis=0) <= 2).all()


def test_a_removed_shadow_leaves_clean_paper_and_the_shape() -> None:
    """Where the shadow was there is background; what cast it is untouched."""
    before = np.asarray(Image.open(io.BytesIO(badge(shadow=True))))

    pixels = pixels_of(refine(badge(shadow=True), "remove the drop shadow").body)

    assert not near(before[100, 153], CREAM, 8)
    assert near(pixels[100, 153], CREAM)
    assert near(pixels[160, 110], CREAM)
    assert near(pixels[100, 100], BROWN)


def test_simplifying_drops_specks_and_spares_strokes() -> None:
    """Dots go, a hairline of one pixel stays."""
    image = Image.open(io.BytesIO(badge()))
    pen = ImageDraw.Draw(image)
    pen.rectangle([90, 90, 92, 92], fill=CREAM)
    pen.line([(20, 20), (180, 20)], fill=ESPRESSO)

    pixels = pixels_of(refine(encode_png(image), "more minimalist").body)

    assert near(pixels[91, 91], BROWN, 8)
    assert near(pixels[20, 100], ESPRESSO, 12)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [("fox", "no gradients"), ("line_art", "more vibrant"), ("line_art", "no gradients")],
)
def test_what_nobody_would_notice_is_not_called_done(name: str, prompt: str) -> None:
    """A few faint pixels along the edges are no refinement."""
    with pytest.raises(PromptNotUnderstood):
        refine(logos.as_png(name, 512), prompt)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("badge", "more minimalist"),
        ("line_art", "thicker lines"),
        ("night", "slightly warmer"),
        ("blocks", "rounder corners"),
        ("coffee", "remove the drop shadow"),
    ],
)
def test_small_changes_that_are_seen_count(name: str, prompt: str) -> None:
    """Small shapes that go, thin lines that change and faint shifts of all colours are noticed."""
    refinement = refine(logos.as_png(name, 512), prompt)

    assert len(refinement.plan["applied"]) == 1


def test_kept_colours_stay() -> None:
    """A colour family that is to be kept does not change while the rest does."""
    pixels = pixels_of(refine(badge(), "keep the brown, make the background navy").body)

    assert near(pixels[100, 100], BROWN)
    assert pixels[5, 5, 2] > pixels[5, 5, 0]


def test_a_new_background_reaches_into_letters_and_keeps_them_legible() -> None:
    """Paper and the counters of letters change; light details inside shapes do not."""
    image = Image.open(io.BytesIO(badge()))
    pen = ImageDraw.Draw(image)
    pen.rectangle([90, 60, 110, 64], fill=CREAM)
    pen.rectangle([20, 180, 30, 192], outline=ESPRESSO, width=3)

    pixels = pixels_of(refine(encode_png(image), "make the background navy").body)

    navy = pixels[5, 5]
    assert navy[2] > 2 * navy[0]
    assert (pixels[186, 25] == navy).all()
    assert near(pixels[62, 100], CREAM)
    assert contrast_ratio(colours_in(pixels[174:175, 100]), colours_in(pixels[5:6, 5]))[0] >= 3


def test_alpha_is_kept_by_colour_operations() -> None:
    """Transparency is no colour."""
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse([8, 8, 56, 56], fill=(200, 40, 40, 180))

    pixels = pixels_of(refine(encode_png(image), "make it blue").body)

    assert (pixels[..., 3] == np.asarray(image)[..., 3]).all()
    assert pixels[32, 32, 2] > pixels[32, 32, 0]


@pytest.mark.parametrize(
    "prompt",
    [
        "make it sing",
        "don't make it darker",
        "make it blue but keep the colours",
        "remove the shadow",
    ],
)
def test_an_untouched_picture_is_never_reported_as_refined(prompt: str) -> None:
    """Nothing understood, nothing allowed or nothing to change: all are told."""
    with pytest.raises(PromptNotUnderstood):
        refine(badge(), prompt)


def test_an_absent_colour_is_skipped_with_a_reason() -> None:
    """The plan says why a part of the prompt was not done."""
    refinement = refine(badge(), "replace blue with red and make it lighter")

    assert [step["operation"] for step in refinement.plan["applied"]] == ["lightness"]
    assert refinement.plan["skipped"] == [
        {"phrase": "replace blue with red", "reason": "there is no blue in the picture"}
    ]


def hard_pictures() -> dict[str, Image.Image]:
    """Pictures with nothing in them, or too much."""
    generator = np.random.default_rng(5)
    noise = generator.integers(0, 256, (96, 96, 4), dtype=np.uint8)
    dot = Image.new("RGBA", (64, 64), (255, 255, 255, 255))
    dot.putpixel((32, 32), (0, 0, 0, 255))
    ramp = np.linspace(0, 255, 128).astype(np.uint8)
    return {
        "one colour": Image.new("RGBA", (64, 64), (180, 90, 40, 255)),
        "white": Image.new("RGBA", (64, 64), (255, 255, 255, 255)),
        "black": Image.new("RGBA", (64, 64), (0, 0, 0, 255)),
        "tiny": Image.fromarray(noise[:16, :16, :3]).convert("RGBA"),
        "thin": Image.new("RGBA", (16, 320), (10, 90, 40, 255)),
        "transparent": Image.new("RGBA", (64, 64)),
        "ghost": Image.fromarray(np.dstack([noise[..., :3], np.zeros((96, 96), np.uint8)])),
        "noise": Image.fromarray(noise[..., :3]).convert("RGBA"),
        "alpha noise": Image.fromarray(noise),
        "dot": dot,
        "ramp": Image.fromarray(np.tile(ramp, (64, 1))).convert("RGBA"),
        "checks": Image.fromarray(np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255),
    }


@pytest.mark.parametrize("name", list(hard_pictures()))
@pytest.mark.parametrize(
    "prompt",
    [
        "minimalist, lighter brown",
        "flat, no shadow, limit to 2 colours",
        "make it navy and gold on a white background",
        "pastel, warmer, more contrast",
        "black and white",
        "replace brown with teal, darker, less saturated",
    ],
)
def test_degenerate_pictures_are_refined_or_declined(name: str, prompt: str) -> None:
    """No picture that decodes brings the engine down; the answer is a picture or a clear no."""
    body = encode_png(hard_pictures()[name].convert("RGBA"))

    try:
        refinement = refine(body, prompt)
    except PromptNotUnderstood:
        return

    assert refinement.plan["applied"]
    assert pixels_of(refinement.body).shape[:2] == np.asarray(hard_pictures()[name]).shape[:2]


def test_colour_arithmetic_returns_where_it_came_from() -> None:
    """Eight-bit colours survive the way to OKLCH and back."""
    levels = np.linspace(0, 1, 18, dtype=np.float32)
    rgb = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)

    back = from_lab(from_lch(to_lch(to_lab(rgb))))

    assert np.abs(back - rgb).max() * 255 < 0.5


def test_colours_that_cannot_be_shown_lose_chroma_and_keep_hue() -> None:
    """Mapping into sRGB changes neither hue nor lightness noticeably."""
    wild = np.array([[0.7, 0.4, 140.0], [0.5, 0.5, 264.0], [0.9, 0.3, 30.0]], dtype=np.float32)

    shown = to_displayable(wild)

    mapped = to_lch(to_lab(shown))
    assert ((shown >= 0) & (shown <= 1)).all()
    assert np.abs(mapped[:, 0] - wild[:, 0]).max() < 0.02
    assert np.abs(mapped[:, 2] - wild[:, 2]).max() < 4


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_named_colour_belongs_to_its_family(name: str) -> None:
    """Whoever asks for a colour by name can also address it by name."""
    assert membership(named(name)[None], NAMED[name][1])[0] > 0.3


class TestThumbnails:
    """The small picture beside each refined one."""

    def test_the_longer_side_is_256(self) -> None:
        """It shows the refined picture, in its shape, with the facts of its own bytes."""
        made = refine(SAMPLE.read_bytes(), PROMPT)

        assert made.thumbnail is not None
        small = Image.open(io.BytesIO(made.thumbnail.body))
        facts = made.thumbnail.picture
        assert small.size == (256, 256) == (facts.width, facts.height)
        assert facts.bytes == len(made.thumbnail.body) < len(made.body)
        assert facts.sha256 == hashlib.sha256(made.thumbnail.body).hexdigest()
        shrunk = Image.open(io.BytesIO(made.body)).resize((256, 256), Image.Resampling.LANCZOS)
        apart = np.abs(np.asarray(small, dtype=int) - np.asarray(shrunk, dtype=int))
        assert apart.mean() < 2

    @pytest.mark.parametrize(
        ("size", "expected"),
        [((512, 128), (256, 64)), ((40, 64), (40, 64)), ((64, 1000), (16, 256))],
    )
    def test_shape_is_kept_and_nothing_is_enlarged(
        self, size: tuple[int, int], expected: tuple[int, int]
    ) -> None:
        """A picture that is small already is as it is."""
        made = refine(encode_png(Image.new("RGB", size, BROWN)), "lighter")

        assert made.thumbnail is not None
        assert Image.open(io.BytesIO(made.thumbnail.body)).size == expected
