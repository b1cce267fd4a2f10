"""Explains what lies between the areas: each edge pixel as a mix of two classes beside it.

The classes are taken by the colours they have just there, so that a gradient or a shadow on one
side of an edge does not disturb the mix.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import (
    CLASSES_MAX,
    CLEAR_ALPHA,
    CODE_LEVELS,
    NO_CLASS,
    Flattening,
)
from services.refinement.engines.local.planes import Planes, features

_REACH: Final = 4.0
_SINGLE_BONUS: Final = 0.0004
_UNEXPLAINED: Final = 0.02
_VISIBLE_RANGE: Final = 0.05
_STROKE_ERROR: Final = 0.01
_STROKE_GAIN: Final = 0.25
_STROKE_PIXELS_MIN: Final = 12
_BRIGHTNESS: Final = np.array([0.3, 0.59, 0.11], dtype=np.float32)


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """For each edge pixel two classes, the mix, and the pixels whose colours stand for them."""

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    part: NDArray[np.float32]
    first_source: NDArray[np.intp]
    second_source: NDArray[np.intp]


def explain_edges(
    planes: Planes, labels: NDArray[np.uint8], flat: Planes, flattening: Flattening
) -> tuple[Explained, Planes]:
    """Explain every pixel that has no class, in the order of their places.

    Also returns the classes' colours, to which thin strokes may have added their own.
    """
    edges = labels == NO_CLASS
    found, errors, sources = _explain_by(planes, edges, labels, flat)
    strokes = _stroke_pixels(planes, edges, errors)
    if strokes.size:
        flat = _with_stroke_colours(planes.reshape(-1, 4)[strokes], flat, flattening)
        present = labels.copy()
        rows = np.searchsorted(np.flatnonzero(edges), strokes)
        _mark_strokes(planes, strokes, errors[rows], flat, present)
        found, errors, sources = _explain_by(planes, edges, present, flat)
    lost = np.flatnonzero(errors > _UNEXPLAINED)
    if lost.size:
        anywhere = _explain_anywhere(planes[edges][lost], flat)
        found.first[lost], found.second[lost], found.part[lost] = anywhere
        found.first_source[lost] = sources[found.first[lost], lost]
        found.second_source[lost] = sources[found.second[lost], lost]
    return found, flat


def _explain_by(
    planes: Planes, edges: NDArray[np.bool_], present: NDArray[np.uint8], flat: Planes
) -> tuple[Explained, NDArray[np.float32], NDArray[np.intp]]:
    """Find the best mix of two classes within reach.

    Also returns what it leaves unexplained, and each class's nearest pixel.
    """
    values = planes[edges]
    colours, sources, reachable = _neighbours(planes, edges, present, len(flat))
    first = np.zeros(len(values), dtype=np.uint8)
    second = np.zeros(len(values), dtype=np.uint8)
    part = np.zeros(len(values), dtype=np.float32)
    best = np.full(len(values), np.inf, dtype=np.float32)
    for one in range(len(flat)):
        for other in range(one, len(flat)):
            rows = np.flatnonzero(reachable[one] & reachable[other])
            along, error = _project(values[rows], colours[one][rows], colours[other][rows])
            error -= _SINGLE_BONUS * (one == other)
            better = error < best[rows]
            chosen = rows[better]
            best[chosen] = error[better]
            first[chosen], second[chosen], part[chosen] = one, other, along[better]
    rows = np.arange(len(values))
    found = Explained(
        first=first,
        second=second,
        part=part,
        first_source=sources[first, rows],
        second_source=sources[second, rows],
    )
    return found, best, sources


def _stroke_pixels(planes: Planes, edges: NDArray[np.bool_], errors: Planes) -> NDArray[np.intp]:
    """Find the middle lines of strokes too thin to have a smooth area; return their places.

    Such a pixel is no mix of what lies beside it, and an extreme among its neighbours. A pixel on
    the edge between two areas is never an extreme.
    """
    brightness = planes[..., :3] @ _BRIGHTNESS
    kernel = np.ones((3, 3), dtype=np.uint8)
    extreme = np.zeros(edges.shape, dtype=np.bool_)
    for plane in (brightness, np.ascontiguousarray(planes[..., 3])):
        high, low = cv2.dilate(plane, kernel), cv2.erode(plane, kernel)
        extreme |= ((plane >= high) | (plane <= low)) & (high - low > _VISIBLE_RANGE)
    return np.flatnonzero(edges)[extreme[edges] & (errors > _STROKE_ERROR)]


def _with_stroke_colours(values: Planes, flat: Planes, flattening: Flattening) -> Planes:
    """Add the colours that strokes often have and no class is near to, while there is room."""
    clear = int((flat[:, 3] < CLEAR_ALPHA).sum())
    places = features(values)
    while len(flat) - clear < min(flattening.classes_max, CLASSES_MAX):
        distances = np.linalg.norm(places[:, None] - features(flat)[None], axis=-1)
        far = distances.min(axis=1) > 2 * flattening.distance_min
        codes = (values[far] * CODE_LEVELS + 0.5).astype(np.int64)
        if not len(codes):
            break
        _, place, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        if counts.max() < _STROKE_PIXELS_MIN:
            break
        common = place.reshape(-1) == counts.argmax()
        flat = np.concatenate([flat, values[far][common].mean(axis=0, keepdims=True)])
    return flat.astype(np.float32)


def _mark_strokes(
    planes: Planes,
    strokes: NDArray[np.intp],
    errors: Planes,
    flat: Planes,
    present: NDArray[np.uint8],
) -> None:
    """Let a class be present where a stroke has its colour."""
    values = planes.reshape(-1, 4)[strokes]
    distances = ((values[:, None] - flat[None]) ** 2).sum(axis=-1)
    # Much nearer than the mix: the bright seam that sharpening leaves along edges is no stroke.
    near = distances.min(axis=1) <= _STROKE_GAIN * errors
    present.reshape(-1)[strokes[near]] = distances.argmin(axis=1)[near]


def _neighbours(
    planes: Planes, edges: NDArray[np.bool_], present: NDArray[np.uint8], count: int
) -> tuple[Planes, NDArray[np.intp], NDArray[np.bool_]]:
    """Return for each class and edge pixel its nearest colour, where, and whether that is near."""
    spots = np.flatnonzero(edges)
    flat = planes.reshape(-1, 4)
    colours = np.zeros((count, len(spots), 4), dtype=np.float32)
    sources = np.zeros((count, len(spots)), dtype=np.intp)
    reachable = np.zeros((count, len(spots)), dtype=np.bool_)
    for place in range(count):
        own = present == place
        if not own.any():
            continue
        distance, nearest = cv2.distanceTransformWithLabels(
            (~own).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        origin = np.zeros(int(nearest.max()) + 1, dtype=np.intp)
        origin[nearest[own]] = np.flatnonzero(own)
        sources[place] = origin[nearest.reshape(-1)[spots]]
        colours[place] = flat[sources[place]]
        reachable[place] = distance.reshape(-1)[spots] <= _REACH
    return colours, sources, reachable


def _project(values: Planes, start: Planes, end: Planes) -> tuple[Planes, Planes]:
    """Return how far along each line a value lies, and the squared distance that remains."""
    line = end - start
    offset = values - start
    length = np.maximum((line * line).sum(axis=-1), 1e-6)
    along = ((offset * line).sum(axis=-1) / length).clip(0, 1).astype(np.float32)
    rest = offset - along[:, None] * line
    return along, (rest * rest).sum(axis=-1).astype(np.float32)


def _explain_anywhere(
    values: Planes, flat: Planes
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Planes]:
    """Explain values by any two classes, for strokes so thin that they have no pure pixel."""
    first = np.zeros(len(values), dtype=np.uint8)
    second = np.zeros(len(values), dtype=np.uint8)
    part = np.zeros(len(values), dtype=np.float32)
    best = np.full(len(values), np.inf, dtype=np.float32)
    for one in range(len(flat)):
        for other in range(one, len(flat)):
            along, error = _project(values, flat[one], flat[other])
            better = error < best
            best[better] = error[better]
            first[better], second[better], part[better] = one, other, along[better]
    return first, second, part
