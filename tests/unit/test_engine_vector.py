"""Tracing: what a flat picture becomes as SVG, and that it is nothing but paths."""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from services.refinement.engines import Instruction, Vector
from services.refinement.engines.local.drawing import draw
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.vector import BYTES_MAX, trace, vector_of
from services.refinement.pictures import PictureLimits, encode_png

SAMPLE: Final = Path(__file__).parents[2] / "services/cli/sample/coffee-logo.png"
NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
NUMBER: Final = r"-?\d+(?:\.\d+)?"
RED, NAVY, CREAM = (200, 30, 30, 255), (20, 40, 90, 255), (247, 239, 226, 255)


def ring(*, paper: tuple[int, int, int, int]) -> Pixels:
    """A red ring and a navy bar with soft edges on paper, which is also in the ring's hole."""
    image = Image.new("RGBA", (800, 480), paper)
    pen = ImageDraw.Draw(image)
    pen.ellipse((80, 40, 480, 440), fill=RED)
    pen.ellipse((200, 160, 360, 320), fill=paper)
    pen.rectangle((600, 80, 720, 400), fill=NAVY)
    return np.asarray(image.resize((200, 120), Image.Resampling.BOX))


def noise() -> Pixels:
    """No two pixels alike."""
    pixels = np.random.default_rng(7).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


def refined(prompt: str, *, with_vector: bool = True) -> tuple[Pixels, Vector | None]:
    """The sample logo as a prompt makes it: its pixels, and its SVG."""
    made = draw(
        SAMPLE.read_bytes(),
        Instruction(refinement_prompt=prompt),
        PictureLimits(),
        with_vector=with_vector,
    )
    return np.asarray(Image.open(io.BytesIO(made.body)).convert("RGBA")), made.vector


def traced(pixels: Pixels) -> bytes:
    """The SVG of a picture that has one."""
    body = trace(pixels, bytes_max=BYTES_MAX)
    assert body is not None
    return body


def paths_of(body: bytes, *, width: int, height: int) -> list[dict[str, str]]:
    """The paths of an SVG that is strictly what it may be: a root, and paths with a fill."""
    text = body.decode("ascii")
    assert "<!" not in text
    assert "<?" not in text
    root = ET.fromstring(text)  # noqa: S314 - no entities: that is asserted above
    assert root.tag == f"{NAMESPACE}svg"
    assert set(root.attrib) == {"width", "height", "viewBox"}
    assert (root.attrib["width"], root.attrib["height"]) == (str(width), str(height))
    left, top, wide, high = map(int, root.attrib["viewBox"].split())
    assert (left, top in {0, 1}, wide % width, high % height) == (0, True, 0, 0)
    for path in root:
        assert path.tag == f"{NAMESPACE}path"
        assert len(path) == 0
        assert set(path.attrib) == {"d", "fill", "transform"}
        assert re.fullmatch(rf"(?:[MLCZ]|{NUMBER}|[ ,])+", path.attrib["d"])
        assert re.fullmatch(r"#[0-9A-F]{6}", path.attrib["fill"])
        assert re.fullmatch(rf"translate\({NUMBER},{NUMBER}\)", path.attrib["transform"])
    return [dict(path.attrib) for path in root]


def outlines(data: str) -> Iterator[np.ndarray[Any, np.dtype[np.float64]]]:
    """The closed outlines of a path's data, curves as short lines."""
    points: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    steps = np.linspace(0, 1, 9)[1:, None]
    for command, text in re.findall(r"([MLCZ])([^MLCZ]*)", data):
        given = np.array([float(one) for one in re.findall(NUMBER, text)]).reshape(-1, 2)
        if command == "C":
            for first, second, end in given.reshape(-1, 3, 2):
                start, rest = points[-1], 1 - steps
                curve = start * rest**3 + 3 * first * steps * rest**2
                points.extend(curve + 3 * second * steps**2 * rest + end * steps**3)
        elif command == "Z":
            yield np.array(points)
            points = []
        else:
            points.extend(given)


def painted(body: bytes, *, width: int, height: int) -> Pixels:
    """An SVG as a browser would paint it."""
    root = ET.fromstring(body)  # noqa: S314 - made here
    _, top, wide, high = map(int, root.attrib["viewBox"].split())
    canvas = np.zeros((high + top, wide, 4), dtype=np.uint8)
    for path in paths_of(body, width=width, height=height):
        offset = [float(one) for one in re.findall(NUMBER, path["transform"])]
        shapes = [
            np.round((outline + offset) * 16).astype(np.int32) for outline in outlines(path["d"])
        ]
        mask = np.zeros(canvas.shape[:2], dtype=np.uint8)
        _ = cv2.fillPoly(mask, shapes, 1, shift=4)
        canvas[mask > 0] = (*bytes.fromhex(path["fill"][1:]), 255)
    shown = Image.fromarray(canvas[top:]).resize((width, height), Image.Resampling.BOX)
    return np.asarray(shown)


def apart(one: Pixels, other: Pixels) -> float:
    """How far two pictures are apart, in levels of 255 on average; clear is clear."""
    composed = [pixels.astype(float) * (pixels[..., 3:] / 255.0) for pixels in (one, other)]
    return float(np.abs(composed[0] - composed[1]).mean())


