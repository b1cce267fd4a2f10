"""Lays out a contact sheet: a row for each prompt, before, after, and what was made of it."""

from io import BytesIO
from itertools import chain
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from services.cli.plans import RecordedPlan, lines_of

BYTES_MAX: Final = 250_000
PICTURE_SIDE: Final = 280
_GAP: Final = 20
_TEXT_WIDTH: Final = 420
_TILE_SIDE: Final = 14
_COLOUR_COUNTS: Final = (256, 192, 128, 96, 64)
_FLAT_PART: Final = 0.0001
_EDGE_RANGE: Final = 24
_APPLIED: Final = "applied"
_WITHOUT_EFFECT: Final = "without effect here"
_PAPER: Final = "#e7e8ea"
_INK: Final = "#16181d"
_DONE: Final = "#1d6b3a"
_NOT_DONE: Final = "#a3361f"
_QUIET: Final = "#5a6070"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one row shows.

    Where nothing was done there is a `refusal` instead of `after`, and `plan` is what was tried.
    """

    prompt: str
    preserve_aspects: tuple[str, ...] = ()
    before: bytes
    after: bytes | None = None
    plan: RecordedPlan = RecordedPlan()
    refusal: str | None = None


def lay_out(entries: list[Entry]) -> bytes:
    """Draw a sheet and encode it as PNG, in as many colours as its size leaves room for."""
    width = 2 * PICTURE_SIDE + _TEXT_WIDTH + 4 * _GAP
    height = len(entries) * (PICTURE_SIDE + _GAP) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    for number, entry in enumerate(entries):
        top = _GAP + number * (PICTURE_SIDE + _GAP)
        for column, body in enumerate((entry.before, entry.after)):
            left = _GAP + column * (PICTURE_SIDE + _GAP)
            sheet.paste(_shown(body), (left, top))
        _write(sheet, entry, (2 * PICTURE_SIDE + 3 * _GAP, top))
    return _encoded(sheet)


def _shown(body: bytes | None) -> Image.Image:
    """A picture as large as its place, with a checkerboard where it is transparent."""
    place = Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE), _PAPER)
    if body is None:
        pen = ImageDraw.Draw(place)
        pen.rectangle((0, 0, PICTURE_SIDE - 1, PICTURE_SIDE - 1), outline="#c4c7cd")
        middle = PICTURE_SIDE / 2
        pen.text((middle, middle), "refused", _NOT_DONE, ImageFont.load_default(22), anchor="mm")
        return place
    picture = Image.open(BytesIO(body)).convert("RGBA")
    scale = PICTURE_SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    picture = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    corner = ((PICTURE_SIDE - size[0]) // 2, (PICTURE_SIDE - size[1]) // 2)
    board = _checkerboard(picture.size)
    board.paste(picture, (0, 0), picture)
    place.paste(board, corner)
    return place


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    board = Image.new("RGB", size, "#ffffff")
    pen = ImageDraw.Draw(board)
    for top in range(0, size[1], _TILE_SIDE):
        for left in range(top // _TILE_SIDE % 2 * _TILE_SIDE, size[0], 2 * _TILE_SIDE):
            corner = (left + _TILE_SIDE - 1, top + _TILE_SIDE - 1)
            pen.rectangle((left, top, *corner), fill="#d4d6da")
    return board


def _write(sheet: Image.Image, entry: Entry, corner: tuple[int, int]) -> None:
    """Write the prompt, and beneath it what was applied, skipped and not understood."""
    paragraphs = [(entry.prompt, 21, _INK)]
    if entry.preserve_aspects:
        told = ", ".join(entry.preserve_aspects)
        paragraphs.append((f"to preserve: {told}", 15, _QUIET))
    if entry.refusal is not None:
        paragraphs.append((f"refused: {entry.refusal}", 15, _NOT_DONE))
    done = _APPLIED if entry.refusal is None else _WITHOUT_EFFECT
    paragraphs += [_told(*line) for line in lines_of(entry.plan, done=done)]
    if entry.after is not None:
        sizes = [Image.open(BytesIO(body)).size for body in (entry.before, entry.after)]
        if sizes[0] != sizes[1]:
            told = " to ".join(f"{width} x {height}" for width, height in sizes)
            paragraphs.append((f"pixels: {told}", 15, _QUIET))
    pen = ImageDraw.Draw(sheet)
    top = corner[1]
    for text, size, colour in paragraphs:
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        for line in _broken(text, font):
            pen.text((corner[0], top), line, colour, font)
            top += round(size * 1.3)
        top += round(size * 0.35)


def _told(verdict: str, what: str, words: str) -> tuple[str, int, str]:
    """A line of a plan as a paragraph."""
    if verdict in {_APPLIED, _WITHOUT_EFFECT}:
        return f"{verdict}: {what}", 15, _DONE if verdict == _APPLIED else _NOT_DONE
    return f"{verdict}: {words}" + (f" ({what})" if what else ""), 15, _NOT_DONE


def _broken(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """A text as lines that fit beside the pictures."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > _TEXT_WIDTH:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _encoded(sheet: Image.Image) -> bytes:
    for count in _COLOUR_COUNTS:
        body = BytesIO()
        _reduced(sheet, count).save(body, "PNG", optimize=True)
        if body.tell() <= BYTES_MAX:
            return body.getvalue()
    raise AssertionError("a sheet holds fewer rows than that")


def _reduced(sheet: Image.Image, count: int) -> Image.Image:
    """A sheet in few colours: flat areas keep theirs exactly, gradients share the others."""
    pixels = np.asarray(sheet).reshape(-1, 3)
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    ranges = _ranges(sheet)
    colours, counts = np.unique(codes[ranges == 0], return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[: count // 2]
    flat = colours[frequent[counts[frequent] >= codes.size * _FLAT_PART]]
    others = Image.fromarray(pixels[~np.isin(codes, flat)][None])
    shared = others.quantize(count - flat.size, Image.Quantize.MAXCOVERAGE, kmeans=1).getpalette()
    levels = [[code >> 16, code >> 8 & 255, code & 255] for code in flat.tolist()]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chain.from_iterable(levels), *(shared or ())])
    drawn = sheet.quantize(palette=palette)
    # Dithering is for gradients; along an edge it would look like a ragged one.
    nearest = sheet.quantize(palette=palette, dither=Image.Dither.NONE)
    places = np.where(ranges > _EDGE_RANGE, *(np.asarray(one).ravel() for one in (nearest, drawn)))
    # Pillow looks colours up in a coarse cube, and makes white nearly white.
    for place, code in enumerate(flat):
        places[codes == code] = place
    drawn.putdata(places.tolist())
    return drawn


def _ranges(sheet: Image.Image) -> NDArray[np.int16]:
    """By how many levels each pixel's neighbours differ, in the channel where they differ most."""
    highest, lowest = (
        np.asarray(sheet.filter(kind(3)), dtype=np.int16)
        for kind in (ImageFilter.MaxFilter, ImageFilter.MinFilter)
    )
    return np.asarray((highest - lowest).max(axis=-1)).ravel()
