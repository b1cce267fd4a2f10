"""Measures how far each pixel is from a contour, more finely than pixels are.

A distance counted from whole pixels has stairs. Here it is counted from the points where the soft
edge itself says that the contour lies, so that what is drawn at some distance runs smoothly.
"""

from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.masks import Mask, depth_of, nearest_of_both_sides

Rows: TypeAlias = NDArray[np.float32]

_HALF: Final = 0.5
_SLOPE_MIN: Final = 0.01
_OFFSET_PX_MAX: Final = 1.0
# A point of the contour stands for so much of it to either side.
_STRETCH_PX: Final = 0.75
_EVENING_PX: Final = 0.6


def signed_distance(
    field: Rows, level: Rows | float = 0.0, *, reach: float, inset: Rows | None = None
) -> Rows:
    """Return how far each pixel is from where a field crosses a level, in pixels.

    Negative where the field is above the level. Further away than `reach` the distance is a rough
    one, and where there is no contour at all it is as long as the picture.

    Args:
        field: what the contour is found in.
        level: at which value, everywhere or at each pixel.
        reach: up to which distance to measure finely.
        inset: by how much further inside the true contour lies, at each pixel beside it.
    """
    height = np.asarray(field - np.float32(level), dtype=np.float32)
    inside = height > 0
    sign = np.where(inside, np.float32(-1), np.float32(1))
    rim = _rim_of(inside)
    if not rim.any():
        return sign * np.float32(sum(field.shape))
    rough = depth_of(~rim)
    distance = rough * sign
    starts = np.flatnonzero(rim)
    order = np.zeros(rim.size, dtype=np.int32)
    order[starts] = np.arange(len(starts))
    near = np.flatnonzero(rough <= reach + 1)
    contour = _contour_of(height, starts)
    best = np.full(len(near), np.inf, dtype=np.float32)
    shift = np.zeros(len(near), dtype=np.float32)
    insets = None if inset is None else inset.reshape(-1)[starts]
    for source in nearest_of_both_sides(rim, near):
        origin = order[source]
        measured = _measured(contour, near, origin, height)
        closer = measured < best
        best[closer] = measured[closer]
        if insets is not None:
            shift[closer] = insets[origin[closer]]
    distance.reshape(-1)[near] = best * sign.reshape(-1)[near] + shift
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
    """For each pixel of a rim: where it is, the way the contour faces, and how far off it runs."""

    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    across: Rows
    down: Rows
    steepness: Rows
    offset: Rows
    starts: NDArray[np.intp]


def _contour_of(height: Rows, starts: NDArray[np.intp]) -> _Contour:
    slopes = [
        np.asarray(
            cv2.Sobel(height, cv2.CV_32F, *order, ksize=3, scale=1 / 8), dtype=np.float32
        ).reshape(-1)[starts]
        for order in ((1, 0), (0, 1))
    ]
    steepness: Rows = np.maximum(np.hypot(*slopes), np.float32(_SLOPE_MIN)).astype(np.float32)
    rows, columns = np.divmod(starts, height.shape[1])
    return _Contour(
        rows=rows.astype(np.float32),
        columns=columns.astype(np.float32),
        across=(slopes[0] / steepness).astype(np.float32),
        down=(slopes[1] / steepness).astype(np.float32),
        steepness=steepness,
        offset=(-height.reshape(-1)[starts] / steepness).clip(-_OFFSET_PX_MAX, _OFFSET_PX_MAX),
        starts=starts,
    )


def _measured(
    contour: _Contour, near: NDArray[np.intp], origin: NDArray[np.int32], height: Rows
) -> Rows:
    """Return the distances of pixels from the points of the contour beside their origins."""
    rows, columns = np.divmod(near, height.shape[1])
    right = columns.astype(np.float32) - contour.columns[origin]
    below = rows.astype(np.float32) - contour.rows[origin]
    across, down = contour.across[origin], contour.down[origin]
    upright = right * across + below * down - contour.offset[origin]
    along = np.abs(below * across - right * down)
    measured: Rows = np.hypot(upright, np.maximum(along - np.float32(_STRETCH_PX), 0))
    # Beside the contour the point may lie on this side of a pixel or on that.
    sunk = np.flatnonzero(near == contour.starts[origin])
    heights = height.reshape(-1)[near[sunk]]
    measured[sunk] = np.abs(heights) / contour.steepness[origin[sunk]]
    return measured.astype(np.float32)
