"""Changes how contours run: rounds the corners of large shapes, evens out ragged edges."""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.canvas import upscaled
from services.refinement.engines.local.distances import signed_distance
from services.refinement.engines.local.layers import composed, split
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
    pieces_of,
    spread_of,
    strongest,
)
from services.refinement.engines.local.operations import Roundness, Smoothness
from services.refinement.engines.local.palette import Pixels, find_palette
from services.refinement.engines.local.planes import premultiplied, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.refusals import NotApplicable

Rows: TypeAlias = NDArray[np.float32]

NO_CORNERS: Final = "there are no corners to round"
_NO_CONTOURS: Final = "there are no ragged edges to even out"
_HALF: Final = 0.5
RADIUS_SHARE: Final = 0.03
RADIUS_PER_HALF_WIDTH: Final = 0.6
RADIUS_PX_MIN: Final = 1.5
# Only shapes at least this thick, in shares of the side, are rounded: letters are not.
THICK_SHARE_MIN: Final = 0.035
_SHAPES_MAX: Final = 8
# What an opening takes from a corner is small, and joins the rest along most of an arc; what it
# takes from a handle or a stem is long, or joins the rest along its own width.
_CORNER_AREA_MAX: Final = 2.4
_CORNER_CONTACT_MIN: Final = 1.1
_SMALLER_ARC: Final = 0.55
_LOST_MAX: Final = 0.06
_TRIES_MAX: Final = 3
_SLACK: Final = 1.0
# A rough distance may be wrong by so much, and a contour is found by what is so near to it.
_ROUGHLY: Final = 0.95
_ROUGH_PX: Final = 6.0
# So far beyond the tip of a shape its soft edge may reach.
_RESIDUE_PX: Final = 6
_MEETING_REACH: Final = 0.6
_MEETING_RANGE: Final = 36
_EXPOSED_PX: Final = 3
_UNDER_SIGMA_PX: Final = 2.5
_FAINTEST_COVER: Final = 0.03
_STAIRS_MIN: Final = 24
_SIGMA_SHARE: Final = 0.006
_SIGMA_PX_MIN: Final = 1.2
_SIGMA_PX_MAX: Final = 12.0
_THICK_SIGMAS: Final = 3.0
_RAGGED_SIGMAS: Final = 1.0
_REACH_SIGMAS: Final = 2.0
_EDGE_RANGE_MIN: Final = 30
_FLAT_RANGE: Final = 10
_CLASSES_MAX: Final = 8
_CODE_BITS: Final = 5
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


def round_silhouettes(pixels: Pixels, operation: Roundness, reading: Reading | None) -> Pixels:
    """Round the corners that large shapes in RGBA pixels, read as said, show to the background.

    Raises:
        NotApplicable: the background is not of one colour, or there are no corners.
    """
    layers = split(pixels, reading)
    amount = abs(operation.amount)
    side = max(pixels.shape[:2])
    solid = layers.coverage >= _HALF
    labels, boxes = pieces_of(solid, connectivity=8)
    depth = depth_of(np.pad(solid, 1))[1:-1, 1:-1]
    thickness = largest_of(depth, labels, np.flatnonzero(solid), len(boxes))
    large = [
        int(shape)
        for shape in np.argsort(-thickness, kind="stable")[:_SHAPES_MAX]
        if shape and thickness[shape] >= THICK_SHARE_MIN * side
    ]
    coverage = layers.coverage.copy()
    for shape in large:
        limit = RADIUS_PER_HALF_WIDTH * float(thickness[shape])
        radius = min(RADIUS_SHARE * amount * side, limit)
        if radius < RADIUS_PX_MIN:
            continue
        left, top, width, height = (int(part) for part in boxes[shape, :4])
        room = int(radius) + 2
        window = (
            slice(max(0, top - room), top + height + room),
            slice(max(0, left - room), left + width + room),
        )
        own = cv2.dilate((labels[window] == shape).view(np.uint8), _KERNEL, iterations=_RESIDUE_PX)
        own[(labels[window] > 0) & (labels[window] != shape)] = 0
        before = np.where(own, layers.coverage[window], 0).astype(np.float32)
        coverage[window] += _allowed(before, layers.cutout[window], radius)
    coverage = coverage.clip(0, 1)
    if np.abs(coverage - layers.coverage).max() < _HALF:
        raise NotApplicable(reason=NO_CORNERS)
    return composed(_covered_anew(layers.cutout, layers.coverage, coverage), layers.ground)


