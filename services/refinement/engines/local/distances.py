"""Measures how far each pixel is from a contour, more finely than pixels are.

A distance counted from whole pixels has stairs. Here it is counted from the points where the soft
edge itself says that the contour lies, so that what is drawn at some distance runs smoothly.
"""

from collections.abc import Callable, Sequence
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


def signed_distance(
    height: Rows, *, reach: float, inset_at: Callable[[NDArray[np.intp]], Rows] | None = None
) -> Rows:
    """Return how far each pixel is from where a field crosses zero, in pixels.

    Negative where the field is above zero. Further away than `reach` the distance is a rough one,
    and where there is no contour at all it is as long as the picture.

    Args:
        height: the field that the contour is found in.
        reach: up to which distance to measure finely.
        inset_at: returns by how much further inside the true contour lies at places beside it.
    """
    inside = height > 0
    rim = _rim_of(inside)
    if not rim.any():
        return np.where(inside, np.float32(-1), np.float32(1)) * np.float32(sum(height.shape))
    contour = _contour_of(height, np.flatnonzero(rim), inset_at)
    distance = depth_of(~rim)
    sides = numbered_by_nearest(rim), numbered_by_nearest(rim, from_right=True)
    height_px, width = rim.shape
    strip_height = max(1, _MEASURED_AT_ONCE // width)
    for top in range(0, height_px, strip_height):
        strip = slice(top, top + strip_height)
        near = np.flatnonzero(distance[strip] <= reach + 1)
        np.negative(distance[strip], out=distance[strip], where=inside[strip])
        origins = [side.numbers[side.labels[strip].reshape(-1)[near]] for side in sides]
        is_inside = inside[strip].reshape(-1)[near]
        distance[strip].reshape(-1)[near] = _measured(
            contour, near + top * width, origins, is_inside, width
        )
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


class _Contour(msgspec.Struct, frozen=True, kw_only=True):
    """For each pixel of a rim: where it is, the way the contour faces, and how far off it runs.

    `insets` are by how much further inside the true contour lies, None for nowhere.
    """

    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    across: Rows
    down: Rows
    steepness: Rows
    heights: Rows
    offset: Rows
    insets: Rows | None
    starts: NDArray[np.intp]


def _contour_of(
    height: Rows,
    starts: NDArray[np.intp],
    inset_at: Callable[[NDArray[np.intp]], Rows] | None,
) -> _Contour:
    slopes = [
        np.asarray(
            cv2.Sobel(height, cv2.CV_32F, *order, ksize=3, scale=1 / 8), dtype=np.float32
        ).reshape(-1)[starts]
        for order in ((1, 0), (0, 1))
    ]
    steepness: Rows = np.maximum(np.hypot(*slopes), np.float32(_SLOPE_MIN)).astype(np.float32)
    rows, columns = np.divmod(starts, height.shape[1])
    heights = height.reshape(-1)[starts]
    return _Contour(
        rows=rows.astype(np.float32),
        columns=columns.astype(np.float32),
        across=(slopes[0] / steepness).astype(np.float32),
        down=(slopes[1] / steepness).astype(np.float32),
        steepness=steepness,
        heights=heights,
        offset=(-heights / steepness).clip(-_OFFSET_PX_MAX, _OFFSET_PX_MAX),
        insets=None if inset_at is None else inset_at(starts),
        starts=starts,
    )


def _measured(
    contour: _Contour,
    near: NDArray[np.intp],
    origins: Sequence[NDArray[np.int32]],
    is_inside: Mask,
    width: int,
) -> Rows:
    """Return the signed distances of pixels from the contour: of several origins, to the closest.

    Args:
        contour: its points.
        near: the pixels' places.
        origins: for each pixel one point of the contour near it, and another.
        is_inside: which of the pixels lie inside.
        width: of the picture.
    """
    closest = np.full(len(near), np.inf, dtype=np.float32)
    shift = np.zeros(len(near), dtype=np.float32)
    rows, columns = (axis.astype(np.float32) for axis in np.divmod(near, width))
    for origin in origins:
        right, below = columns - contour.columns[origin], rows - contour.rows[origin]
        across, down = contour.across[origin], contour.down[origin]
        upright = right * across + below * down - contour.offset[origin]
        along = np.abs(below * across - right * down)
        measured = np.hypot(upright, np.maximum(along - np.float32(_STRETCH_PX), 0))
        # Beside the contour the point may lie on this side of a pixel or on that.
        sunk = np.flatnonzero(near == contour.starts[origin])
        heights = contour.heights[origin[sunk]]
        measured[sunk] = np.abs(heights) / contour.steepness[origin[sunk]]
        closer = measured < closest
        closest[closer] = measured[closer]
        if contour.insets is not None:
            shift[closer] = contour.insets[origin[closer]]
    signed: Rows = np.where(is_inside, -closest, closest) + shift
    return signed
