"""Makes lines and letters thicker or thinner: what is narrow in a picture, and not its large areas.

A stroke is a narrow flat area, or the ridge of a line too thin to have one. How much of each pixel
a stroke covers tells where its contour runs; it is drawn anew at a distance from that contour.
"""

from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import membership, to_lab, to_lch
from services.refinement.engines.local.gaps import limited_growth
from services.refinement.engines.local.ground import Ground, distance_from, find_ground
from services.refinement.engines.local.hairlines import distance_to_lines
from services.refinement.engines.local.holes import is_background
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
    nearest_of_both_sides,
    pieces_of,
    spread_of,
)
from services.refinement.engines.local.operations import Weight
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import Planes, premultiplied, straight
from services.refinement.engines.local.refusals import NotApplicable

Rows: TypeAlias = NDArray[np.float32]

_NO_LINES: Final = "there are no lines or letters in the picture"
_DISAPPEAR: Final = "the lines would disappear"
_NOISY: Final = "the picture is too noisy to make its lines thinner"
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
_FAINTEST_COVER: Final = 0.05
_HALF: Final = 0.5
_OPAQUE: Final = 255
_STROKE_SHARE_MAX: Final = 0.6
_THICKEN_RATE: Final = 0.4
_THIN_RATE: Final = 0.36
_THINNEST_HALF_WIDTH_PX: Final = 0.7
_RADIUS_SHARE_MAX: Final = 0.016
_PRINT_SHARE_MAX: Final = 0.045
_PRINT_RADIUS_PX_MAX: Final = 1.0
_RADIUS_PX_MIN: Final = 0.05
_LEAST_CHANGE: Final = 0.02
_CORNER_RADII_MAX: Final = 3.0
_TAPER_RADII: Final = 3.0
_MEMBER: Final = 0.35
_UNEXPLAINED: Final = 0.12
_SAME: Final = 0.002
_ROW_LETTERS_MIN: Final = 3
_PIECES_MAX: Final = 600
_LETTER_SHARE_MAX: Final = 0.2
_ROW_TOLERANCE: Final = 0.35
_BESIDE: Final = np.ones((9, 9), dtype=np.uint8)
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


class _Strokes(msgspec.Struct, frozen=True, kw_only=True):
    """The strokes of a picture, in pieces that hang together.

    `cover` is how much of each pixel they cover, `distance` how far each half pixel is from their
    contour, negative inside; `areas` are the flat areas that are neither stroke nor ground. Half
    widths and distances are in pixels.
    `places` are the pixels near strokes; `inner` and `outer` the colours that the nearest stroke
    and its surroundings have there.
    """

    cover: Rows
    distance: Rows
    areas: Mask
    pieces: NDArray[np.int32]
    boxes: NDArray[np.int32]
    half_widths: Rows
    places: NDArray[np.intp]
    inner: Planes
    outer: Planes
    is_noisy: bool


class _Seeds(msgspec.Struct, frozen=True, kw_only=True):
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


def change_weight(pixels: Pixels, operation: Weight) -> Pixels:
    """Make the strokes of RGBA pixels thicker or thinner.

    Raises:
        NotApplicable: there are no strokes, or they would disappear or be frayed.
    """
    strokes = _find_strokes(pixels, abs(operation.amount))
    if strokes.is_noisy and operation.amount < 0:
        # Thinner lines would end in the ripples that are taken for a part of them.
        raise NotApplicable(reason=_NOISY)
    chosen = _chosen(strokes, operation.scope)
    before = strokes.cover.reshape(-1)[strokes.places]
    values = premultiplied(pixels.reshape(-1, 4)[strokes.places])
    if operation.amount > 0:
        radii = np.where(chosen, _growth(strokes, operation.amount), 0)
        if radii.max() < _RADIUS_PX_MIN:
            raise NotApplicable(reason=_NO_LINES)
        after = _grown(strokes, radii).reshape(-1)[strokes.places]
        part = ((after - before) / np.maximum(1 - before, 1e-3)).clip(0, 1)
        values += part[:, None] * (strokes.inner - values)
    else:
        radii = _THIN_RATE * -operation.amount * strokes.half_widths
        radii = np.minimum(radii, strokes.half_widths - _THINNEST_HALF_WIDTH_PX)
        radii = np.where(chosen, radii, 0)
        if radii.max() < _RADIUS_PX_MIN:
            raise NotApplicable(reason=_DISAPPEAR)
        after = _worn(strokes, radii).reshape(-1)[strokes.places]
        part = ((before - after) / np.maximum(before, 1e-3)).clip(0, 1)
        values += part[:, None] * (strokes.outer - values)
    changed = part > _LEAST_CHANGE
    result = pixels.copy()
    result.reshape(-1, 4)[strokes.places[changed]] = straight(values[changed].clip(0, 1))
    return result


