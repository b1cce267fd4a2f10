"""Keeps corners sharp where a contour moves: the corners of what an outline encloses.

What lies at one distance from a corner is an arc. Where two straight stretches of a contour meet,
the wedge between that arc and the point at which the moved stretches meet is worn away too.
"""

import math
from functools import cache
from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float32]
_Vector: TypeAlias = NDArray[np.float64]

_BEND_PX: Final = 1.6
_CORNERS_MAX: Final = 2000
# A stretch at a corner is at least so long, in half pixels and in widths of what is worn away.
_STRETCH_MIN: Final = 7.0
# What moves by less has no arc that anyone would see.
_REACH_MIN: Final = 1.8
_STRETCH_RADII: Final = 1.6
_END_PX: Final = 2
_OUTSIDE_PX: Final = 2.5
_CORNER_MAX: Final = 9
_STRAIGHT_PX: Final = 0.9
# Between the normals: neither all but parallel, nor a spike.
_SHARPEST: Final = math.cos(math.radians(35))
_BLUNTEST: Final = math.cos(math.radians(145))
_FIXED_POINT_BITS: Final = 4
# A polygon that is filled softly is so much broader on each side.
_PEN: Final = 0.7
_SOURCE_PX: Final = (3, 5, 7, 9, 12, 16, 20, 26)
_CLEAR_PX: Final = 1.2
_SURROUNDED: Final = 1.6


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """A straight stretch: its normal, which points away from the stroke, its place, its middle."""

    normal: _Vector
    place: float
    middle: _Vector


def wedges(distance: Rows, radius: Rows) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Find the wedges at sharp corners, all measured in half pixels.

    Args:
        distance: how far each half pixel is from the strokes' contour in pixels, negative inside.
        radius: how far the contour moves into the strokes there, in pixels.

    Returns:
        How much of each half pixel they cover, in levels of 255; and for those nearby the place of
        the half pixel that has the colour to be seen in them, -1 elsewhere.
    """
    worn = np.zeros(distance.shape, dtype=np.uint8)
    sources = np.full(distance.shape, -1, dtype=np.int32)
    inside = (distance < 0).view(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    left = _CORNERS_MAX
    for contour in contours:
        if left <= 0:
            break
        if len(contour) < 3 * _STRETCH_MIN:
            continue
        for wedge in _wedges_of(contour[:, 0].astype(np.intp), distance, radius):
            source = _source(wedge, distance)
            if source is None:
                continue
            fixed = np.round(wedge * (1 << _FIXED_POINT_BITS)).astype(np.int32)
            cv2.fillConvexPoly(worn, fixed, 255, cv2.LINE_AA, _FIXED_POINT_BITS)
            grown = wedge.mean(axis=0) + _SURROUNDED * (wedge - wedge.mean(axis=0))
            cv2.fillConvexPoly(sources, np.round(grown).astype(np.int32), source)
            left -= 1
    return worn, sources


def _source(wedge: _Vector, distance: Rows) -> int | None:
    """Return the half pixel nearest to a wedge's corner that no soft edge touches."""
    corner, _, tip, _ = wedge
    inwards = (corner - tip) / max(math.hypot(*(corner - tip)), 1e-6)
    for away in _SOURCE_PX:
        column, row = np.round(corner + away * inwards).astype(int)
        if not (0 <= row < distance.shape[0] and 0 <= column < distance.shape[1]):
            return None
        if distance[row, column] >= _CLEAR_PX:
            return int(row * distance.shape[1] + column)
    return None


def _wedges_of(points: NDArray[np.intp], distance: Rows, radius: Rows) -> list[_Vector]:
    """Return the wedges at the corners of one contour, as polygons in half pixels."""
    stretches = _stretches_of(points)

    @cache
    def line_along(place: int) -> _Line | None:
        return _line(points, *stretches[place], distance)

    found = []
    for place, (_, end) in enumerate(stretches):
        following = (place + 1) % len(stretches)
        start, after = stretches[following]
        # The soft corner between two stretches is short.
        if (start - end) % len(points) > _CORNER_MAX:
            continue
        here = points[end]
        reach = 2 * float(radius[here[1], here[0]])
        lengths = (end - stretches[place][0]) % len(points), (after - start) % len(points)
        if reach < _REACH_MIN or min(lengths) < _STRETCH_RADII * reach:
            continue
        one, other = line_along(place), line_along(following)
        if one is not None and other is not None:
            found += _wedge(one, other, max(reach - _PEN, 0), here)
    return found


def _stretches_of(points: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return where the straight stretches of a contour start and end."""
    bends = cv2.approxPolyDP(points.astype(np.int32)[:, None], _BEND_PX, closed=True)[:, 0]
    width = int(points[:, 0].max()) + 1
    order = {int(row) * width + int(column): at for at, (column, row) in enumerate(points)}
    places = [order[int(row) * width + int(column)] for column, row in bends]
    pairs = zip(places, [*places[1:], *places[:1]], strict=True)
    return [(start, end) for start, end in pairs if (end - start) % len(points) >= _STRETCH_MIN]


def _line(points: NDArray[np.intp], start: int, end: int, distance: Rows) -> _Line | None:
    """Fit a line to a stretch; None where the contour is bent there."""
    length = (end - start) % len(points)
    chosen = points[(start + np.arange(_END_PX, length - _END_PX + 1)) % len(points)]
    insets = -2 * distance[chosen[:, 1], chosen[:, 0]].astype(np.float64)
    middle = chosen.mean(axis=0)
    _, _, axes = np.linalg.svd(chosen - middle, full_matrices=False)
    normal = np.array([-axes[0, 1], axes[0, 0]])
    column, row = np.round(middle + _OUTSIDE_PX * normal).astype(int)
    height, width = distance.shape
    if 0 <= row < height and 0 <= column < width and distance[row, column] < 0:
        normal = -normal
    places = chosen @ normal + insets
    if float(np.abs(places - places.mean()).max()) > _STRAIGHT_PX:
        return None
    return _Line(normal=normal, place=float(places.mean()), middle=middle)


def _wedge(one: _Line, other: _Line, reach: float, here: NDArray[np.intp]) -> list[_Vector]:
    """Return the corner, both its feet on the moved lines, and where these meet; or nothing."""
    if not _BLUNTEST <= float(one.normal @ other.normal) <= _SHARPEST:
        return []
    normals, places = np.stack([one.normal, other.normal]), np.array([one.place, other.place])
    corner = np.linalg.solve(normals, places)
    if np.abs(corner - here).max() > _CORNER_MAX:
        return []
    # A corner of the stroke itself stays sharp by itself; this is one of what it encloses.
    if (one.middle - corner) @ other.normal <= 0 or (other.middle - corner) @ one.normal <= 0:
        return []
    tip = np.linalg.solve(normals, places - reach)
    return [np.stack([corner, corner - reach * one.normal, tip, corner - reach * other.normal])]
