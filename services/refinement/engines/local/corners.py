"""Rounds the corners of shapes: of silhouettes, and of shapes that lie inside others."""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.contours import (
    NO_CORNERS,
    RADIUS_PER_HALF_WIDTH,
    RADIUS_PX_MIN,
    RADIUS_SHARE,
    THICK_SHARE_MIN,
    gently_rounded,
    round_silhouettes,
)
from services.refinement.engines.local.keylines import share_of
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
    pieces_of,
)
from services.refinement.engines.local.operations import Roundness
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import premultiplied, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.refusals import NotApplicable

Rows: TypeAlias = NDArray[np.float32]

_SHAPES_MAX: Final = 12
# Around the corners of a shape there is one other, and no line of a third.
_ONE_NEIGHBOUR_MIN: Final = 0.97
_LETTERED_MAX: Final = 0.3
_RESIDUE_PX: Final = 4
_CHANGED: Final = 1 / 255
_SEEN: Final = 0.5
_SOLID: Final = 0.999
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


def round_corners(pixels: Pixels, operation: Roundness, reading: Reading | None) -> Pixels:
    """Round the corners of the large shapes in RGBA pixels, read as said.

    Raises:
        NotApplicable: the background is not of one colour, or there are no corners.
    """
    inner = pixels if reading is None else _inner_rounded(pixels, abs(operation.amount), reading)
    try:
        return round_silhouettes(inner, operation, reading)
    except NotApplicable as refusal:
        if inner is pixels or refusal.reason != NO_CORNERS:
            raise
        return inner


def _inner_rounded(pixels: Pixels, amount: float, reading: Reading) -> Pixels:
    """Round the shapes that lie on another shape; the same pixels if there are none."""
    cover = reading.scene.cover
    side = max(cover.shape)
    result = pixels
    for label in range(len(reading.scene.colours)):
        inside = cover == label
        labels, boxes = pieces_of(inside & ~reading.ground, connectivity=8)
        depth = depth_of(np.pad(inside, 1))[1:-1, 1:-1]
        thickness = largest_of(depth, labels, np.flatnonzero(labels), len(boxes))
        thickness[0] = 0
        share: Rows | None = None
        for shape in np.argsort(-thickness, kind="stable")[:_SHAPES_MAX]:
            if thickness[shape] < THICK_SHARE_MIN * side:
                break
            radius = min(
                RADIUS_SHARE * amount * side, RADIUS_PER_HALF_WIDTH * float(thickness[shape])
            )
            if radius < RADIUS_PX_MIN:
                continue
            share = share_of(reading, label) if share is None else share
            window = _window_of(boxes[shape], int(radius) + _RESIDUE_PX)
            own = labels[window] == shape
            neighbour = _neighbour_of(own, reading, window)
            if neighbour is None or reading.text[window][own].mean() > _LETTERED_MAX:
                continue
            near = cv2.dilate(own.view(np.uint8), _KERNEL, iterations=_RESIDUE_PX) > 0
            before = np.where(near, share[window], 0).astype(np.float32)
            change, _ = gently_rounded(before, radius)
            if np.abs(change).max() < _SEEN:
                continue
            result = pixels.copy() if result is pixels else result
            ends = before >= _SOLID, (cover[window] == neighbour) & (before <= 1 - _SOLID)
            _repaint(result[window], before + change, change, ends)
    return result


def _window_of(box: NDArray[np.int32], room: int) -> tuple[slice, slice]:
    left, top, width, height = (int(part) for part in box[:4])
    return (
        slice(max(0, top - room), top + height + room),
        slice(max(0, left - room), left + width + room),
    )


def _neighbour_of(own: Mask, reading: Reading, window: tuple[slice, slice]) -> int | None:
    """Return the one class that a shape lies on; None for several, or for the background."""
    around = cv2.dilate(own.view(np.uint8), _KERNEL, iterations=_RESIDUE_PX) > 0
    around &= ~own & reading.scene.areas.covered[window]
    if not around.any() or reading.ground[window][around].any():
        return None
    counts = np.bincount(reading.scene.cover[window][around])
    neighbour = int(counts.argmax())
    return neighbour if counts[neighbour] >= _ONE_NEIGHBOUR_MIN * counts.sum() else None


def _repaint(pixels: Pixels, after: Rows, change: Rows, ends: tuple[Mask, Mask]) -> None:
    """Mix the colours of a shape and of what it lies on anew where its coverage changed."""
    places = np.flatnonzero(np.abs(change) > _CHANGED)
    if not all(end.any() for end in ends):
        return
    height, width = change.shape
    flat = np.ascontiguousarray(pixels).reshape(height * width, 4)
    own, other = (premultiplied(flat[nearest_of(end, places)]) for end in ends)
    part = after.reshape(-1)[places, None].clip(0, 1)
    rows, columns = np.divmod(places, width)
    pixels[rows, columns] = straight(other + part * (own - other))