class TestTrace:
    """From pixels to paths."""

    def test_the_sample_is_recognisable(self) -> None:
        """Thin lines and letters included: what is painted is what was refined."""
        pixels, vector = refined("Make the logo more minimalist and use lighter shades of brown")

        assert vector is not None
        assert apart(painted(vector.body, width=640, height=640), pixels) < 2
        assert 20 < len(paths_of(vector.body, width=640, height=640)) < 500
        assert len(vector.body) < 150_000

    @pytest.mark.parametrize("paper", [CREAM, (0, 0, 0, 0)], ids=["on paper", "clear"])
    def test_a_hole_shows_what_is_behind(self, paper: tuple[int, int, int, int]) -> None:
        """Also where nothing is: what is clear stays clear, in the middle of a ring too."""
        pixels = ring(paper=paper)

        shown = painted(traced(pixels), width=200, height=120)

        assert apart(shown, pixels) < 2
        assert shown[60, 70].tolist() == list(paper)
        assert shown[60, 165].tolist() == list(NAVY)

    def test_the_same_pixels_give_the_same_bytes(self) -> None:
        """Nothing in it depends on the day or the machine."""
        assert traced(ring(paper=CREAM)) == traced(ring(paper=CREAM).copy())

    def test_what_is_not_flat_has_no_svg(self) -> None:
        """A thousand colours are no drawing."""
        assert trace(noise(), bytes_max=BYTES_MAX) is None

    def test_what_would_be_too_large_is_none(self) -> None:
        """The limit is exact."""
        pixels = ring(paper=CREAM)
        size = len(traced(pixels))

        assert trace(pixels, bytes_max=size) is not None
        assert trace(pixels, bytes_max=size - 1) is None

    def test_too_many_paths_are_none(self) -> None:
        """Confetti is no drawing either."""
        dot = np.pad(np.full((4, 4), 1), 2)
        few, many = np.tile(dot, (10, 10)), np.tile(dot, (60, 60))
        colours = np.array([CREAM, RED], dtype=np.uint8)

        assert len(paths_of(traced(colours[few]), width=80, height=80)) == 101
        assert trace(colours[many], bytes_max=10 * BYTES_MAX) is None

    def test_what_would_take_minutes_is_none(self) -> None:
        """A dithered picture has few colours, and as many borders as pixels."""
        dots = np.random.default_rng(5).integers(0, 2, (512, 512))

        assert trace(np.array([RED, CREAM], dtype=np.uint8)[dots], bytes_max=BYTES_MAX) is None

    def test_a_large_picture_is_traced_at_its_size(self) -> None:
        """Where enlarging would cost too much, nothing is enlarged."""
        image = Image.new("RGBA", (2048, 64), CREAM)
        ImageDraw.Draw(image).rectangle((100, 20, 900, 40), fill=NAVY)

        body = traced(np.asarray(image))

        assert b'viewBox="0 0 2048 64"' in body
        assert len(paths_of(body, width=2048, height=64)) == 2

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_whatever_the_pixels_nothing_is_raised(self, data: st.DataObject) -> None:
        """A picture without an SVG is still a picture."""
        side = st.integers(min_value=1, max_value=24)
        colours = st.sampled_from([RED, CREAM, (0, 0, 0, 0), (9, 9, 9, 1), (250, 0, 250, 128)])
        width, height = data.draw(side), data.draw(side)
        cells = data.draw(st.lists(colours, min_size=width * height, max_size=width * height))
        pixels = np.array(cells, dtype=np.uint8).reshape(height, width, 4)

        body = trace(pixels, bytes_max=BYTES_MAX)

        if body is not None:
            _ = paths_of(body, width=width, height=height)


class TestWhen:
    """Which refinements have an SVG."""

    @pytest.mark.parametrize(
        ("applied", "is_there"),
        [
            ([{"operation": "simplify", "amount": 1.0}], True),
            ([{"operation": "flatten"}], True),
            ([{"operation": "limit_colours", "count": 3}], True),
            ([{"operation": "duotone"}], True),
            ([{"operation": "look", "look": "black_and_white"}], True),
            ([{"operation": "warmth"}, {"operation": "flatten"}], True),
            ([{"operation": "look", "look": "grayscale"}], False),
            ([{"operation": "monochrome"}], False),
            ([{"operation": "warmth"}], False),
            ([], False),
        ],
    )
    def test_the_plan_decides(self, applied: list[dict[str, Any]], *, is_there: bool) -> None:
        """Only what was made flat: a picture that came so may be a photograph elsewhere."""
        vector = vector_of(ring(paper=CREAM), {"applied": applied})

        assert (vector is not None) == is_there

    def test_its_facts_are_those_of_its_bytes(self) -> None:
        """Size, hash and type; the sides are the picture's."""
        vector = vector_of(ring(paper=CREAM), {"applied": [{"operation": "flatten"}]})

        assert vector is not None
        facts = vector.picture
        assert (facts.content_type, facts.width, facts.height) == ("image/svg+xml", 200, 120)
        assert facts.bytes == len(vector.body)
        assert facts.sha256 == hashlib.sha256(vector.body).hexdigest()

    def test_nobody_pays_for_what_is_not_wanted(self) -> None:
        """Without being asked the engine traces nothing, and the picture is the same."""
        with_it, vector = refined("flat design")
        without, nothing = refined("flat design", with_vector=False)

        assert vector is not None
        assert nothing is None
        assert encode_png(Image.fromarray(with_it)) == encode_png(Image.fromarray(without))