def _find_strokes(pixels: Pixels, amount: float) -> _Strokes:
    side = max(pixels.shape[:2])
    found = _seeds(pixels)
    seeds = found.narrow | found.ridges
    if not found.strong.any() or not found.others.any() or seeds.mean() > _STROKE_SHARE_MAX:
        raise NotApplicable(reason=_NO_LINES)
    reach = int(_RADIUS_SHARE_MAX * side * min(max(amount, 1), 2)) + _EDGE_PX + 1
    near = cv2.dilate(seeds.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8))
    places = np.flatnonzero(near)
    values = premultiplied(pixels.reshape(-1, 4)[places])
    inner = _colours_near(pixels, found.strong, places)
    outer = _colours_near(pixels, found.others, places)
    share = _share(values, inner, outer)
    edge = cv2.dilate(seeds.view(np.uint8), _KERNEL, iterations=_EDGE_PX)
    share[edge.reshape(-1)[places] == 0] = 0
    share[found.others.reshape(-1)[places]] = 0
    share[found.narrow.reshape(-1)[places]] = 1
    cover = np.zeros(seeds.shape, dtype=np.float32)
    cover.reshape(-1)[places] = share
    pieces, boxes = pieces_of(cover > _FAINTEST_COVER, connectivity=8)
    solid = cover.copy()
    # Where a stroke runs into an area of its colour, it has no end.
    same = np.abs(inner - outer).max(axis=-1) < _SAME**_HALF
    solid.reshape(-1)[places[same & (edge.reshape(-1)[places] > 0)]] = 1
    distance = distance_to_lines(solid, reach=reach)
    return _Strokes(
        cover=cover,
        distance=distance,
        areas=found.others & ~found.gaps,
        pieces=pieces,
        boxes=boxes,
        half_widths=_evened(_half_widths(distance, pieces, len(boxes)), boxes, side),
        places=places,
        inner=inner,
        outer=outer,
        is_noisy=found.is_noisy,
    )


def _colours_near(pixels: Pixels, chosen: Mask, places: NDArray[np.intp]) -> Planes:
    """Return the colour of the chosen pixel that is nearest to each place.

    Of two as near, one from the left and one from the right, neither is preferred.
    """
    flat = pixels.reshape(-1, 4)
    left, right = nearest_of_both_sides(chosen, places)
    planes = premultiplied(flat[left])
    planes += premultiplied(flat[right])
    planes *= np.float32(_HALF)
    return planes


def _seeds(pixels: Pixels) -> _Seeds:
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
    behind = is_background(plain_ground)
    narrow = _narrow(flat & ~behind, thick, behind, plain_ground)
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
    valleys &= ~_tips(valleys, inverted, thick, noise)
    around = cv2.dilate(levels, np.ones((_NEARBY_PX, _NEARBY_PX), dtype=np.uint8))
    around = np.maximum(around, _strongest_along(levels, narrow | ridges, flat & ~narrow))
    strong = narrow | (ridges & (levels >= _STRONG_SHARE_MIN * around))
    others: Mask = (flat & ~narrow) | behind
    gaps: Mask = behind | (others & plain_ground)
    ridges |= valleys
    return _Seeds(
        narrow=narrow,
        ridges=ridges,
        strong=strong,
        others=others,
        gaps=gaps,
        is_noisy=bool(is_noisy),
    )


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


