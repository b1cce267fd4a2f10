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
from services.refinement.engines.local.hairlines import distance_to_lines
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    nearest_of,
    nearest_of_both_sides,
    pieces_of,
)
from services.refinement.engines.local.mitres import wedges
from services.refinement.engines.local.operations import Weight
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import (
    Planes,
    added_up,
    largest_part,
    premultiplied,
    straight,
)
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.seeds import Seeds, find_seeds

Rows: TypeAlias = NDArray[np.float32]

_NO_LINES: Final = "there are no lines or letters in the picture"
_DISAPPEAR: Final = "the lines would disappear"
_NOISY: Final = "the picture is too noisy to make its lines thinner"
_EDGE_PX: Final = 2
_FAINTEST_COVER: Final = 0.05
_HALF: Final = 0.5
_FULL: Final = np.float32(255)
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
_WELL_EXPLAINED: Final = 0.03
_CONTINUED: Final = (49, 49)
_ALIKE: Final = 0.16
_SIDES_PX: Final = (2, 4, 6)
_SAME: Final = 0.002
_ROW_LETTERS_MIN: Final = 3
_PIECES_MAX: Final = 600
_LETTER_SHARE_MAX: Final = 0.2
_ROW_TOLERANCE: Final = 0.35
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


def change_weight(pixels: Pixels, operation: Weight, reading: Reading | None) -> Pixels:
    """Make the strokes of RGBA pixels, read as said, thicker or thinner.

    Raises:
        NotApplicable: there are no strokes, or they would disappear or be frayed.
    """
    strokes = _find_strokes(pixels, reading, operation.amount)
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
        worn, sources = _worn(strokes, radii)
        after = worn.reshape(-1)[strokes.places]
        part = ((before - after) / np.maximum(before, 1e-3)).clip(0, 1)
        at_corner = np.flatnonzero(sources[strokes.places] >= 0)
        seen = sources[strokes.places[at_corner]]
        strokes.outer[at_corner] = premultiplied(pixels.reshape(-1, 4)[seen])
        values += part[:, None] * (strokes.outer - values)
    changed = part > _LEAST_CHANGE
    result = pixels.copy()
    result.reshape(-1, 4)[strokes.places[changed]] = straight(values[changed].clip(0, 1))
    return result


def _find_strokes(pixels: Pixels, reading: Reading | None, amount: float) -> _Strokes:
    side = max(pixels.shape[:2])
    found = _continued(pixels, find_seeds(pixels, reading))
    seeds = found.narrow | found.ridges
    if not found.strong.any() or not found.others.any() or seeds.mean() > _STROKE_SHARE_MAX:
        raise NotApplicable(reason=_NO_LINES)
    if found.is_noisy and amount < 0:
        # Thinner lines would end in the ripples that are taken for a part of them.
        raise NotApplicable(reason=_NOISY)
    reach = int(_RADIUS_SHARE_MAX * side * min(max(abs(amount), 1), 2)) + _EDGE_PX + 1
    near = cv2.dilate(seeds.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8))
    places = np.flatnonzero(near)
    share, solid_share, inner, outer = _shares_near(pixels, found, places)
    cover = np.zeros(seeds.shape, dtype=np.float32)
    cover.reshape(-1)[places] = share
    solid = np.zeros(seeds.shape, dtype=np.float32)
    solid.reshape(-1)[places] = solid_share
    pieces, boxes = pieces_of(cover > _FAINTEST_COVER, connectivity=8)
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
    )