def even_contours(pixels: Pixels, operation: Smoothness) -> Pixels:
    """Even out the ragged edges of RGBA pixels.

    Each colour's area is blurred and the strongest wins: contours follow the mean of their bends.
    What is thin compared with the blur stays as it is, and so do true corners.

    Raises:
        NotApplicable: there are no such edges.
    """
    amount = abs(operation.amount)
    block = _block_side(pixels)
    if block > 1:
        return upscaled(np.ascontiguousarray(pixels[::block, ::block]), block)
    side = max(pixels.shape[:2])
    sigma = min(max(_SIGMA_SHARE * amount * side, _SIGMA_PX_MIN), _SIGMA_PX_MAX)
    labels, count = _labels(pixels)
    spread = spread_of(pixels)
    allowed = _near_edges(spread, sigma) & ~_near_narrow(pixels, labels, count, sigma)
    places = np.flatnonzero(allowed)
    if not places.size:
        raise NotApplicable(reason=_NO_CONTOURS)
    flat = spread <= _FLAT_RANGE
    rows = pixels.reshape(-1, 4)
    best = np.zeros((2, len(places)), dtype=np.float32)
    colours = np.zeros((2, len(places), 4), dtype=np.float32)
    for label in range(count):
        own = labels == label
        sources = own & flat
        if not sources.any():
            continue
        blurred = cv2.GaussianBlur(own.astype(np.float32), (0, 0), sigma)
        share = blurred.reshape(-1)[places]
        colour = premultiplied(rows[nearest_of(sources, places)])
        wins, second = share > best[0], (share > best[1]) & (share <= best[0])
        best[1][wins], colours[1][wins] = best[0][wins], colours[0][wins]
        best[0][wins], colours[0][wins] = share[wins], colour[wins]
        best[1][second], colours[1][second] = share[second], colour[second]
    # As steep as an anti-aliased edge: from one half to whole within half a pixel.
    part = (_HALF + 1.25 * sigma * (best[0] - best[1])).clip(_HALF, 1)[:, None]
    mixed = colours[0] * part + colours[1] * (1 - part)
    mixed = np.where((best[1] > 0)[:, None], mixed, colours[0])
    seen = best[0] > 0
    result = pixels.copy()
    result.reshape(-1, 4)[places[seen]] = straight(mixed[seen])
    return result


def _allowed(before: Rows, cutout: Pixels, radius: float) -> Rows:
    """Return what rounding changes; a corner that has no room for an arc gets a smaller one."""
    change, radius = gently_rounded(before, radius)
    refused = _is_between_parts(change, cutout, before, radius)
    change[refused] = 0
    if refused.any():
        after = before + change
        smaller = rounding(after, _SMALLER_ARC * radius)
        smaller[_is_between_parts(smaller, cutout, after, _SMALLER_ARC * radius)] = 0
        change += smaller
    return change


def gently_rounded(coverage: Rows, radius: float) -> tuple[Rows, float]:
    """Return what rounding changes, and its radius: less where it would cost a star its points."""
    change = rounding(coverage, radius)
    for _ in range(_TRIES_MAX):
        if float(-change.clip(max=0).sum()) <= _LOST_MAX * float(coverage.sum()):
            break
        radius *= _SMALLER_ARC
        change = rounding(coverage, radius)
    return change, radius


