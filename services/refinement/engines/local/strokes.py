"""Makes lines and letters thicker or thinner: what is narrow in a picture, and not its large areas.

A stroke is a narrow flat area, or the ridge of a line too thin to have one. How much of each pixel
a stroke covers is dilated or eroded at twice the size, so that soft edges stay soft.
"""

from typing import Any, Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import membership, to_lab, to_lch
from services.refinement.engines.local.ground import Ground, distance_from, find_ground
from services.refinement.engines.local.holes import is_background
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
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
_FLAT_RANGE: Final = 10
# A stroke's half width, at most, in shares of the picture's side.
_HALF_WIDTH_SHARE: Final = 0.024
_HALF_WIDTH_PX_MIN: Final = 3.0
# What is wider than this share of the side is a stroke only if it is so many times as long.
_SLIGHT_SHARE: Final = 0.01
_LENGTH_PER_WIDTH: Final = 4.0
_THICK_BESIDE_MIN: Final = 1.0
_RIDGE_LEVELS_MIN: Final = 40
_NEARBY_PX: Final = 11
_STRONG_SHARE_MIN: Final = 0.9
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
# Radii in pixels of the picture at twice its size.
_RADII: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# How much of the room between two strokes they may take.
_ROOM_SHARE: Final = 0.4
_GAP_KEPT_PX: Final = 0.8
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

    `cover` is how much of each pixel they cover, `behind` the ground, `half_widths` are in pixels.
    `places` are the pixels near strokes; `inner` and `outer` the colours that the nearest stroke
    and its surroundings have there.
    """

    cover: Rows
    behind: Mask
    pieces: NDArray[np.int32]
    boxes: NDArray[np.int32]
    half_widths: Rows
    places: NDArray[np.intp]
    inner: Planes
    outer: Planes


class _Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """What strokes are found by.

    `narrow` are flat areas, `ridges` the middles of thinner lines, `strong` both as far as their
    colour is pure; `others` are the flat areas that are no strokes, `behind` the ground.
    """

    narrow: Mask
    ridges: Mask
    strong: Mask
    others: Mask
    behind: Mask


def change_weight(pixels: Pixels, operation: Weight) -> Pixels:
    """Make the strokes of RGBA pixels thicker or thinner.

    Raises:
        NotApplicable: there are no strokes, or they would disappear.
    """
    strokes = _find_strokes(pixels, abs(operation.amount))
    chosen = _chosen(strokes, operation.scope)
    if operation.amount > 0:
        radii = _growth(strokes, operation.amount, max(pixels.shape[:2]))
    else:
        radii = _THIN_RATE * -operation.amount * strokes.half_widths
        radii = np.minimum(radii, strokes.half_widths - _THINNEST_HALF_WIDTH_PX)
    steps = np.searchsorted(_RADII, 2 * radii + 0.25, side="right")
    steps = np.where(chosen, steps, 0)
    if not steps.any():
        raise NotApplicable(reason=_DISAPPEAR if operation.amount < 0 else _NO_LINES)
    before = strokes.cover.reshape(-1)[strokes.places]
    values = premultiplied(pixels.reshape(-1, 4)[strokes.places])
    if operation.amount > 0:
        grown = _capped(_dilated(strokes, steps), strokes)
        after = grown.reshape(-1)[strokes.places]
        part = ((after - before) / np.maximum(1 - before, 1e-3)).clip(0, 1)
        values += part[:, None] * (strokes.inner - values)
    else:
        eroded = _eroded(strokes, steps)
        after = np.minimum(eroded.reshape(-1)[strokes.places], before)
        part = ((before - after) / np.maximum(before, 1e-3)).clip(0, 1)
        values += part[:, None] * (strokes.outer - values)
    changed = part > 0
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
    flat = pixels.reshape(-1, 4)
    values = premultiplied(flat[places])
    inner = premultiplied(flat[nearest_of(found.strong, places)])
    outer = premultiplied(flat[nearest_of(found.others, places)])
    share = _share(values, inner, outer)
    edge = cv2.dilate(seeds.view(np.uint8), _KERNEL, iterations=_EDGE_PX)
    # Far from all else, a pixel between two strokes of unlike colours is no edge of either.
    open_sided = cv2.dilate(found.others.view(np.uint8), _KERNEL, iterations=_EDGE_PX + 1)
    share[open_sided.reshape(-1)[places] == 0] = 1
    share[edge.reshape(-1)[places] == 0] = 0
    share[found.others.reshape(-1)[places]] = 0
    share[found.narrow.reshape(-1)[places]] = 1
    cover = np.zeros(seeds.shape, dtype=np.float32)
    cover.reshape(-1)[places] = share
    pieces, boxes = pieces_of(cover > _FAINTEST_COVER, connectivity=8)
    return _Strokes(
        cover=cover,
        behind=found.behind,
        pieces=pieces,
        boxes=boxes,
        half_widths=_evened(_half_widths(cover, pieces, len(boxes)), boxes, side),
        places=places,
        inner=inner,
        outer=outer,
    )


def _seeds(pixels: Pixels) -> _Seeds:
    half_width = max(_HALF_WIDTH_SHARE * max(pixels.shape[:2]), _HALF_WIDTH_PX_MIN)
    # Under little alpha, colours may differ as they like.
    plain = pixels if (pixels[..., 3] == _OPAQUE).all() else _shown(pixels)
    spread = spread_of(plain)
    flat: Mask = spread <= _FLAT_RANGE
    depth = depth_of(flat)
    core = depth >= half_width - 1
    thick = np.zeros_like(flat)
    if core.any():
        away = depth_of(~core)
        thick = flat & (away <= half_width)
    ground = _ground_of(pixels)
    levels = distance_from(pixels, ground)
    behind = is_background(levels <= ground.tolerance)
    narrow = _narrow(flat & ~behind, thick, behind)
    ridges = ~flat & ~behind & (levels >= cv2.dilate(levels, _KERNEL))
    ridges &= levels >= _RIDGE_LEVELS_MIN
    around = cv2.dilate(levels, np.ones((_NEARBY_PX, _NEARBY_PX), dtype=np.uint8))
    # The ridge that a gradient or blurring leaves along an area is no line.
    areas = (flat & ~behind & ~narrow).view(np.uint8)
    ridges &= ~cv2.dilate(areas, _KERNEL, iterations=_EDGE_PX).astype(np.bool_)
    strong = narrow | (ridges & (levels >= _STRONG_SHARE_MIN * around))
    others: Mask = (flat & ~narrow) | behind
    return _Seeds(narrow=narrow, ridges=ridges, strong=strong, others=others, behind=behind)


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


def _narrow(flat: Mask, thick: Mask, behind: Mask) -> Mask:
    """Find the flat areas that are strokes.

    Neither are the tips and waists of thick areas, nor what is as long as it is wide, nor the gaps
    between strokes, which have nothing thick beside them.
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
    thick_beside = np.bincount(beside[large], minlength=count)
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