def _shares_near(
    pixels: Pixels, found: Seeds, places: NDArray[np.intp]
) -> tuple[Rows, Rows, Planes, Planes]:
    """Explain the pixels near strokes as mixes of a stroke's colour and that of what is beside it.

    Returns:
        How much of each the stroke covers; the same, but all where it runs into an area of its
        colour; the colour of the stroke; and the other.
    """
    values = premultiplied(pixels.reshape(-1, 4)[places])
    inner = _colours_near(pixels, found.strong, places)
    outer = _colours_near(pixels, found.others, places)
    share, error = _share(values, inner, outer)
    _try_other_sides(pixels, found.others, places, (values, inner, outer, share, error))
    # What is no mix of the two lies between two strokes, and belongs to both.
    share[error > _UNEXPLAINED] = 1
    seeds = (found.narrow | found.ridges).view(np.uint8)
    edge = cv2.dilate(seeds, _KERNEL, iterations=_EDGE_PX)
    # Where a slanting line has hardly a pixel of its own, its soft edge lies further away.
    further = cv2.dilate(edge, _KERNEL).reshape(-1)[places] > 0
    is_edge = edge.reshape(-1)[places] > 0
    share[~(is_edge | (further & (error <= _WELL_EXPLAINED)))] = 0
    share[found.others.reshape(-1)[places]] = 0
    share[found.narrow.reshape(-1)[places]] = 1
    # Where a stroke runs into an area of its colour, it has no end.
    is_endless = is_edge & (largest_part(np.abs(inner - outer)) < _SAME**_HALF)
    return share, np.where(is_endless, np.float32(1), share), inner, outer


def _continued(pixels: Pixels, found: Seeds) -> Seeds:
    """Follow strokes to where they are too thin for a flat area, and no ridge either.

    A line between two colours is no ridge; recognised in part it would be frayed.
    """
    if not found.strong.any():
        return found
    seeds = found.narrow | found.ridges
    open_places = ~seeds & ~found.others
    ridges = found.ridges.copy()
    near = cv2.dilate(seeds.view(np.uint8), np.ones(_CONTINUED, dtype=np.uint8)) > 0
    places = np.flatnonzero(open_places & near)
    if not places.size:
        return found
    values = premultiplied(pixels.reshape(-1, 4)[places])
    inner = _colours_near(pixels, found.strong, places)
    alike = largest_part(np.abs(values - inner)) <= _ALIKE
    candidates = np.zeros(seeds.shape, dtype=np.bool_)
    candidates.reshape(-1)[places[alike]] = True
    # The soft rim of an area in the stroke's colour is no stroke.
    solid = np.zeros(seeds.shape, dtype=np.bool_)
    others = np.flatnonzero(found.others & near)
    ink = _colours_near(pixels, found.strong, others)
    shown = premultiplied(pixels.reshape(-1, 4)[others])
    solid.reshape(-1)[others[largest_part(np.abs(shown - ink)) <= _ALIKE]] = True
    candidates &= cv2.dilate(solid.view(np.uint8), np.ones((7, 7), dtype=np.uint8)) == 0
    labels, boxes = pieces_of(candidates | seeds, connectivity=8)
    is_stroke = np.bincount(labels[seeds], minlength=len(boxes)) > 0
    is_stroke[0] = False
    ridges |= candidates & is_stroke[labels]
    return msgspec.structs.replace(found, ridges=ridges)


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


def _share(values: Planes, inner: Planes, outer: Planes) -> tuple[Rows, Rows]:
    """Return how much of each value is the inner colour, and what the mix leaves unexplained.

    Where both colours are the same, all is inner, and explained.
    """
    line = inner - outer
    length = added_up(line * line)
    along = added_up((values - outer) * line) / np.maximum(length, 1e-4)
    share = along.clip(0, 1)
    error = largest_part(np.abs(outer + share[:, None] * line - values))
    is_same = length < _SAME
    return (
        np.where(is_same, 1, share).astype(np.float32),
        np.where(is_same, 0, error).astype(np.float32),
    )


