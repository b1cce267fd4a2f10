"""Reads a picture as flat regions with edges between them, and draws it again flat.

Smooth areas become regions, regions become classes of one colour each. Every other pixel lies on an
edge: it is explained as a mix of the classes next to it, by the colours they have just there, and
drawn as the same mix of the classes' flat colours. So coverage survives, and no fringe appears.
All colours here are premultiplied, with alpha as fourth channel: transparency is one more colour.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import to_lab
from services.refinement.engines.local.palette import Pixels, find_palette

Planes = NDArray[np.float32]

_SMOOTH_RANGE: Final = 8
_MODE_SHARE_MIN: Final = 0.4
_CODE_BITS: Final = 4
_CLASSES_MAX: Final = 12
_REACH: Final = 4.0
_NEAR: Final = 0.1
_SINGLE_BONUS: Final = 0.0004
_UNEXPLAINED: Final = 0.02
_CORE_SHARE_MIN: Final = 0.02
_VISIBLE_RANGE: Final = 0.05


class Flattening(msgspec.Struct, frozen=True, kw_only=True):
    """How far to go: classes nearer than `distance_min` (OKLab) become one, `classes_max` stay."""

    classes_max: int = _CLASSES_MAX
    distance_min: float = 0.05


class Regions(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as classes and mixes: a pixel is `part` of `second` and the rest of `first`."""

    colours: Planes
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    part: Planes

    def labels(self) -> NDArray[np.uint8]:
        """Return the class that covers most of each pixel."""
        return np.where(self.part >= 0.5, self.second, self.first)


def find_regions(pixels: Pixels, flattening: Flattening) -> Regions:
    """Read RGBA pixels as flat classes and their mixes."""
    planes = premultiplied(pixels)
    smooth = _is_smooth(planes)
    if smooth.mean() < _CORE_SHARE_MIN:
        return _posterised(pixels, planes, flattening)
    count, components = cv2.connectedComponents(smooth.view(np.uint8), connectivity=4)
    areas, colours = _region_colours(planes, components, count)
    classes, flat = _classify(areas, colours, flattening)
    labels = classes[components]
    labels[~smooth] = len(flat)
    return _with_edges(planes, smooth, labels.astype(np.uint8), flat)


def render(regions: Regions) -> Pixels:
    """Draw regions: flat classes, mixed where they meet."""
    part = regions.part[..., None]
    mixed = regions.colours[regions.first] * (1 - part) + regions.colours[regions.second] * part
    return straight(mixed)


def without_shadows(pixels: Pixels) -> Pixels:
    """Flatten only the areas that mostly have one colour: what differs in them is shadow.

    Gradients have no such colour and stay; edges keep their mix, so that what lies beside a shadow
    keeps its outline.
    """
    planes = premultiplied(pixels)
    smooth = _is_smooth(planes)
    count, components = cv2.connectedComponents(smooth.view(np.uint8), connectivity=4)
    areas, colours, shares = _modes(planes, components, count)
    if smooth.mean() < _CORE_SHARE_MIN or not areas.any():
        return pixels
    is_flat = (shares >= _MODE_SHARE_MIN)[components] & smooth
    shift = np.zeros_like(planes)
    shift[is_flat] = colours[components[is_flat]] - planes[is_flat]
    classes, flat = _classify(areas, colours, Flattening())
    labels = classes[components]
    labels[~smooth] = len(flat)
    edges, found = _explain(planes, smooth, labels.astype(np.uint8), flat)
    flat_index = np.flatnonzero(edges)
    shifts = shift.reshape(-1, 4)
    part = found.part[:, None]
    moved = shifts[found.first_source] * (1 - part) + shifts[found.second_source] * part
    result = planes + shift
    result.reshape(-1, 4)[flat_index] += moved
    return straight(result.clip(0, 1))


def premultiplied(pixels: Pixels) -> Planes:
    """Convert RGBA bytes to premultiplied planes from 0 to 1."""
    planes = pixels.astype(np.float32) / 255
    planes[..., :3] *= planes[..., 3:]
    return planes


def straight(planes: Planes) -> Pixels:
    """Convert premultiplied planes to RGBA bytes."""
    alpha = planes[..., 3:]
    colours = np.divide(planes[..., :3], alpha, out=np.zeros_like(planes[..., :3]), where=alpha > 0)
    merged = np.concatenate([colours, alpha], axis=-1)
    pixels: Pixels = (merged * 255 + 0.5).clip(0, 255).astype(np.uint8)
    return pixels


