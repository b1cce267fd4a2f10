"""Explains what lies between the areas: each pixel as a mix of two colours beside it.

The colours are those of area pixels just there, so that a gradient or a shadow on one side of an
edge does not disturb the mix. Strokes too thin for an area have their class's colour as an end.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import CODE_LEVELS, Areas
from services.refinement.engines.local.planes import Planes, added_up, features

_REACH: Final = 4
_NEAREST: Final = 4
# Few enough spots for what is around them to stay in the processor's cache.
_SEARCHED_AT_ONCE: Final = 4096
_MIXED_AT_ONCE: Final = 16_384
_SINGLE_BONUS: Final = 0.0004
_LOST: Final = 0.004
_UNFIT: Final = 0.006
_UNEXPLAINED: Final = 0.02
_RARER_GAIN: Final = 0.0012
_STROKE_PIXELS_MIN: Final = 12
_STROKE_CLASSES_MAX: Final = 8
_STROKE_DISTANCE_MIN: Final = 0.1
_STROKE_GAIN: Final = 0.25
_INKED: Final = 0.5
_FARTHEST_SHARE: Final = 0.3


class Edges(msgspec.Struct, frozen=True, kw_only=True):
    """The pixels between the areas, by their places in the flattened picture, as mixes.

    A pixel is `part` of its second end and the rest of its first. An end has a class and a source:
    the place of the area pixel that has its colour, or of a stroke's pixel, whose colour is its
    class's. `errors` are squared distances that the mixes leave.
    """

    spots: NDArray[np.intp]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    first_source: NDArray[np.intp]
    second_source: NDArray[np.intp]
    part: NDArray[np.float32]
    errors: NDArray[np.float32]


class _Nearest(msgspec.Struct, frozen=True, kw_only=True):
    """The nearest areas or strokes of some pixels, `_NEAREST` columns; classes are -1 for none."""

    classes: NDArray[np.intp]
    sources: NDArray[np.intp]


def explain_edges(
    planes: Planes, areas: Areas, classes: NDArray[np.intp], colours: Planes
) -> tuple[Edges, Planes]:
    """Explain every pixel that no area covers, in the order of their places.

    Args:
        planes: the picture.
        areas: its areas.
        classes: the class of each area.
        colours: the classes' colours.

    Returns:
        The mixes, and the classes' colours with those added that only strokes have.
    """
    flat = planes.reshape(-1, 4)
    owners = np.where(areas.covered, areas.components, 0)
    spots = np.flatnonzero(owners == 0)
    nearest = _find_nearest(owners, spots, classes)
    edges = _best_mixes(flat, spots, nearest, colours, is_stroke=np.zeros(1, dtype=np.bool_))
    lost = np.flatnonzero(edges.errors > _LOST)
    if lost.size:
        mask = np.zeros(owners.shape, dtype=np.uint8)
        mask.reshape(-1)[spots[lost]] = 1
        numbers = np.asarray(cv2.connectedComponents(mask, connectivity=8)[1], dtype=np.int32)
        groups = numbers.reshape(-1)[spots[lost]]
        strokes = _Strokes(
            values=flat[spots[lost]],
            grounds=flat[nearest.sources[lost, 0]],
            groups=groups,
            sizes=np.bincount(groups),
        )
        inks, colours = _find_inks(strokes, edges.errors[lost], colours)
        rows = lost[inks >= 0]
        owners.reshape(-1)[spots[rows]] = len(classes) + inks[inks >= 0]
        edges = _explained_again(flat, owners, edges, classes, colours)
    weights = np.bincount(classes, weights=areas.sizes, minlength=len(colours)).astype(np.float64)
    return _explained_anywhere(flat, edges, colours, weights), colours


def end_colours(
    flat: Planes,
    covered: NDArray[np.bool_],
    sources: NDArray[np.intp],
    classes: NDArray[np.uint8],
    colours: Planes,
) -> Planes:
    """Return the colours of ends; `flat` and `covered` have a row for each pixel."""
    return np.where(covered[sources][:, None], flat[sources], colours[classes])


def _explained_again(
    flat: Planes,
    owners: NDArray[np.int32],
    edges: Edges,
    classes: NDArray[np.intp],
    colours: Planes,
) -> Edges:
    """Explain what lies beside strokes again, now that strokes may be ends of mixes."""
    is_ink = owners >= len(classes)
    kernel = np.ones((5, 5), dtype=np.uint8)
    beside = cv2.dilate(is_ink.view(np.uint8), kernel).reshape(-1)[edges.spots]
    rows = np.flatnonzero(beside)
    spots = edges.spots[rows]
    owner_classes = np.concatenate([classes, np.arange(len(colours))])
    nearest = _find_nearest(owners, spots, owner_classes)
    again = _best_mixes(flat, spots, nearest, colours, is_stroke=is_ink.reshape(-1))
    merged = {}
    for name in ("first", "second", "first_source", "second_source", "part", "errors"):
        values = getattr(edges, name).copy()
        values[rows] = getattr(again, name)
        merged[name] = values
    return msgspec.structs.replace(edges, **merged)


def _find_nearest(
    owners: NDArray[np.int32], spots: NDArray[np.intp], owner_classes: NDArray[np.intp]
) -> _Nearest:
    """Find the nearest pixels of different owners around each spot, the spot itself included."""
    width = owners.shape[1]
    padded = cv2.copyMakeBorder(
        owners.astype(np.int32), *(4 * (_REACH,)), cv2.BORDER_CONSTANT, value=0
    )
    reach = np.arange(-_REACH, _REACH + 1)
    down, across = (axis.ravel() for axis in np.meshgrid(reach, reach, indexing="ij"))
    distance = down**2 + across**2
    order = np.argsort(distance, kind="stable")
    order = order[distance[order] <= _REACH**2]
    offsets = down[order] * padded.shape[1] + across[order]
    steps = down[order] * width + across[order]
    classes = np.full((len(spots), _NEAREST), -1, dtype=np.intp)
    sources = np.repeat(spots[:, None], _NEAREST, axis=1)
    values = padded.reshape(-1)
    for start in range(0, len(spots), _SEARCHED_AT_ONCE):
        rows = spots[start : start + _SEARCHED_AT_ONCE]
        places = (rows // width + _REACH) * padded.shape[1] + rows % width + _REACH
        around = np.take(values, places[:, None] + offsets)
        is_other = around > 0
        counted = np.arange(len(rows))
        for column in range(_NEAREST):
            index = is_other.argmax(axis=1)
            found = is_other[counted, index]
            if not found.any():
                break
            owner = around[counted, index]
            classes[start : start + len(rows), column] = np.where(found, owner_classes[owner], -1)
            sources[start : start + len(rows), column] = np.where(found, rows + steps[index], rows)
            is_other &= around != owner[:, None]
    return _Nearest(classes=classes, sources=sources)


def _best_mixes(
    flat: Planes,
    spots: NDArray[np.intp],
    nearest: _Nearest,
    colours: Planes,
    *,
    is_stroke: NDArray[np.bool_],
) -> Edges:
    """Find the best mix of two of the nearest; `is_stroke` has a row for each pixel, or one."""
    mixes = []
    for start in range(0, max(1, len(spots)), _MIXED_AT_ONCE):
        rows = slice(start, start + _MIXED_AT_ONCE)
        near = _Nearest(classes=nearest.classes[rows], sources=nearest.sources[rows])
        mixes.append(_mixes_of(flat, spots[rows], near, colours, is_stroke))
    return Edges(
        **{
            name: np.concatenate([getattr(mix, name) for mix in mixes])
            for name in Edges.__struct_fields__
        }
    )


def _mixes_of(
    flat: Planes,
    spots: NDArray[np.intp],
    nearest: _Nearest,
    colours: Planes,
    is_stroke: NDArray[np.bool_],
) -> Edges:
    values = flat[spots]
    count = len(spots)
    ends = flat[nearest.sources]
    if is_stroke.size > 1:
        by_class = is_stroke[nearest.sources]
        ends[by_class] = colours[nearest.classes[by_class]]
    best = np.full(count, np.inf, dtype=np.float32)
    chosen = np.zeros((2, count), dtype=np.intp)
    part = np.zeros(count, dtype=np.float32)
    is_there = nearest.classes >= 0
    for one in range(_NEAREST):
        for other in range(one, _NEAREST):
            rows = np.flatnonzero(is_there[:, one] & is_there[:, other])
            along, error = project(values[rows], ends[rows, one], ends[rows, other])
            error -= _SINGLE_BONUS * (one == other)
            better = error < best[rows]
            place = rows[better]
            best[place] = error[better]
            chosen[:, place] = np.array([[one], [other]])
            part[place] = along[better]
    counted = np.arange(count)
    classes = nearest.classes.clip(0)
    alone = ~is_there[:, 0]
    sources = np.where(alone[:, None], spots[:, None], nearest.sources)
    return Edges(
        spots=spots,
        first=classes[counted, chosen[0]].astype(np.uint8),
        second=classes[counted, chosen[1]].astype(np.uint8),
        first_source=sources[counted, chosen[0]],
        second_source=sources[counted, chosen[1]],
        part=part,
        errors=best,
    )


class _Strokes(msgspec.Struct, frozen=True, kw_only=True):
    """Pixels that are no mix of what is beside them, by the strokes that they make up.

    `grounds` is the nearest area's colour of each; `sizes` has a row for each stroke.
    """

    values: Planes
    grounds: Planes
    groups: NDArray[np.int32]
    sizes: NDArray[np.intp]

    def fit(self, colour: Planes) -> NDArray[np.float64]:
        """Return the mean error of each stroke, if this was its colour."""
        _, error = project(self.values, self.grounds, colour)
        total = np.bincount(self.groups, weights=error, minlength=len(self.sizes))
        return total / np.maximum(self.sizes, 1)


def _find_inks(
    strokes: _Strokes, errors: NDArray[np.float32], colours: Planes
) -> tuple[NDArray[np.intp], Planes]:
    """Find the class of each stroke that has no area, a whole stroke at a time.

    Returns:
        For each pixel the class of its stroke, or -1 where it is hardly inked; and the classes'
        colours with those added that only strokes have.
    """
    fits = [strokes.fit(colour) for colour in colours]
    for _ in range(_STROKE_CLASSES_MAX):
        colour = _missing_colour(strokes, np.min(fits, axis=0), colours)
        if colour is None:
            break
        colours = np.concatenate([colours, colour[None]]).astype(np.float32)
        fits.append(strokes.fit(colour))
    inks = np.argmin(fits, axis=0)[strokes.groups]
    along, error = project(strokes.values, strokes.grounds, colours[inks])
    is_inked = (along >= _INKED) & (error <= _STROKE_GAIN * errors)
    return np.where(is_inked, inks, -1), colours


def _missing_colour(strokes: _Strokes, fit: NDArray[np.float64], colours: Planes) -> Planes | None:
    """Return the colour that most of the strokes have which no class explains."""
    unfit = (fit > _UNFIT) & (strokes.sizes >= _STROKE_PIXELS_MIN)
    rows = np.flatnonzero(unfit[strokes.groups])
    if not rows.size:
        return None
    values = strokes.values[rows]
    away = ((values - strokes.grounds[rows]) ** 2).sum(axis=-1)
    farthest = values[away >= np.quantile(away, 1 - _FARTHEST_SHARE)]
    codes = (farthest * CODE_LEVELS + 0.5).astype(np.int64)
    _, place, frequency = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    if frequency.max() < _STROKE_PIXELS_MIN // 2:
        return None
    colour: Planes = farthest[place.reshape(-1) == frequency.argmax()].mean(axis=0)
    apart = np.linalg.norm(features(colours) - features(colour[None]), axis=-1)
    return colour if apart.min() >= _STROKE_DISTANCE_MIN else None


def _explained_anywhere(
    flat: Planes, edges: Edges, colours: Planes, weights: NDArray[np.float64]
) -> Edges:
    """Explain by any two classes what nothing beside it explains."""
    lost = np.flatnonzero(edges.errors > _UNEXPLAINED)
    if not lost.size:
        return edges
    values = flat[edges.spots[lost]]
    best = edges.errors[lost] - _UNEXPLAINED / 2
    first, second = edges.first.copy(), edges.second.copy()
    first_source, second_source = edges.first_source.copy(), edges.second_source.copy()
    part, errors = edges.part.copy(), edges.errors.copy()
    order = [int(place) for place in np.argsort(-weights, kind="stable")]
    pairs = [(one, other) for place, other in enumerate(order) for one in order[: place + 1]]
    # The commonest classes first: a rare one that by chance is on the line must do clearly better.
    for one, other in pairs:
        along, error = project(values, colours[one], colours[other])
        better = error < best - _RARER_GAIN
        rows = lost[better]
        best[better] = error[better]
        first[rows], second[rows], part[rows] = one, other, along[better]
        first_source[rows] = second_source[rows] = edges.spots[rows]
        errors[rows] = error[better]
    return msgspec.structs.replace(
        edges,
        first=first,
        second=second,
        first_source=first_source,
        second_source=second_source,
        part=part,
        errors=errors,
    )


def project(values: Planes, start: Planes, end: Planes) -> tuple[Planes, Planes]:
    """Return how far along each line a value lies, and the squared distance that remains."""
    line = end - start
    offset = values - start
    length = np.maximum(added_up(line * line), 1e-6)
    along = (added_up(offset * line) / length).clip(0, 1).astype(np.float32)
    rest = offset - along[..., None] * line
    return along, added_up(rest * rest).astype(np.float32)
