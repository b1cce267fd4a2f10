"""Measures how far each pixel is from a contour, more finely than pixels are.

A distance counted from whole pixels has stairs. Here it is counted from the points where the soft
edge itself says that the contour lies, so that what is drawn at some distance runs smoothly.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.masks import Mask, depth_of, numbered_by_nearest

Rows: TypeAlias = NDArray[np.float32]

_HALF: Final = 0.5
_SLOPE_MIN: Final = 0.01
_OFFSET_PX_MAX: Final = 1.0
# A point of the contour stands for so much of it to either side.
_STRETCH_PX: Final = 0.75
_EVENING_PX: Final = 0.6
# Few enough pixels for what is worked out about each to stay in the processor's cache.
_MEASURED_AT_ONCE: Final = 65_536


class Contour(msgspec.Struct, frozen=True, kw_only=True):
    """Where a field crosses zero.

    `inside` are the pixels where it is above zero, `rim` those that have a neighbour on the other
    side, `starts` the places of the latter. For each of these, and so for a point of the contour
    beside it: where it is, how high the field is there, the way the contour faces, how steep the
    field is, and how far off the contour runs.
    """

    inside: Mask
    rim: Mask
    starts: NDArray[np.intp]
    rows: Rows
    columns: Rows
    heights: Rows
    across: Rows
    down: Rows
    steepness: Rows
    offset: Rows


def signed_distance(height: Rows, *, reach: float, beyond: float = 0) -> Rows:
    """Return how far each pixel is from where a field crosses zero, as `distance_from` does."""
    return distance_from(find_contour(height), reach=reach, beyond=beyond)


def find_contour(height: Rows) -> Contour:
    """Find where a field crosses zero."""
    inside = height > 0
    rim = _rim_of(inside)
    starts = np.flatnonzero(rim)
    slopes = [
        np.asarray(
            cv2.Sobel(height, cv2.CV_32F, *order, ksize=3, scale=1 / 8), dtype=np.float32
        ).reshape(-1)[starts]
        for order in ((1, 0), (0, 1))
    ]
    steepness: Rows = np.maximum(np.hypot(*slopes), np.float32(_SLOPE_MIN)).astype(np.float32)
    rows, columns = np.divmod(starts, height.shape[1])
    heights = height.reshape(-1)[starts]
    return Contour(
        inside=inside,
        rim=rim,
        starts=starts,
        rows=rows.astype(np.float32),
        columns=columns.astype(np.float32),
        heights=heights,
        across=(slopes[0] / steepness).astype(np.float32),
        down=(slopes[1] / steepness).astype(np.float32),
        steepness=steepness,
        offset=(-heights / steepness).clip(-_OFFSET_PX_MAX, _OFFSET_PX_MAX),
    )


def distance_from(
    contour: Contour, *, reach: float, beyond: float = 0, insets: Rows | None = None
) -> Rows:
    """Return how far each pixel is from a contour, in pixels, negative inside.

    Further away than `reach`, and nearer than `beyond`, the distance is a rough one; where there
    is no contour at all it is as long as the picture.

    Args:
        contour: what to measure from.
        reach: up to which distance to measure finely.
        beyond: from which distance on.
        insets: by how much further inside the true contour lies at each of its points.
    """
    inside, rim = contour.inside, contour.rim
    height, width = rim.shape
    if not len(contour.starts):
        return np.where(inside, np.float32(-1), np.float32(1)) * np.float32(height + width)
    sides = numbered_by_nearest(rim), numbered_by_nearest(rim, from_right=True)
    distance = depth_of(~rim)
    strip_height = max(1, _MEASURED_AT_ONCE // width)
    for top in range(0, height, strip_height):
        strip = slice(top, top + strip_height)
        rough = distance[strip]
        near = np.flatnonzero((rough >= beyond) & (rough <= reach + 1))
        is_inside = inside[strip].reshape(-1)[near]
        origins = [side.numbers[side.labels[strip].reshape(-1)[near]] for side in sides]
        fine, shift = _measured(contour, near + top * width, origins, insets)
        np.negative(rough, out=rough, where=inside[strip])
        rough.reshape(-1)[near] = np.where(is_inside, -fine, fine) + shift
    del sides
    evened = cv2.GaussianBlur(distance, (0, 0), _EVENING_PX)
    return np.asarray(evened, dtype=np.float32)


def _rim_of(inside: Mask) -> Mask:
    """Find the pixels that have a neighbour on the other side of the contour."""
    rim = np.zeros_like(inside)
    across, down = inside[:, 1:] != inside[:, :-1], inside[1:] != inside[:-1]
    rim[:, 1:] |= across
    rim[:, :-1] |= across
    rim[1:] |= down
    rim[:-1] |= down
    return rim


def _measured(
    contour: Contour,
    near: NDArray[np.intp],
    origins: Sequence[NDArray[np.int32]],
    insets: Rows | None,
) -> tuple[Rows, Rows]:
    """Return how far pixels are from the closest of several points of a contour, and its inset.

    Args:
        contour: with its points.
        near: the places of the pixels.
        origins: for each pixel the number of a point, and of another.
        insets: of all points; without, there are none.
    """
    closest = np.full(len(near), np.inf, dtype=np.float32)
    shift = np.zeros(len(near), dtype=np.float32)
    rows, columns = (axis.astype(np.float32) for axis in np.divmod(near, contour.rim.shape[1]))
    for origin in origins:
        right, below = columns - contour.columns[origin], rows - contour.rows[origin]
        across, down = contour.across[origin], contour.down[origin]
        upright = right * across + below * down - contour.offset[origin]
        along = np.abs(below * across - right * down)
        measured = np.hypot(upright, np.maximum(along - np.float32(_STRETCH_PX), 0))
        # Beside the contour the point may lie on this side of a pixel or on that.
        sunk = np.flatnonzero(near == contour.starts[origin])
        own = origin[sunk]
        measured[sunk] = np.abs(contour.heights[own]) / contour.steepness[own]
        closer = measured < closest
        closest[closer] = measured[closer]
        if insets is not None:
            shift[closer] = insets[origin[closer]]
    return closest, shift