def _shown(pixels: Pixels) -> Pixels:
    return (premultiplied(pixels) * _OPAQUE + _HALF).astype(np.uint8)


def _ground_of(pixels: Pixels) -> Ground:
    try:
        return find_ground(pixels)
    except NotApplicable:
        # Without a ground, the colour of most of the picture is what lines stand out from.
        middle = np.median(pixels.reshape(-1, 4), axis=0).astype(np.uint8)
        middle[3] = 255
        return Ground(colour=middle, tolerance=_FLAT_RANGE)


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


def _share(values: Planes, inner: Planes, outer: Planes) -> Rows:
    """Return how much of each value is the inner colour, the rest being the outer."""
    line = inner - outer
    length = (line * line).sum(axis=-1)
    along = ((values - outer) * line).sum(axis=-1) / np.maximum(length, 1e-4)
    share = along.clip(0, 1)
    error = np.abs(outer + share[:, None] * line - values).max(axis=-1)
    # What is no mix of the two lies between two strokes, and belongs to both.
    return np.where((error > _UNEXPLAINED) | (length < _SAME), 1, share).astype(np.float32)


def _half_widths(distance: Rows, pieces: NDArray[np.int32], count: int) -> Rows:
    """Return each piece's half width in pixels: a typical one, not that of its thickest spot."""
    middle = np.flatnonzero((distance <= cv2.erode(distance, _KERNEL)) & (distance < 0))
    rows, columns = np.divmod(middle, distance.shape[1])
    owner = pieces[rows // 2, columns // 2]
    sums = np.bincount(owner, weights=-distance.reshape(-1)[middle], minlength=count)
    half_widths: Rows = (sums / np.maximum(np.bincount(owner, minlength=count), 1)).astype(
        np.float32
    )
    return half_widths


def _chosen(strokes: _Strokes, scope: str | None) -> Mask:
    """Say which pieces an operation concerns."""
    count = len(strokes.boxes)
    chosen = np.ones(count, dtype=np.bool_)
    chosen[0] = False
    if scope == "background":
        raise NotApplicable(reason="the background has no lines")
    if scope == "text":
        chosen &= _in_rows(strokes.boxes, max(strokes.cover.shape))
        if not chosen.any():
            raise NotApplicable(reason="there is no text in the picture")
    elif scope is not None and scope != "foreground":
        owner = strokes.pieces.reshape(-1)[strokes.places]
        colours = strokes.inner[:, :3] / np.maximum(strokes.inner[:, 3:], 1e-3)
        members = membership(to_lch(to_lab(colours.clip(0, 1))), scope)
        sums = np.bincount(owner, weights=members, minlength=count)
        chosen &= sums > _MEMBER * np.bincount(owner, minlength=count)
        if not chosen.any():
            raise NotApplicable(reason=f"there are no {scope} lines in the picture")
    return chosen


def _in_rows(boxes: NDArray[np.int32], side: int) -> Mask:
    """Say which pieces have two others of their height beside them, as letters have."""
    small, beside = _neighbours(boxes, side)
    letters = np.zeros(len(boxes), dtype=np.bool_)
    letters[small[beside.sum(axis=1) >= _ROW_LETTERS_MIN]] = True
    return letters


def _neighbours(boxes: NDArray[np.int32], side: int) -> tuple[NDArray[np.intp], Mask]:
    """Return the pieces that may be letters, and which of them stand in one row."""
    _, top, _, height, _ = boxes.T
    small = np.flatnonzero(height <= _LETTER_SHARE_MAX * side)[:_PIECES_MAX]
    middle = top[small] + height[small] / 2
    tolerance = _ROW_TOLERANCE * height[small]
    beside: Mask = (np.abs(middle[:, None] - middle[None]) <= tolerance[:, None]) & (
        np.abs(height[small][:, None] - height[small][None]) <= tolerance[:, None]
    )
    return small, beside


def _evened(half_widths: Rows, boxes: NDArray[np.int32], side: int) -> Rows:
    """Give the letters of one row one half width, so that they change alike."""
    small, beside = _neighbours(boxes, side)
    evened = half_widths.copy()
    for place, row in zip(small, beside, strict=True):
        evened[place] = np.median(half_widths[small[row]])
    return evened


def _growth(strokes: _Strokes, amount: float) -> Rows:
    """Return by how much each piece grows to each side: a whole piece, and a whole row, alike."""
    side = max(strokes.cover.shape)
    radii = _THICKEN_RATE * amount * strokes.half_widths
    least = _HALF * min(amount, 2)
    radii = np.minimum(np.maximum(radii, least), _RADIUS_SHARE_MAX * min(max(amount, 1), 2) * side)
    is_print = strokes.boxes[:, cv2.CC_STAT_HEIGHT] <= _PRINT_SHARE_MAX * side
    is_print &= _in_rows(strokes.boxes, side)
    radii = np.where(is_print, np.minimum(radii, _PRINT_RADIUS_PX_MAX), radii)
    radii[0] = 0
    coarse = cv2.resize(strokes.distance, strokes.cover.shape[::-1], interpolation=cv2.INTER_AREA)
    limited = limited_growth(
        np.asarray(coarse, dtype=np.float32), strokes.areas, strokes.pieces, radii
    )
    small, beside = _neighbours(strokes.boxes, side)
    evened = limited.copy()
    for place, row in zip(small, beside, strict=True):
        evened[place] = limited[small[row]].min()
    return evened


def _grown(strokes: _Strokes, radii: Rows) -> Rows:
    covered = strokes.pieces > 0
    places = np.arange(covered.size)
    near = strokes.pieces.reshape(-1)[nearest_of(covered, places)].reshape(covered.shape)
    radius = radii[near]
    grown = np.maximum(_drawn(strokes.distance, _fine(radius)), strokes.cover)
    return np.where(radius > 0, grown, strokes.cover)


def _worn(strokes: _Strokes, radii: Rows) -> Rows:
    """Return what is left of the strokes; where they are much thinner than elsewhere, all is."""
    radius = _fine(np.maximum(radii, 0)[strokes.pieces])
    kept_apart = depth_of(strokes.distance >= -radius) / 2
    lost = (strokes.distance < -_HALF / 2) & (kept_apart > radius + _HALF)
    labels, boxes = pieces_of(lost, connectivity=8)
    furthest = largest_of(
        (kept_apart - radius).astype(np.float32), labels, np.flatnonzero(lost), len(boxes)
    )
    # What is near is a corner, and a corner moves with the strokes that meet in it.
    is_thin = furthest > _CORNER_RADII_MAX * float(radius.max()) + _EDGE_PX
    # A stroke that tapers is spared gradually: its neck would be cut.
    room = _TAPER_RADII * 2 * float(radius.max()) + _EDGE_PX
    size = 2 * int(room) + 1
    thin = cv2.dilate(is_thin[labels].view(np.uint8), np.ones((size, size), dtype=np.uint8))
    spared = np.asarray(cv2.GaussianBlur(thin.astype(np.float32), (0, 0), room / 2))
    worn = _drawn(strokes.distance, -radius * (1 - np.minimum(2 * spared, 1)))
    return np.where(radii[strokes.pieces] > 0, np.minimum(worn, strokes.cover), strokes.cover)


def _fine(rows: Rows) -> Rows:
    return np.asarray(rows.astype(np.float32).repeat(2, axis=0).repeat(2, axis=1))


def _drawn(distance: Rows, radius: Rows) -> Rows:
    """Return how much of each pixel lies nearer to the strokes than a radius."""
    cover = (_HALF + 2 * (radius - distance)).clip(0, 1).astype(np.float32)
    size = (distance.shape[1] // 2, distance.shape[0] // 2)
    return np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
