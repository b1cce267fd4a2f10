"""Draws the sample logo of the demo: `python services/cli/sample/draw.py` writes it beside itself.

Drawn four times too large and reduced, with Pillow's built-in typeface, so that every machine with
the same Pillow gets the same picture.
"""

import math
import random
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

SIDE: Final = 640
SCALE: Final = 4
SEED: Final = 7
SPECKS: Final = 150
LIGHT_SPECK_SHARE: Final = 0.6

# Where no specks fall: half widths, and from where to where below the disc's middle.
FREE: Final = ((142, -52, 132), (64, -150, -52))

CREAM: Final = (247, 239, 226)
ESPRESSO: Final = (62, 36, 22)
DISC_LIGHT: Final = (156, 102, 60)
DISC_DARK: Final = (88, 51, 28)
BEAN_LIGHT: Final = (238, 212, 172)
BEAN_DARK: Final = (205, 160, 108)
SLIT: Final = (84, 48, 27)
RING: Final = (222, 188, 142)
STEAM: Final = (240, 221, 190)

Colour = tuple[int, int, int]
Point = tuple[float, float]


def main() -> None:
    """Draw and save."""
    draw_logo().save(Path(__file__).with_name("coffee-logo.png"), optimize=True)


def draw_logo() -> Image.Image:
    """Return the logo: a shadowed disc with two beans and steam above a wordmark."""
    canvas = Image.new("RGB", (SIDE * SCALE, SIDE * SCALE), CREAM)
    centre, radius = (320.0, 262.0), 198.0
    _shadow(canvas, centre, radius)
    disc = _radial((centre[0] - 60, centre[1] - 80), 300, DISC_LIGHT, DISC_DARK)
    canvas.paste(disc, mask=_ellipse_mask(centre, radius, radius))
    _ring(canvas, centre, radius - 13, width=2.5)
    _specks(canvas, centre, radius - 24)
    for offset, phase in ((-44, 0.0), (0, math.pi), (44, 0.0)):
        _steam(canvas, (centre[0] + offset, centre[1] - 138), phase)
    _bean(canvas, (centre[0] - 68, centre[1] + 40), angle=20)
    _bean(canvas, (centre[0] + 68, centre[1] + 40), angle=-20)
    _wordmark(canvas, "EMBER & BEAN", top=492, size=54, spacing=7)
    _tagline(canvas, "COFFEE ROASTERS", top=572, size=21, spacing=6)
    return canvas.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _shadow(canvas: Image.Image, centre: Point, radius: float) -> None:
    mask = _ellipse_mask((centre[0] + 5, centre[1] + 15), radius, radius)
    blurred = mask.filter(ImageFilter.GaussianBlur(12 * SCALE)).point(lambda value: value * 0.42)
    canvas.paste(ESPRESSO, (0, 0, *canvas.size), blurred)


def _radial(centre: Point, reach: float, inner: Colour, outer: Colour) -> Image.Image:
    """Return a whole canvas that goes from one colour to another, smoothly."""
    small = Image.radial_gradient("L").resize((int(2 * reach * SCALE),) * 2)
    ramp = Image.new("L", (SIDE * SCALE, SIDE * SCALE), 255)
    ramp.paste(small, (int((centre[0] - reach) * SCALE), int((centre[1] - reach) * SCALE)))
    return Image.composite(
        Image.new("RGB", ramp.size, outer), Image.new("RGB", ramp.size, inner), ramp
    )


def _ellipse_mask(centre: Point, across: float, down: float) -> Image.Image:
    mask = Image.new("L", (SIDE * SCALE, SIDE * SCALE), 0)
    box = [centre[0] - across, centre[1] - down, centre[0] + across, centre[1] + down]
    ImageDraw.Draw(mask).ellipse([edge * SCALE for edge in box], fill=255)
    return mask


def _ring(canvas: Image.Image, centre: Point, radius: float, *, width: float) -> None:
    box = [centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius]
    ImageDraw.Draw(canvas).ellipse(
        [edge * SCALE for edge in box], outline=RING, width=int(width * SCALE)
    )


def _specks(canvas: Image.Image, centre: Point, radius: float) -> None:
    """Scatter roast dust over the disc, beside the beans and the steam."""
    chance = random.Random(SEED)  # noqa: S311 - the same specks every time, not secret ones
    pen = ImageDraw.Draw(canvas)
    for _ in range(SPECKS):
        distance = radius * math.sqrt(chance.random())
        angle = chance.random() * 2 * math.pi
        size = chance.uniform(0.9, 2.6)
        colour = RING if chance.random() < LIGHT_SPECK_SHARE else ESPRESSO
        across, down = distance * math.cos(angle), distance * math.sin(angle)
        if any(abs(across) < half and top < down < bottom for half, top, bottom in FREE):
            continue
        x, y = centre[0] + across, centre[1] + down
        box = [(x - size) * SCALE, (y - size) * SCALE, (x + size) * SCALE, (y + size) * SCALE]
        pen.ellipse(box, fill=colour)