def _is_smooth(planes: Planes) -> NDArray[np.bool_]:
    coarse = (planes * 255 + 0.5).astype(np.uint8)
    kernel = np.ones((3, 3), dtype=np.uint8)
    spread = cv2.subtract(cv2.dilate(coarse, kernel), cv2.erode(coarse, kernel))
    smooth: NDArray[np.bool_] = spread.max(axis=-1) <= _SMOOTH_RANGE
    return smooth


def _region_colours(
    planes: Planes, components: NDArray[np.int32], count: int
) -> tuple[Planes, Planes]:
    """Return each region's area and colour: its most frequent one, or its mean if it has none."""
    areas, modes, shares = _modes(planes, components, count)
    flat = components.ravel()
    means = (
        np.stack(
            [
                np.bincount(flat, weights=planes[..., channel].ravel(), minlength=count)
                for channel in range(4)
            ],
            axis=-1,
        )
        / np.maximum(np.bincount(flat, minlength=count), 1)[:, None]
    )
    colours = np.where((shares >= _MODE_SHARE_MIN)[:, None], modes, means)
    return areas, colours.astype(np.float32)


def _modes(
    planes: Planes, components: NDArray[np.int32], count: int
) -> tuple[Planes, Planes, Planes]:
    """Return areas, most frequent colours, and their shares; component 0 is no region."""
    coarse = (planes * ((1 << _CODE_BITS) - 1) + 0.5).astype(np.int64)
    codes = components.astype(np.int64)
    for channel in range(4):
        codes = (codes << _CODE_BITS) | coarse[..., channel]
    used, inverse, counts = np.unique(codes.ravel(), return_inverse=True, return_counts=True)
    owner = (used >> (4 * _CODE_BITS)).astype(np.intp)
    # In ascending order of counts, so that each region keeps its last, the largest.
    order = np.argsort(counts, kind="stable")
    winner = np.zeros(count, dtype=np.intp)
    winner[owner[order]] = order
    sums = [
        np.bincount(inverse, weights=planes[..., channel].ravel()) / counts for channel in range(4)
    ]
    areas = np.bincount(components.ravel(), minlength=count).astype(np.float32)
    shares = (counts[winner] / np.maximum(areas, 1)).astype(np.float32)
    areas[0] = 0
    return areas, np.stack(sums, axis=-1)[winner].astype(np.float32), shares


def _classify(
    areas: Planes, colours: Planes, flattening: Flattening
) -> tuple[NDArray[np.intp], Planes]:
    """Put regions of like colour into classes; return each region's class, and class colours."""
    features = _features(colours)
    leaders: list[int] = []
    weights: list[float] = []
    for region in np.argsort(-areas, kind="stable"):
        if areas[region] == 0:
            break
        distances = [float(np.linalg.norm(features[region] - features[one])) for one in leaders]
        if distances and min(distances) < flattening.distance_min:
            weights[distances.index(min(distances))] += float(areas[region])
        elif len(leaders) < 3 * _CLASSES_MAX:
            leaders.append(int(region))
            weights.append(float(areas[region]))
    while len(leaders) > min(flattening.classes_max, _CLASSES_MAX):
        _merge_nearest(leaders, weights, features)
    centres = features[leaders]
    nearest = ((features[:, None] - centres[None]) ** 2).sum(axis=-1).argmin(axis=1)
    return nearest, colours[leaders]


def _merge_nearest(leaders: list[int], weights: list[float], features: Planes) -> None:
    """Give up the class that is missed least: near to another, and small."""
    best = (np.inf, 0, 0)
    for one in range(len(leaders)):
        for other in range(one + 1, len(leaders)):
            distance = float(np.linalg.norm(features[leaders[one]] - features[leaders[other]]))
            cost = distance * min(weights[one], weights[other]) ** 0.2
            best = min(best, (cost, one, other))
    _, one, other = best
    keep, drop = (one, other) if weights[one] >= weights[other] else (other, one)
    weights[keep] += weights[drop]
    del leaders[drop], weights[drop]


def _features(colours: Planes) -> Planes:
    """Return premultiplied OKLab and alpha, in which distances are what the eye sees."""
    alpha = colours[..., 3:]
    plain = np.divide(colours[..., :3], alpha, out=np.zeros_like(colours[..., :3]), where=alpha > 0)
    lab = to_lab(plain.clip(0, 1)) * alpha
    return np.concatenate([lab, alpha], axis=-1).astype(np.float32)


class _Explained(msgspec.Struct, frozen=True, kw_only=True):
    """For each edge pixel two classes, the mix, and the pixels whose colours stand for them."""

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    part: Planes
    first_source: NDArray[np.intp]
    second_source: NDArray[np.intp]