def rounding(coverage: Rows, radius: float) -> Rows:
    """Return what rounding adds to a coverage and takes, convex corners first, then concave."""
    room = int(radius) + 2
    before = cv2.copyMakeBorder(coverage, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    opened = _without_corners(np.asarray(before, dtype=np.float32), radius)
    after = 1 - _without_corners(1 - opened, radius)
    return np.asarray((after - before)[room:-room, room:-room], dtype=np.float32)


def _without_corners(cover: Rows, radius: float) -> Rows:
    solid = cover >= _HALF
    # What lies about so deep is drawn again, and nothing else.
    band = {"reach": radius + _SLACK, "beyond": _ROUGHLY * radius - _ROUGH_PX}
    distance = signed_distance(cover - np.float32(_HALF), **band)
    if -distance.min() < radius:
        return cover
    away = signed_distance(-distance - np.float32(radius), **band)
    opened = (radius + _HALF - away).clip(0, 1)
    lost = solid & (opened < _HALF)
    labels, boxes = pieces_of(lost, connectivity=8)
    beside_rest = cv2.dilate((solid & ~lost).view(np.uint8), _KERNEL).astype(np.bool_)
    contact = np.bincount(labels[beside_rest], minlength=len(boxes))
    is_corner = (boxes[:, cv2.CC_STAT_AREA] <= _CORNER_AREA_MAX * radius**2) & (
        contact >= np.minimum(_CORNER_CONTACT_MIN * radius, _contact_of(boxes))
    )
    is_corner[0] = False
    corners = is_corner[labels].view(np.uint8)
    zone = cv2.dilate(corners, _KERNEL, iterations=_RESIDUE_PX).astype(np.bool_)
    zone &= ~(lost & ~is_corner[labels])
    kept: Rows = np.where(zone, np.minimum(cover, opened), cover).astype(np.float32)
    return kept


def _contact_of(boxes: NDArray[np.int32]) -> Rows:
    """Return the contact that a flat corner has: as long as the piece itself."""
    longest = np.maximum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    return (0.8 * longest).astype(np.float32)


def _is_between_parts(change: Rows, cutout: Pixels, coverage: Rows, radius: float) -> Mask:
    """Find changes where parts of unlike colours meet, whose corner is none of one shape.

    Filling it would have to take a side, and cutting it off would break the line around a shape.
    """
    between = np.zeros(change.shape, dtype=np.bool_)
    solid = np.where(coverage >= 1 - 1 / 255, np.uint8(255), np.uint8(0))[..., None]
    lights, darks = cutout[..., :3] & solid, cutout[..., :3] | ~solid
    for part, reach in ((change > 0, radius * _MEETING_REACH), (change < 0, _EXPOSED_PX)):
        if not part.any():
            continue
        kernel = np.ones((2 * int(reach) + 3, 2 * int(reach) + 3), dtype=np.uint8)
        high, low = cv2.dilate(lights, kernel), cv2.erode(darks, kernel)
        varied = strongest(np.asarray(cv2.subtract(high, low))) > _MEETING_RANGE
        labels, boxes = pieces_of(part, connectivity=8)
        is_between = np.bincount(labels[varied], minlength=len(boxes)) > 0
        is_between[0] = False
        between |= is_between[labels]
    return between


def _covered_anew(cutout: Pixels, before: Rows, after: Rows) -> Pixels:
    """Give a cut-out another coverage; what is newly covered takes the nearest colour."""
    changed = np.flatnonzero(np.abs(after - before) > 1 / 255)
    result = cutout.copy()
    solid = before >= 1 - 1 / 255
    flat = result.reshape(-1, 4)
    new, old = after.reshape(-1)[changed], before.reshape(-1)[changed]
    if solid.any():
        grown = new > old
        flat[changed[grown], :3] = cutout.reshape(-1, 4)[nearest_of(solid, changed[grown]), :3]
    alpha = flat[changed, 3].astype(np.float32) / 255
    shrunk = alpha * new / np.maximum(old, 1e-3)
    total = np.where(new > old, np.maximum(alpha, new), np.minimum(shrunk, alpha))
    flat[changed, 3] = (total * 255 + 0.5).clip(0, 255).astype(np.uint8)
    outside = before <= 1 / 255
    if outside.any():
        # Where a corner goes, the shadow beside it is to be seen.
        lost = changed[(new < old) & (total < 1)]
        beside = cutout.reshape(-1, 4)[nearest_of(outside, lost)]
        beside[:, 3] = _evened(cutout[..., 3], outside, lost, beside[:, 3])
        under, over = premultiplied(beside), premultiplied(flat[lost])
        flat[lost] = straight(over + under * (1 - over[:, 3:]))
    return result


def _evened(
    alpha: NDArray[np.uint8], outside: Mask, lost: NDArray[np.intp], nearest: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return the alpha of a shadow beneath lost corners, without seams where two sides meet.

    Args:
        alpha: of the cut-out.
        outside: where the logo covers nothing.
        lost: the places of the corners.
        nearest: the alpha of what lies outside nearest to each.
    """
    weight = outside.astype(np.float32)
    known = alpha * weight
    weight.reshape(-1)[lost] = 1
    known.reshape(-1)[lost] = nearest
    total, weights = (
        np.asarray(cv2.GaussianBlur(part, (0, 0), _UNDER_SIGMA_PX)).reshape(-1)[lost]
        for part in (known, weight)
    )
    evened: NDArray[np.uint8] = (total / np.maximum(weights, _FAINTEST_COVER) + _HALF).clip(0, 255)
    return evened.astype(np.uint8)


def _block_side(pixels: Pixels) -> int:
    """Return the side of the squares of one colour that a picture is made of, 1 for most.

    Pictures enlarged by repeating pixels have such squares; their stairs have to be drawn anew.
    """
    across = (pixels[:, 1:] != pixels[:, :-1]).any(axis=(0, 2))
    down = (pixels[1:] != pixels[:-1]).any(axis=(1, 2))
    places = [*np.flatnonzero(across) + 1, *np.flatnonzero(down) + 1, *pixels.shape[:2]]
    # A few straight lines may lie on even places by chance.
    return int(np.gcd.reduce(np.array(places))) if len(places) >= _STAIRS_MIN else 1


def _labels(pixels: Pixels) -> tuple[NDArray[np.uint8], int]:
    """Return each pixel's colour of the palette, the last being transparency, and their count."""
    palette = find_palette(pixels)
    order = np.argsort(-palette.shares, kind="stable")[:_CLASSES_MAX]
    colours = palette.colours[order]
    steps = (np.arange(1 << _CODE_BITS, dtype=np.float32) + _HALF) / (1 << _CODE_BITS)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = ((cube[:, None] - colours[None]) ** 2).sum(axis=-1).argmin(axis=1).astype(np.uint8)
    keys = (pixels[..., :3] >> (8 - _CODE_BITS)).astype(np.int32)
    codes = (keys[..., 0] << (2 * _CODE_BITS)) | (keys[..., 1] << _CODE_BITS) | keys[..., 2]
    labels = nearest[codes]
    labels[pixels[..., 3] < 128] = len(colours)  # noqa: PLR2004
    return labels, len(colours) + 1


def _near_edges(spread: NDArray[np.uint8], sigma: float) -> Mask:
    reach = 2 * int(_REACH_SIGMAS * sigma) + 1
    edges = (spread >= _EDGE_RANGE_MIN).view(np.uint8)
    return cv2.dilate(edges, np.ones((reach, reach), dtype=np.uint8)).astype(np.bool_)


def _near_narrow(pixels: Pixels, labels: NDArray[np.uint8], count: int, sigma: float) -> Mask:
    """Say where an area is too narrow to be blurred, or ends in a true corner."""
    inside = np.ones(labels.shape, dtype=np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    core = depth_of(inside.astype(np.bool_)) >= _THICK_SIGMAS * sigma
    # A pixel of a soft edge may have the colour of a third area, but is never an extreme.
    shades = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGBA2GRAY))
    narrow = (shades >= cv2.dilate(shades, _KERNEL)) | (shades <= cv2.erode(shades, _KERNEL))
    reach = (_THICK_SIGMAS + _RAGGED_SIGMAS) * sigma + 1
    for label in range(count):
        own = core & (labels == label)
        if own.any():
            away = depth_of(~own)
            narrow &= (labels != label) | (away > reach)
    size = 2 * int(_REACH_SIGMAS * sigma) + 1
    return cv2.dilate(narrow.view(np.uint8), np.ones((size, size), dtype=np.uint8)).astype(np.bool_)