def _steam(canvas: Image.Image, start: Point, phase: float) -> None:
    """Draw a curl that is thin at both ends."""
    pen = ImageDraw.Draw(canvas)
    steps = 160
    for step in range(steps + 1):
        share = step / steps
        x = start[0] + 9 * math.sin(2 * math.pi * share + phase)
        y = start[1] + 76 * share
        size = 0.8 + 3.4 * math.sin(math.pi * share)
        box = [(x - size) * SCALE, (y - size) * SCALE, (x + size) * SCALE, (y + size) * SCALE]
        pen.ellipse(box, fill=STEAM)


def _bean(canvas: Image.Image, centre: Point, *, angle: float) -> None:
    """Draw a bean upright on its own layer, then turn the layer."""
    middle = (SIDE / 2, SIDE / 2)
    mask = _ellipse_mask(middle, 56, 82)
    layer = _radial((middle[0] - 26, middle[1] - 40), 150, BEAN_LIGHT, BEAN_DARK)
    pen = ImageDraw.Draw(layer)
    for step in range(401):
        share = step / 400
        x = middle[0] + 15 * math.sin(2 * math.pi * (share - 0.5))
        y = middle[1] + 86 * (2 * share - 1)
        size = 2.2 + 3.0 * math.sin(math.pi * share)
        box = [(x - size) * SCALE, (y - size) * SCALE, (x + size) * SCALE, (y + size) * SCALE]
        pen.ellipse(box, fill=SLIT)
    sheen = _ellipse_mask((middle[0] - 30, middle[1] - 28), 11, 30)
    sheen = ImageChops.multiply(sheen, mask).filter(ImageFilter.GaussianBlur(1.5 * SCALE))
    layer.paste((255, 244, 222), (0, 0, *layer.size), sheen.point(lambda value: value * 0.42))
    layer.putalpha(mask)
    turned = layer.rotate(angle, resample=Image.Resampling.BICUBIC)
    place = (int((centre[0] - middle[0]) * SCALE), int((centre[1] - middle[1]) * SCALE))
    under = Image.new("L", canvas.size, 0)
    under.paste(turned.getchannel("A"), (place[0] + 3 * SCALE, place[1] + 8 * SCALE))
    under = under.filter(ImageFilter.GaussianBlur(7 * SCALE)).point(lambda value: value * 0.45)
    canvas.paste((38, 20, 10), (0, 0, *canvas.size), under)
    canvas.paste(turned, place, turned)


def _wordmark(canvas: Image.Image, text: str, *, top: float, size: int, spacing: float) -> None:
    _spaced(canvas, text, top=top, size=size, spacing=spacing, stroke=1.5)


def _tagline(canvas: Image.Image, text: str, *, top: float, size: int, spacing: float) -> None:
    width = _spaced(canvas, text, top=top, size=size, spacing=spacing, stroke=0.25)
    pen = ImageDraw.Draw(canvas)
    for side in (-1, 1):
        inner = SIDE / 2 + side * (width / 2 + 18)
        outer = inner + side * 62
        line = [min(inner, outer) * SCALE, 583 * SCALE, max(inner, outer) * SCALE, 584.5 * SCALE]
        pen.rectangle(line, fill=ESPRESSO)


def _spaced(  # a line of letters, centred, with space between them
    canvas: Image.Image, text: str, *, top: float, size: int, spacing: float, stroke: float
) -> float:
    font = ImageFont.load_default(size * SCALE)
    assert isinstance(font, ImageFont.FreeTypeFont)
    widths = [font.getlength(letter) for letter in text]
    total = sum(widths) + spacing * SCALE * (len(text) - 1)
    x = (SIDE * SCALE - total) / 2
    pen = ImageDraw.Draw(canvas)
    for letter, width in zip(text, widths, strict=True):
        pen.text(
            (x, top * SCALE),
            letter,
            font=font,
            fill=ESPRESSO,
            stroke_width=round(stroke * SCALE),
            stroke_fill=ESPRESSO,
        )
        x += width + spacing * SCALE
    return total / SCALE


if __name__ == "__main__":
    main()