def _with_edges(
    planes: Planes, smooth: NDArray[np.bool_], labels: NDArray[np.uint8], flat: Planes
) -> Regions:
    edges, found = _explain(planes, smooth, labels, flat)
    first, second = labels.copy(), labels.copy()
    part = np.zeros(labels.shape, dtype=np.float32)
    first[edges], second[edges], part[edges] = found.first, found.second, found.part
    return Regions(colours=flat, first=first, second=second, part=part)


def _explain(
    planes: Planes, smooth: NDArray[np.bool_], labels: NDArray[np.uint8], flat: Planes
) -> tuple[NDArray[np.bool_], _Explained]:
    """Explain every pixel outside the smooth areas as a mix of two classes near it."""
    edges = ~smooth
    values = planes[edges]
    present = _with_thin_strokes(planes, edges, labels, flat)
    colours, sources, reachable = _neighbours(planes, edges, present, len(flat))
    first = np.zeros(len(values), dtype=np.uint8)
    second = np.zeros(len(values), dtype=np.uint8)
    part = np.zeros(len(values), dtype=np.float32)
    best = np.full(len(values), np.inf, dtype=np.float32)
    for one in range(len(flat)):
        for other in range(one, len(flat)):
            along, error = _project(values, colours[one], colours[other])
            error[~(reachable[one] & reachable[other])] = np.inf
            error -= _SINGLE_BONUS * (one == other)
            better = error < best
            best[better] = error[better]
            first[better], second[better], part[better] = one, other, along[better]
    lost = np.flatnonzero(best > _UNEXPLAINED)
    if lost.size:
        first[lost], second[lost], part[lost] = _explain_anywhere(values[lost], flat)
    rows = np.arange(len(values))
    return edges, _Explained(
        first=first,
        second=second,
        part=part,
        first_source=sources[first, rows],
        second_source=sources[second, rows],
    )


def _with_thin_strokes(
    planes: Planes, edges: NDArray[np.bool_], labels: NDArray[np.uint8], flat: Planes
) -> NDArray[np.uint8]:
    """Add to the smooth areas the middle lines of strokes too thin to have one.

    Such a pixel is an extreme among its neighbours and near the colour of a class; a pixel on the
    edge between two areas is never an extreme.
    """
    present = labels.copy()
    brightness = planes[..., :3] @ np.array([0.3, 0.59, 0.11], dtype=np.float32)
    kernel = np.ones((3, 3), dtype=np.uint8)
    extreme = np.zeros(labels.shape, dtype=np.bool_)
    for plane in (brightness, np.ascontiguousarray(planes[..., 3])):
        high, low = cv2.dilate(plane, kernel), cv2.erode(plane, kernel)
        extreme |= ((plane >= high) | (plane <= low)) & (high - low > _VISIBLE_RANGE)
    candidates = np.flatnonzero(extreme & edges)
    if candidates.size:
        features = _features(planes.reshape(-1, 4)[candidates])
        distances = np.linalg.norm(features[:, None] - _features(flat)[None], axis=-1)
        near = distances.min(axis=1) <= _NEAR
        present.reshape(-1)[candidates[near]] = distances.argmin(axis=1)[near]
    return present


def _neighbours(
    planes: Planes, edges: NDArray[np.bool_], present: NDArray[np.uint8], count: int
) -> tuple[Planes, NDArray[np.intp], NDArray[np.bool_]]:
    """Return for each class and edge pixel the class's nearest colour, its place, and whether near."""
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


def _posterised(pixels: Pixels, planes: Planes, flattening: Flattening) -> Regions:
    """Read a picture without flat areas, a photo or noise, as its palette's nearest colours."""
    palette = find_palette(pixels)
    order = np.argsort(-palette.shares, kind="stable")[: flattening.classes_max]
    colours = np.concatenate(
        [palette.colours[order], np.ones((len(order), 1), dtype=np.float32)], axis=-1
    )
    colours = np.concatenate([colours, np.zeros((1, 4), dtype=np.float32)]).astype(np.float32)
    flat = planes.reshape(-1, 4)
    best = np.full(len(flat), np.inf, dtype=np.float32)
    labels = np.zeros(len(flat), dtype=np.uint8)
    for place, colour in enumerate(colours):
        error = ((flat - colour) ** 2).sum(axis=-1)
        labels[error < best] = place
        best = np.minimum(best, error)
    first = labels.reshape(pixels.shape[:2])
    return Regions(
        colours=colours,
        first=first,
        second=first.copy(),
        part=np.zeros(first.shape, dtype=np.float32),
    )