def _try_other_sides(
    pixels: Pixels,
    others: Mask,
    places: NDArray[np.intp],
    mixes: tuple[Planes, Planes, Planes, Rows, Rows],
) -> None:
    """Explain what the nearest surroundings do not by those on another side of the stroke.

    A line between two colours has a soft edge to either, and the further one is the right one for
    a half of its pixels.

    Args:
        pixels: RGBA.
        others: what is no stroke.
        places: the pixels to explain.
        mixes: their values, inner and outer colours, shares and errors; the last three are changed.
    """
    values, inner, outer, share, error = mixes
    open_places = np.flatnonzero(error > _WELL_EXPLAINED)
    height, width = others.shape
    rows, columns = np.divmod(places[open_places], width)
    flat = pixels.reshape(-1, 4)
    for away in _SIDES_PX:
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
            spots = (rows + away * down).clip(0, height - 1) * width
            spots += (columns + away * right).clip(0, width - 1)
            is_other = others.reshape(-1)[spots]
            tried = open_places[is_other]
            beyond = premultiplied(flat[spots[is_other]])
            trial, left = _share(values[tried], inner[tried], beyond)
            better = left < error[tried]
            chosen = tried[better]
            outer[chosen], share[chosen], error[chosen] = (
                beyond[better],
                trial[better],
                left[better],
            )


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


def _worn(strokes: _Strokes, radii: Rows) -> tuple[Rows, NDArray[np.int32]]:
    """Return what is left of the strokes; where they are much thinner than elsewhere, all is.

    And for pixels at sharp corners the place of the one that shows what they enclose, else -1.
    """
    radius = _fine(np.maximum(radii, 0)[strokes.pieces])
    _spare_thin(strokes.distance, radius)
    at_corners, sources = wedges(strokes.distance, radius)
    worn = _drawn(strokes.distance, np.negative(radius, out=radius), at_corners)
    left = np.where(radii[strokes.pieces] > 0, np.minimum(worn, strokes.cover), strokes.cover)
    rows, columns = np.divmod(sources[::2, ::2].reshape(-1), sources.shape[1])
    places = rows // 2 * (sources.shape[1] // 2) + columns // 2
    return left, np.where(rows < 0, -1, places).astype(np.int32)


def _spare_thin(distance: Rows, radius: Rows) -> None:
    """Lower the radii where strokes are so much thinner than elsewhere that they would go."""
    widest = float(radius.max())
    kept_apart = depth_of(distance >= -radius)
    kept_apart /= 2
    lost = (distance < -_HALF / 2) & (kept_apart > radius + _HALF)
    places = np.flatnonzero(lost)
    excess = kept_apart.reshape(-1)[places] - radius.reshape(-1)[places]
    del kept_apart
    labels, boxes = pieces_of(lost, connectivity=8)
    furthest = np.zeros(len(boxes), dtype=np.float32)
    np.maximum.at(furthest, labels.reshape(-1)[places], excess)
    # What is near is a corner, and a corner moves with the strokes that meet in it.
    is_thin = furthest > _CORNER_RADII_MAX * widest + _EDGE_PX
    if not is_thin.any():
        return
    # A stroke that tapers is spared gradually: its neck would be cut.
    room = _TAPER_RADII * 2 * widest + _EDGE_PX
    size = 2 * int(room) + 1
    thin = cv2.dilate(is_thin[labels].view(np.uint8), np.ones((size, size), dtype=np.uint8))
    del labels
    spared = np.asarray(cv2.GaussianBlur(thin.astype(np.float32), (0, 0), room / 2))
    spared *= 2
    np.minimum(spared, 1, out=spared)
    radius *= np.subtract(1, spared, out=spared)


def _fine(rows: Rows) -> Rows:
    return np.asarray(rows.astype(np.float32).repeat(2, axis=0).repeat(2, axis=1))


def _drawn(distance: Rows, radius: Rows, without: NDArray[np.uint8] | None = None) -> Rows:
    """Return how much of each pixel lies nearer to the strokes than a radius.

    Args:
        distance: of each half pixel from the strokes.
        radius: how far from them to draw.
        without: how much of each half pixel not to, in levels of 255.
    """
    cover = np.subtract(radius, distance)
    cover *= 2
    cover += _HALF
    np.clip(cover, 0, 1, out=cover)
    if without is not None:
        spots = np.flatnonzero(without)
        free = 1 - without.reshape(-1)[spots].astype(np.float32) / _FULL
        cover.reshape(-1)[spots] = np.minimum(cover.reshape(-1)[spots], free)
    size = (distance.shape[1] // 2, distance.shape[0] // 2)
    return np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
