"""Finds what lines and letters are made of: narrow flat areas, and ridges of thinner lines."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.bands import only_strokes
from services.refinement.engines.local.ground import Ground, distance_from, find_ground
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    pieces_of,
    spread_of,
    strongest,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import premultiplied
from services.refinement.engines.local.reading import Reading, background_of
from services.refinement.engines.local.refusals import NotApplicable

_FLAT_RANGE: Final = 10
# Compression leaves ripples up to this strong along edges, and more of them than edges have.
_NOISE_RANGE: Final = 36
_NOISE_SHARE_MIN: Final = 0.34
# A stroke's half width, at most, in shares of the picture's side.
_HALF_WIDTH_SHARE: Final = 0.024
_HALF_WIDTH_PX_MIN: Final = 3.0
# What is wider than this share of the side is a stroke only if it is so many times as long.
_SLIGHT_SHARE: Final = 0.01
_LENGTH_PER_WIDTH: Final = 4.0
_THICK_BESIDE_MIN: Final = 1.0
_RIDGE_LEVELS_MIN: Final = 40
_CREST_LEVELS_MIN: Final = 13
_NOTCH_PX: Final = 6
_TIP_REACH_PX: Final = 5
_TIP_SHARE_MAX: Final = 0.05
_NEARBY_PX: Final = 11
_STRONG_SHARE_MIN: Final = 0.94
_ALONG_PX: Final = 20
_EDGE_PX: Final = 2
_HALF: Final = 0.5
_OPAQUE: Final = 255
_BESIDE: Final = np.ones((9, 9), dtype=np.uint8)
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


class Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """What strokes are found by.

    `narrow` are flat areas, `ridges` the middles of thinner lines, `strong` both as far as their
    colour is pure; `others` are the flat areas that are no strokes, `gaps` those of the ground's
    colour.
    """

    narrow: Mask
    ridges: Mask
    strong: Mask
    others: Mask
    gaps: Mask
    is_noisy: bool


def find_seeds(pixels: Pixels, reading: Reading | None) -> Seeds:
    """Find what the strokes of RGBA pixels, read as said, consist of."""
    half_width = max(_HALF_WIDTH_SHARE * max(pixels.shape[:2]), _HALF_WIDTH_PX_MIN)
    # Under little alpha, colours may differ as they like.
    plain = pixels if (pixels[..., 3] == _OPAQUE).all() else _shown(pixels)
    spread = spread_of(plain)
    ripples = ((spread > _FLAT_RANGE) & (spread <= _NOISE_RANGE)).sum()
    is_noisy = ripples > _NOISE_SHARE_MIN * (spread > _FLAT_RANGE).sum()
    noise = _NOISE_RANGE if is_noisy else _FLAT_RANGE
    flat: Mask = spread <= noise
    depth = depth_of(flat)
    core = depth >= half_width - 1
    thick = np.zeros_like(flat)
    if core.any():
        away = depth_of(~core)
        thick = flat & (away <= half_width)
    ground = _ground_of(pixels)
    levels = distance_from(pixels, ground)
    plain_ground: Mask = levels <= (noise if is_noisy else ground.tolerance)
    behind = background_of(plain_ground, reading)
    narrow = _narrow(flat & ~behind, thick, behind, plain_ground)
    if reading is not None:
        narrow = only_strokes(narrow, flat & ~behind, thick, reading)
    soft = ~flat & ~behind
    areas = flat & ~behind & ~narrow
    ridges = soft & (levels >= _RIDGE_LEVELS_MIN) & _crests(levels, areas, noise)
    ridges &= ~_tips(ridges, levels, areas, noise)
    # On an area of another colour, a line of the ground's colour is a valley; beside the ground,
    # a valley is the end of a notch.
    inside = cv2.erode((~behind).view(np.uint8), _KERNEL, iterations=_NOTCH_PX, borderValue=1)
    valleys = soft & inside.astype(np.bool_)
    inverted = np.asarray(cv2.bitwise_not(levels), dtype=np.uint8)
    valleys &= _crests(inverted, flat & ~narrow, noise)
    valleys &= _no_mixes(plain, flat & ~narrow, noise)
    valleys &= ~_tips(valleys, inverted, thick, noise)
    around = cv2.dilate(levels, np.ones((_NEARBY_PX, _NEARBY_PX), dtype=np.uint8))
    around = np.maximum(around, _strongest_along(levels, narrow | ridges, flat & ~narrow))
    strong = narrow | (ridges & (levels >= _STRONG_SHARE_MIN * around))
    others: Mask = (flat & ~narrow) | behind
    gaps: Mask = behind | (others & plain_ground)
    ridges |= valleys
    return Seeds(
        narrow=narrow,
        ridges=ridges,
        strong=strong,
        others=others,
        gaps=gaps,
        is_noisy=bool(is_noisy),
    )


def _narrow(flat: Mask, thick: Mask, behind: Mask, plain_ground: Mask) -> Mask:
    """Find the flat areas that are strokes.

    Neither are the tips and waists of thick areas, nor what is as long as it is wide, nor the gaps
    between strokes, which have nothing thick beside them; what has the ground's colour is a gap
    also if there is only ground beyond the strokes.
    """
    labels, boxes = pieces_of(flat, connectivity=4)
    count = len(boxes)
    is_stroke = np.bincount(labels[thick], minlength=count) == 0
    is_stroke[0] = False
    large = (flat & ~is_stroke[labels]) | behind
    depth = depth_of(flat)
    middle = np.flatnonzero((depth >= cv2.dilate(depth, _KERNEL)) & flat)
    widest = largest_of(depth, labels, middle, count)
    is_long = boxes[:, cv2.CC_STAT_AREA] >= _LENGTH_PER_WIDTH * (2 * widest) ** 2
    is_stroke &= is_long | (widest <= _SLIGHT_SHARE * max(flat.shape))
    candidates = np.where(is_stroke, np.arange(count), 0).astype(np.float32)
    beside = np.asarray(cv2.dilate(candidates[labels], _BESIDE), dtype=np.int32)
    is_gap = 2 * np.bincount(labels[plain_ground], minlength=count) > boxes[:, cv2.CC_STAT_AREA]
    thick_beside = np.where(
        is_gap,
        np.bincount(beside[large & ~plain_ground], minlength=count),
        np.bincount(beside[large], minlength=count),
    )
    is_stroke &= thick_beside >= _THICK_BESIDE_MIN * np.sqrt(boxes[:, cv2.CC_STAT_AREA])
    is_stroke[0] = False
    narrow: Mask = is_stroke[labels]
    return narrow


def _crests(levels: NDArray[np.uint8], areas: Mask, noise: int) -> Mask:
    """Find the pixels that stand out from both sides in one direction, and from areas nearby.

    The corner of an area stands out from both sides too.

    Args:
        levels: how far each pixel is from what the lines are drawn on.
        areas: what is no line.
        noise: by how many levels more than this a line must stand out.
    """
    size = 2 * _EDGE_PX + 1
    nearby = cv2.dilate(np.where(areas, levels, 0), np.ones((size, size), dtype=np.uint8))
    padded = cv2.copyMakeBorder(levels, 2, 2, 2, 2, cv2.BORDER_REPLICATE)
    rows, columns = levels.shape
    crests = np.zeros(levels.shape, dtype=np.bool_)
    for right, down in ((1, 0), (0, 1), (1, 1), (1, -1)):
        sides = []
        for sign in (1, -1):
            near, further = (
                padded[2 + far * sign * down :, 2 + far * sign * right :][:rows, :columns]
                for far in (1, 2)
            )
            sides.append(cv2.min(near, further))
        crests |= cv2.subtract(levels, cv2.max(*sides)) > noise + _CREST_LEVELS_MIN
    crests &= cv2.subtract(levels, nearby) > noise + _CREST_LEVELS_MIN
    return crests


def _no_mixes(pixels: Pixels, areas: Mask, noise: int) -> Mask:
    """Find the pixels with a colour that lies not between those of the areas nearby.

    The soft edge between two colours may be nearer to the ground's colour than both.
    """
    size = 2 * _EDGE_PX + 1
    nearby = np.ones((size, size), dtype=np.uint8)
    high = cv2.dilate(np.where(areas[..., None], pixels, 0), nearby)
    low = cv2.erode(np.where(areas[..., None], pixels, _OPAQUE).astype(np.uint8), nearby)
    beyond = cv2.max(cv2.subtract(pixels, high), cv2.subtract(low, pixels))
    return strongest(np.asarray(beyond, dtype=np.uint8)) > noise + _CREST_LEVELS_MIN


def _tips(ridges: Mask, levels: NDArray[np.uint8], areas: Mask, noise: int) -> Mask:
    """Find the short ridges that start at an area of their colour: they are tips of it."""
    size = 2 * _TIP_REACH_PX + 1
    around = cv2.dilate(np.where(areas, levels, 0), np.ones((size, size), dtype=np.uint8))
    labels, boxes = pieces_of(ridges, connectivity=8)
    joined = ridges & (cv2.subtract(levels, around) <= noise)
    is_tip = np.bincount(labels[joined], minlength=len(boxes)) > 0
    longest = np.maximum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    is_tip &= longest <= _TIP_SHARE_MAX * max(levels.shape)
    is_tip[0] = False
    tips: Mask = is_tip[labels]
    return tips


def _strongest_along(levels: NDArray[np.uint8], lines: Mask, others: Mask) -> NDArray[np.uint8]:
    """Return the highest level along each line nearby.

    A hairline is faint for long stretches where it falls between pixels.
    """
    along = cv2.dilate(lines.view(np.uint8), _KERNEL)
    along[others] = 0
    allowed = along * np.uint8(_OPAQUE)
    highest = cv2.min(levels, allowed)
    for _ in range(_ALONG_PX):
        highest = cv2.min(cv2.dilate(highest, _KERNEL), allowed)
    return np.asarray(highest, dtype=np.uint8)


def _ground_of(pixels: Pixels) -> Ground:
    try:
        return find_ground(pixels)
    except NotApplicable:
        # Without a ground, the colour of most of the picture is what lines stand out from.
        middle = np.median(pixels.reshape(-1, 4), axis=0).astype(np.uint8)
        middle[3] = 255
        return Ground(colour=middle, tolerance=_FLAT_RANGE)


def _shown(pixels: Pixels) -> Pixels:
    return (premultiplied(pixels) * _OPAQUE + _HALF).astype(np.uint8)
