"""Logos drawn by script, as designers make them: what the engine is tried, shown and timed on.

Each is a function of its side in pixels and draws the same bytes every time. Coordinates are in
units of a 512th of the side. Each shape is a mask, drawn at four times the size and reduced, so
that its edges are anti-aliased as a renderer's are.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Final, TypeAlias

import msgspec
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

UNITS: Final = 512
SUPERSAMPLING: Final = 4
NOISY_QUALITY: Final = 40
_STEPS: Final = 40

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]


class Gradient(msgspec.Struct, frozen=True, kw_only=True):
    """From one colour at one point to another at another; beyond them, the colours go on."""

    start: Point
    end: Point
    colours: tuple[str, str]


Paint: TypeAlias = str | Gradient


class Canvas:
    """A square picture onto which shapes are put, one upon the other."""

    def __init__(self, side: int, paper: str | None) -> None:
        self.image = Image.new("RGBA", (side, side), paper or (0, 0, 0, 0))
        self._side = side
        self._scale = side * SUPERSAMPLING / UNITS

    def put(self, shape: Image.Image, paint: Paint, opacity: float = 1) -> None:
        """Paint where a shape is."""
        layer = self._painted(paint)
        layer.putalpha(shape.point(lambda level: level * opacity) if opacity < 1 else shape)
        self.image.alpha_composite(layer)

    def soft(self, shape: Image.Image, blur: float, offset: Point) -> Image.Image:
        """A shape's shadow: moved, with its edges blurred."""
        unit = self._side / UNITS
        moved = ImageChops.offset(shape, round(offset[0] * unit), round(offset[1] * unit))
        return moved.filter(ImageFilter.GaussianBlur(blur * unit))

    def polygon(self, points: Iterable[Point]) -> Image.Image:
        """The area inside a closed line."""
        large, pen = self._blank()
        pen.polygon([self._at(point) for point in points], fill=255)
        return large.reduce(SUPERSAMPLING)

    def disc(self, centre: Point, radius: float) -> Image.Image:
        """The area inside a circle."""
        return self.polygon(oval(centre, (radius, radius)))

    def ring(self, centre: Point, radius: float, width: float) -> Image.Image:
        """A circle as a line."""
        inner = self.disc(centre, radius - width / 2)
        return ImageChops.subtract(self.disc(centre, radius + width / 2), inner)

    def rounded(self, box: Box, radius: float) -> Image.Image:
        """A rectangle with round corners."""
        large, pen = self._blank()
        corners = (*self._at(box[:2]), *self._at(box[2:]))
        pen.rounded_rectangle(corners, radius * self._scale, fill=255)
        return large.reduce(SUPERSAMPLING)

    def line(self, points: Sequence[Point], width: float) -> Image.Image:
        """A line with round joints and ends."""
        large, pen = self._blank()
        places = [self._at(point) for point in points]
        pen.line(places, fill=255, width=round(width * self._scale))
        for place in places:
            pen.circle(place, width * self._scale / 2, fill=255)
        return large.reduce(SUPERSAMPLING)

    def text(
        self, text: str, centre: Point, size: float, *, tracking: float = 0, bold: float = 0
    ) -> Image.Image:
        """Letters around a point of their base line, `tracking` and `bold` in units."""
        large, pen = self._blank()
        font = self._font(size)
        advances = [font.getlength(letter) + tracking * self._scale for letter in text]
        x, baseline = self._at(centre)
        x -= (sum(advances) - tracking * self._scale) / 2
        for letter, advance in zip(text, advances, strict=True):
            pen.text((x, baseline), letter, 255, font, anchor="ls", stroke_width=bold * self._scale)
            x += advance
        return large.reduce(SUPERSAMPLING)

    def text_on_circle(
        self, text: str, centre: Point, radius: float, size: float, *, tracking: float = 0
    ) -> Image.Image:
        """Bold letters upright along the top of a circle; along its bottom if `radius` is < 0."""
        large, _ = self._blank()
        font = self._font(size)
        advances = [font.getlength(letter) + tracking * self._scale for letter in text]
        reach = radius * self._scale
        angle = -sum(advances) / reach / 2
        tile_side = round(size * self._scale * 2)
        for letter, advance in zip(text, advances, strict=True):
            angle += advance / reach / 2
            tile = Image.new("L", (tile_side, tile_side))
            ImageDraw.Draw(tile).text(
                (tile_side / 2, tile_side / 2),
                letter,
                255,
                font,
                anchor="ms",
                stroke_width=size * self._scale / 45,
            )
            turned = tile.rotate(-math.degrees(angle), Image.Resampling.BICUBIC)
            x, y = self._at(centre)
            corner = (
                round(x + reach * math.sin(angle) - tile_side / 2),
                round(y - reach * math.cos(angle) - tile_side / 2),
            )
            large.paste(255, (*corner, corner[0] + tile_side, corner[1] + tile_side), turned)
            angle += advance / reach / 2
        return large.reduce(SUPERSAMPLING)

    def _blank(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        side = self._side * SUPERSAMPLING
        large = Image.new("L", (side, side))
        return large, ImageDraw.Draw(large)

    def _at(self, point: Sequence[float]) -> tuple[float, float]:
        return point[0] * self._scale, point[1] * self._scale

    def _font(self, size: float) -> ImageFont.FreeTypeFont:
        font = ImageFont.load_default(size * self._scale)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font

    def _painted(self, paint: Paint) -> Image.Image:
        if isinstance(paint, str):
            return Image.new("RGBA", self.image.size, paint)
        along = np.subtract(paint.end, paint.start) * (self._side / UNITS)
        places = np.arange(self._side) + 0.5
        first = np.asarray(paint.start) * (self._side / UNITS)
        offsets = (places[None, :] - first[0]) * along[0] + (places[:, None] - first[1]) * along[1]
        part = np.clip(offsets / (along @ along), 0, 1)
        levels = Image.fromarray(np.round(part * 255).astype(np.uint8))
        start, end = (Image.new("RGBA", self.image.size, colour) for colour in paint.colours)
        return Image.composite(end, start, levels)


def coffee(side: int) -> Image.Image:
    """A cup with steam, two beans and a name, in warm browns with soft gradients."""
    canvas = Canvas(side, "#fbf4e9")
    handle = canvas.ring((338, 246), 34, 17)
    canvas.put(handle, "#6b4226")
    canvas.put(canvas.polygon(oval((248, 326), (142, 15))), "#c79a6b")
    canvas.put(canvas.polygon(oval((248, 322), (100, 9))), "#a9794b")
    bowl = bezier((150, 196), (152, 270), (176, 320), (222, 322))
    bowl += bezier((274, 322), (320, 320), (344, 270), (346, 196))
    brown = Gradient(start=(150, 196), end=(346, 322), colours=("#9a6a41", "#5a3620"))
    canvas.put(canvas.polygon(bowl), brown)
    canvas.put(canvas.polygon(oval((248, 196), (98, 22))), "#b98a5c")
    surface = Gradient(start=(150, 180), end=(346, 214), colours=("#4a2a17", "#2f1a0e"))
    canvas.put(canvas.polygon(oval((248, 198), (86, 16))), surface)
    for x, top in ((206, 92), (248, 66), (290, 92)):
        canvas.put(canvas.polygon(wisp((x, 166), top)), "#cfae8a")
    for centre, angle in (((106, 300), -32.0), ((408, 306), 28.0)):
        bean(canvas, centre, angle)
    canvas.put(canvas.text("BREW & BEAN", (256, 416), 50, tracking=5, bold=1), "#4a2c17")
    canvas.put(canvas.line([(96, 446), (156, 446)], 2), "#c79a6b")
    canvas.put(canvas.line([(356, 446), (416, 446)], 2), "#c79a6b")
    canvas.put(canvas.text("MODERN COFFEE SHOP", (256, 451), 14, tracking=0.8), "#8a5d38")
    return canvas.image


def fox(side: int) -> Image.Image:
    """A head of flat facets in six colours, on white."""
    canvas = Canvas(side, "#ffffff")
    facets: tuple[tuple[str, list[Point]], ...] = (
        ("#e2692a", [(122, 250), (206, 172), (256, 186), (256, 400), (150, 318)]),
        ("#b9471c", [(92, 66), (206, 172), (122, 250)]),
        ("#2c1c16", [(112, 106), (184, 172), (130, 222)]),
        ("#f7a145", [(206, 172), (256, 186), (256, 372), (196, 292)]),
        ("#ffe8d0", [(72, 318), (122, 250), (196, 330), (256, 372), (214, 432)]),
        ("#f3c59b", [(256, 372), (214, 432), (256, 458)]),
        ("#2c1c16", [(146, 276), (166, 268), (196, 292), (192, 304), (166, 300)]),
        ("#2c1c16", [(226, 424), (256, 414), (256, 456), (246, 450)]),
    )
    for colour, points in facets:
        for half in (points, [(UNITS - x, y) for x, y in points]):
            canvas.put(canvas.polygon(half), colour)
    return canvas.image


def badge(side: int) -> Image.Image:
    """A ring with words around it, a star, a year, and a thin inner ring."""
    canvas = Canvas(side, "#f6ecd9")
    middle = (256.0, 256.0)
    canvas.put(canvas.disc(middle, 226), "#1f3a4d")
    canvas.put(canvas.ring(middle, 217, 2), "#f6ecd9")
    canvas.put(canvas.disc(middle, 156), "#f6ecd9")
    canvas.put(canvas.ring(middle, 146, 4), "#c2552d")
    around = canvas.text_on_circle("NORTHERN BREWING CO.", middle, 173, 34, tracking=3)
    canvas.put(around, "#f6ecd9")
    canvas.put(canvas.text_on_circle("HAND CRAFTED", middle, -199, 34, tracking=3), "#f6ecd9")
    for x in (66, 446):
        canvas.put(canvas.polygon(star((x, 268), 11)), "#e9a13b")
    canvas.put(canvas.polygon(star((256, 208), 66)), "#c2552d")
    canvas.put(canvas.text("EST.", (256, 308), 26, tracking=3), "#1f3a4d")
    canvas.put(canvas.text("1987", (256, 362), 58, tracking=2, bold=1.5), "#1f3a4d")
    canvas.put(canvas.line([(176, 299), (214, 299)], 2.5), "#c2552d")
    canvas.put(canvas.line([(298, 299), (336, 299)], 2.5), "#c2552d")
    return canvas.image


def line_art(side: int) -> Image.Image:
    """Mountains and a sun in lines of one or two pixels, with small letters, on white."""
    canvas = Canvas(side, "#ffffff")
    ink = "#22303a"
    canvas.put(canvas.ring((256, 218), 150, 2), ink)
    canvas.put(canvas.ring((316, 140), 26, 2), ink)
    for step in range(12):
        turn = step * math.tau / 12
        ray = [(316 + r * math.sin(turn), 140 - r * math.cos(turn)) for r in (35, 45)]
        canvas.put(canvas.line(ray, 1.5), ink)
    peaks: list[Point] = [(128, 296), (208, 168), (262, 246), (296, 202), (378, 306)]
    canvas.put(canvas.line(peaks, 2), ink)
    snow: list[Point] = [(184, 206), (200, 218), (208, 206), (220, 220), (234, 206)]
    canvas.put(canvas.line(snow, 1.5), ink)
    canvas.put(canvas.line([(262, 246), (286, 282), (300, 274), (318, 298)], 1.5), ink)
    for y, left, right in ((318, 146, 366), (332, 170, 342), (346, 204, 308)):
        canvas.put(canvas.line([(left, y), (right, y)], 1), ink)
    canvas.put(canvas.text("ALPINE STUDIO", (256, 420), 22, tracking=9), ink)
    canvas.put(canvas.text("architecture and landscape", (256, 448), 13, tracking=1), ink)
    return canvas.image


def gradient_app(side: int) -> Image.Image:
    """A rounded square with a gradient of two colours, and a white glyph."""
    canvas = Canvas(side, "#ffffff")
    violet = Gradient(start=(80, 64), end=(432, 448), colours=("#5b3df5", "#ff6a9b"))
    canvas.put(canvas.rounded((64, 64, 448, 448), 92), violet)
    canvas.put(canvas.rounded((136, 154, 376, 322), 62), "#ffffff")
    canvas.put(canvas.polygon([(176, 300), (176, 376), (252, 312)]), "#ffffff")
    for x in (198, 256, 314):
        canvas.put(canvas.disc((x, 238), 19), violet)
    return canvas.image


def wordmark(side: int) -> Image.Image:
    """Large letters with counters, set tightly, over a small tagline."""
    canvas = Canvas(side, "#fffdf8")
    canvas.put(canvas.text("bodega", (242, 284), 118, tracking=1, bold=1.8), "#16243f")
    canvas.put(canvas.disc((460, 274), 11), "#f26b38")
    canvas.put(canvas.text("fresh goods, open late", (256, 356), 12, tracking=3), "#16243f")
    canvas.put(canvas.line([(60, 352), (140, 352)], 1.5), "#f26b38")
    canvas.put(canvas.line([(372, 352), (452, 352)], 1.5), "#f26b38")
    return canvas.image


def transparent(side: int) -> Image.Image:
    """A pin and a name with a soft drop shadow, on nothing."""
    canvas = Canvas(side, None)
    half = bezier((256, 372), (232, 318), (138, 270), (138, 190))
    half += bezier((138, 190), (138, 125), (190, 72), (256, 72))
    pin = [*half, *[(UNITS - x, y) for x, y in reversed(half)]]
    shape = canvas.polygon(pin)
    canvas.put(canvas.soft(shape, 9, (0, 12)), "#0b2b33", opacity=0.4)
    teal = Gradient(start=(170, 80), end=(330, 360), colours=("#12b8a6", "#087f8c"))
    canvas.put(shape, teal)
    canvas.put(canvas.disc((256, 188), 66), "#ffffff")
    canvas.put(canvas.disc((256, 188), 34), "#ffb238")
    canvas.put(canvas.text("Pinpoint", (256, 452), 64, tracking=1, bold=1.4), "#0f4c5c")
    return canvas.image


def night(side: int) -> Image.Image:
    """A crescent in thin lines of gold, and white letters, on navy."""
    canvas = Canvas(side, "#0f1c38")
    gold, white = "#d9b45b", "#ffffff"
    canvas.put(canvas.ring((256, 200), 132, 1.5), gold)
    canvas.put(canvas.ring((256, 200), 122, 1), gold)
    crescent = ImageChops.subtract(canvas.disc((248, 200), 78), canvas.disc((282, 184), 66))
    canvas.put(crescent, gold)
    for centre, radius in (((304, 172), 20.0), ((330, 222), 11.0), ((276, 218), 8.0)):
        canvas.put(canvas.polygon(star(centre, radius, points=4, waist=0.22)), white)
    for angle in range(0, 360, 30):
        turn = math.radians(angle)
        mark = [(256 + r * math.sin(turn), 200 - r * math.cos(turn)) for r in (138, 148)]
        canvas.put(canvas.line(mark, 1.5), gold)
    canvas.put(canvas.text("NOCTURNE", (256, 424), 46, tracking=12, bold=0.4), white)
    canvas.put(canvas.line([(96, 446), (416, 446)], 1), gold)
    canvas.put(canvas.text("JAZZ CLUB AND BAR", (256, 472), 15, tracking=5), gold)
    return canvas.image


def blocks(side: int) -> Image.Image:
    """A disc, a triangle and a square, translucent and one over the other, with a name."""
    canvas = Canvas(side, "#ffffff")
    canvas.put(canvas.disc((192, 176), 104), "#e63946", opacity=0.86)
    canvas.put(canvas.polygon([(330, 66), (446, 282), (214, 282)]), "#ffc928", opacity=0.82)
    canvas.put(canvas.rounded((148, 196, 330, 378), 0), "#1d5fd1", opacity=0.8)
    canvas.put(canvas.text("forma", (256, 464), 68, tracking=4, bold=1.6), "#1b1b1f")
    return canvas.image


def leaf(side: int) -> Image.Image:
    """Two halves of a leaf in greens with gradients, and a soft shadow, on light grey."""
    canvas = Canvas(side, "#eef1ee")
    base, tip = (166.0, 318.0), (376.0, 44.0)
    upper = bezier(base, (110, 188), (210, 66), tip)
    lower = bezier(base, (320, 346), (420, 214), tip)
    vein = bezier(base, (230, 238), (290, 158), tip)
    whole = canvas.polygon([*upper, *reversed(lower)])
    canvas.put(canvas.soft(whole, 12, (8, 16)), "#1c3024", opacity=0.34)
    dark = Gradient(start=tip, end=base, colours=("#2f9e58", "#12653a"))
    light = Gradient(start=tip, end=base, colours=("#b7e26a", "#5fb548"))
    canvas.put(whole, dark)
    canvas.put(canvas.polygon([*upper, *reversed(vein)]), light)
    canvas.put(canvas.line(bezier((168, 314), (156, 332), (146, 346), (142, 366)), 8), "#12653a")
    canvas.put(canvas.text("verdant", (256, 444), 66, bold=1.2), "#14532f")
    canvas.put(canvas.text("GARDEN SUPPLY", (256, 474), 14, tracking=4), "#3b7a52")
    return canvas.image


def shadowed(side: int) -> Image.Image:
    """Three overlapping petals of one colour, told apart by nothing but a soft shadow."""
    canvas = Canvas(side, "#ffffff")
    below = Image.new("L", canvas.image.size)
    for centre, radius in (((172, 202), 96.0), ((256, 258), 104.0), ((340, 202), 96.0)):
        disc = canvas.disc(centre, radius)
        cast = ImageChops.multiply(canvas.soft(disc, 14, (0, 0)), below)
        canvas.put(cast, "#5c1020", opacity=0.6)
        canvas.put(disc, "#ef5b6b")
        below = ImageChops.lighter(below, disc)
    canvas.put(canvas.text("trio", (256, 456), 84, tracking=2, bold=2), "#ef5b6b")
    return canvas.image


def noisy(side: int) -> Image.Image:
    """The badge after a hard compression, with its ripples."""
    return Image.open(BytesIO(as_jpeg("badge", side, NOISY_QUALITY))).convert("RGBA")


LOGOS: Final[dict[str, Callable[[int], Image.Image]]] = {
    logo.__name__: logo
    for logo in (
        coffee,
        fox,
        badge,
        line_art,
        gradient_app,
        wordmark,
        transparent,
        night,
        blocks,
        leaf,
        shadowed,
        noisy,
    )
}


def neon(side: int, paper: str) -> Image.Image:
    """A tube bent to a ring with a disc in it, and a word, all of which glow on dark paper."""
    canvas = Canvas(side, paper)
    tube, disc = canvas.ring((256, 190), 110, 10), canvas.disc((256, 190), 30)
    word = canvas.text("Boogie", (256, 430), 84, tracking=2, bold=2)
    for shape, blur, light, ink in (
        (tube, 12, "#ff2d95", "#ffd0ea"),
        (disc, 12, "#29e0ff", "#d8fbff"),
        (word, 7, "#ff3fb4", "#ffffff"),
    ):
        canvas.put(canvas.soft(shape, blur, (0, 0)), light, opacity=0.8)
        canvas.put(shape, ink)
    return canvas.image


def as_png(name: str, side: int) -> bytes:
    """A logo of `LOGOS` as a PNG file."""
    body = BytesIO()
    LOGOS[name](side).save(body, "PNG")
    return body.getvalue()


def as_jpeg(name: str, side: int, quality: int) -> bytes:
    """A logo of `LOGOS` as a JPEG file of a quality from 1 to 95; what is transparent is white."""
    drawn = LOGOS[name](side)
    opaque = Image.new("RGBA", drawn.size, "#ffffff")
    opaque.alpha_composite(drawn)
    body = BytesIO()
    opaque.convert("RGB").save(body, "JPEG", quality=quality)
    return body.getvalue()


def bean(canvas: Canvas, centre: Point, degrees: float) -> None:
    """Put a coffee bean, with its seam as a paler line that bends."""
    x, y = centre
    brown = Gradient(start=(x - 24, y - 30), end=(x + 24, y + 30), colours=("#a06d43", "#5f3a22"))
    canvas.put(canvas.polygon(turned(oval(centre, (27, 38)), centre, degrees)), brown)
    seam = bezier((x, y - 36), (x - 16, y - 12), (x + 16, y + 12), (x, y + 36))
    canvas.put(canvas.line(turned(seam, centre, degrees), 5), "#f0dcc2")


def bezier(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    """Points on a cubic curve from `start` to `end`, drawn towards two others on its way."""
    points = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        shares = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
        through = (start, first, second, end)
        x, y = (
            sum(share * p[axis] for share, p in zip(shares, through, strict=True))
            for axis in (0, 1)
        )
        points.append((x, y))
    return points


def oval(centre: Point, radii: Point) -> list[Point]:
    """Points on an ellipse."""
    turns = [step * math.tau / 180 for step in range(180)]
    return [
        (centre[0] + radii[0] * math.cos(turn), centre[1] + radii[1] * math.sin(turn))
        for turn in turns
    ]


def star(centre: Point, radius: float, points: int = 5, waist: float = 0.42) -> list[Point]:
    """The corners of a star with a point on top; `waist` is its inner radius over its outer."""
    corners = []
    for step in range(points * 2):
        reach = radius if step % 2 == 0 else radius * waist
        turn = step * math.pi / points
        corners.append((centre[0] + reach * math.sin(turn), centre[1] - reach * math.cos(turn)))
    return corners


def turned(points: Iterable[Point], centre: Point, degrees: float) -> list[Point]:
    """Points turned clockwise around one."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    offsets = [(x - centre[0], y - centre[1]) for x, y in points]
    return [
        (centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine) for x, y in offsets
    ]


def wisp(foot: Point, top: float) -> list[Point]:
    """The outline of a wisp of steam: a bend that is thick in its middle."""
    x, y = foot
    third = (y - top) / 3
    left = bezier(foot, (x - 24, y - third), (x + 10, top + third), (x, top))
    right = bezier(foot, (x - 6, y - third), (x + 28, top + third), (x, top))
    return [*left, *reversed(right)]