def _half_widths(cover: Rows, pieces: NDArray[np.int32], count: int) -> Rows:
    """Return each piece's half width in pixels: a typical one, not that of its thickest spot."""
    fine = cv2.resize(cover, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    solid = (fine >= _HALF).astype(np.uint8)
    depth = depth_of(solid.astype(np.bool_)) / 2
    middle = np.flatnonzero((depth >= cv2.dilate(depth, _KERNEL)) & (solid > 0))
    rows, columns = np.divmod(middle, fine.shape[1])
    owner = pieces[rows // 2, columns // 2]
    sums = np.bincount(owner, weights=depth.reshape(-1)[middle], minlength=count)
    counts = np.bincount(owner, minlength=count)
    half_widths: Rows = (sums / np.maximum(counts, 1)).astype(np.float32)
    # A piece that nowhere covers half a pixel is a hairline.
    return np.where(counts > 0, half_widths, _HALF / 2).astype(np.float32)


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


def _growth(strokes: _Strokes, amount: float, side: int) -> Rows:
    radii = _THICKEN_RATE * amount * strokes.half_widths
    radii = np.minimum(np.maximum(radii, _HALF), _RADIUS_SHARE_MAX * min(max(amount, 1), 2) * side)
    is_print = strokes.boxes[:, cv2.CC_STAT_HEIGHT] <= _PRINT_SHARE_MAX * side
    limited: Rows = np.where(is_print, np.minimum(radii, _PRINT_RADIUS_PX_MAX), radii)
    return limited.astype(np.float32)


def _dilated(strokes: _Strokes, steps: NDArray[np.intp]) -> Rows:
    grown = strokes.cover.copy()
    for step in np.unique(steps[steps > 0]):
        own = steps == step
        window = _window(strokes, own, _RADII[step - 1])
        cover = np.where(own[strokes.pieces[window]], strokes.cover[window], 0)
        large = cv2.dilate(_doubled(cover), _disc(_RADII[step - 1]))
        np.maximum(grown[window], _halved(np.asarray(large)), out=grown[window])
    return grown


def _eroded(strokes: _Strokes, steps: NDArray[np.intp]) -> Rows:
    """Erode the pieces; where a stroke runs into an area of its colour, it has no end there."""
    solid = strokes.cover.copy()
    same = np.abs(strokes.inner - strokes.outer).max(axis=-1) < _SAME**_HALF
    solid.reshape(-1)[strokes.places[same]] = 1
    worn = strokes.cover.copy()
    for step in np.unique(steps[steps > 0]):
        own = steps == step
        window = _window(strokes, own, _RADII[step - 1])
        fine = cv2.erode(_doubled(solid[window]), _disc(_RADII[step - 1]))
        small = _halved(np.asarray(fine))
        mine = own[strokes.pieces[window]]
        worn[window][mine] = small[mine]
    return worn


def _window(strokes: _Strokes, own: Mask, radius: int) -> tuple[slice, slice]:
    left, top, width, height = strokes.boxes[own, :4].T
    return (
        slice(max(0, int(top.min()) - radius), int((top + height).max()) + radius),
        slice(max(0, int(left.min()) - radius), int((left + width).max()) + radius),
    )


def _doubled(cover: Rows) -> NDArray[np.uint8]:
    levels = (cover * 255 + 0.5).astype(np.uint8)
    doubled = cv2.resize(levels, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    return np.asarray(doubled, dtype=np.uint8)


def _halved(levels: NDArray[Any]) -> Rows:
    size = (levels.shape[1] // 2, levels.shape[0] // 2)
    halved = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    return (halved / np.float32(255)).astype(np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    reach = np.arange(-radius, radius + 1)
    inside: Mask = reach[:, None] ** 2 + reach[None] ** 2 <= (radius + 0.25) ** 2
    return inside.astype(np.uint8)


def _capped(grown: Rows, strokes: _Strokes) -> Rows:
    """Leave the middle of the gaps between strokes, counters among them, as open as it was."""
    cover = strokes.cover
    distance = depth_of(cover < _HALF) - _HALF
    added = (grown > cover + _FAINTEST_COVER) & (distance > 0)
    if not added.any():
        return grown
    reach = 2 * int(distance[added].max() + 1) + 1
    kernel = np.ones((reach, reach), dtype=np.uint8)
    # A gap of the ground may have a stroke on one side only, and a large area on the other.
    depth = depth_of(strokes.behind)
    open_half = np.where(strokes.behind, np.minimum(distance, depth), distance)
    # Averaged, so that the edge of what was added is as smooth as the edge of the gap.
    gap = cv2.blur(cv2.dilate(open_half, kernel), (reach, reach))
    # What is near may be another gap; an enclosed one is never wider than itself.
    labels, boxes = pieces_of(strokes.behind, connectivity=4)
    middle = np.flatnonzero(strokes.behind & (depth >= cv2.dilate(depth, _KERNEL)))
    widest = largest_of(depth, labels, middle, len(boxes))
    widest[0] = max(cover.shape)
    nearby = cv2.dilate(labels.astype(np.float32), _KERNEL).astype(np.int32)
    gap = np.minimum(gap, widest[nearby])
    room = _ROOM_SHARE * np.maximum(gap - _GAP_KEPT_PX, 0)
    limit = (room + _HALF - distance).clip(0, 1)
    capped: Rows = np.maximum(np.minimum(grown, limit), cover)
    return capped
