"""Finds the areas of a picture that are flat or change steadily, and groups them into classes."""

from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.planes import Planes, features

CLASSES_MAX: Final = 24
CLEAR_ALPHA: Final = 0.05
CODE_LEVELS: Final = 15
NO_CLASS: Final = 255

_FLAT_RANGE: Final = 8
_STEADY_RANGE: Final = 40
_BEND_MAX: Final = 4
_AREA_MIN: Final = 8
_CODE_BITS: Final = 4
_MODE_SHARE_MIN: Final = 0.4
_LEADING_AREAS_MAX: Final = 2000
_DISTANCE_MIN: Final = 0.04
_GRADIENT_SHARE_MIN: Final = 0.003
_ALIKE: Final = 0.012
_CONTINUED_SHARE: Final = 0.15
_CONTINUED_DISTANCE_MAX: Final = 0.06
_FAINT_SHARE_MAX: Final = 0.015
_FAINT_MAX: Final = 300
_SURROUNDING_SHARE_MIN: Final = 0.8
_ROOM: Final = 6
_RING: Final = np.ones((2 * _ROOM - 1, 2 * _ROOM - 1), dtype=np.uint8)


class Areas(msgspec.Struct, frozen=True, kw_only=True):
    """Areas numbered from 1; 0 is what lies between them.

    `sizes`, `boxes` (left, top, width, height), `colours` and `purity` have a row for each number.
    A colour is the most frequent one; `purity` says how much of the area has it.
    """

    components: NDArray[np.int32]
    sizes: NDArray[np.intp]
    boxes: NDArray[np.int32]
    colours: Planes
    purity: NDArray[np.float32]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Where the areas are."""
        return self.components > 0

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Which areas have one colour but for a shadow; gradients have none."""
        return self.purity >= _MODE_SHARE_MIN


def find_areas(planes: Planes) -> Areas:
    """Find connected areas that are flat or change steadily.

    Steadily means by about the same step from pixel to pixel, as under a soft shadow; an edge,
    blurred or not, is a step between two plains.
    """
    levels = planes * 255
    levels += 0.5
    coarse = levels.astype(np.uint8)
    kernel = np.ones((3, 3), dtype=np.uint8)
    spread = _largest(cv2.subtract(cv2.dilate(coarse, kernel), cv2.erode(coarse, kernel)))
    smooth = (spread <= _FLAT_RANGE) | ((spread <= _STEADY_RANGE) & _is_steady(coarse))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(smooth.view(np.uint8), connectivity=4)
    # A few pixels may be smooth by chance inside a steep shadow, and are no area of their own.
    is_area = boxes[:, cv2.CC_STAT_AREA] >= _AREA_MIN
    components = np.asarray(labels, dtype=np.int32)
    components *= is_area[components]
    sizes = np.where(is_area, boxes[:, cv2.CC_STAT_AREA], 0).astype(np.intp)
    sizes[0] = 0
    colours, purity = _modes(planes, components, len(boxes))
    return Areas(
        components=components,
        sizes=sizes,
        boxes=np.asarray(boxes, dtype=np.int32),
        colours=colours,
        purity=purity,
    )


def classify(planes: Planes, areas: Areas) -> tuple[NDArray[np.intp], Planes]:
    """Put areas of hardly different colour into classes of one colour each.

    Returns:
        Each area's class, and the classes' colours.
    """
    colours = np.where(areas.flat[:, None], areas.colours, _gradient_means(planes, areas))
    classes, flat = _grouped(areas.sizes, colours.astype(np.float32))
    _join_gradients(planes, areas, classes)
    _join_faint(planes, areas, classes)
    used = np.unique(classes[areas.sizes > 0])
    if not used.size:
        return classes, flat
    return np.searchsorted(used, classes).clip(0, len(used) - 1), flat[used]


def _is_steady(coarse: Pixels) -> NDArray[np.bool_]:
    wide = coarse.astype(np.int16)
    bend = np.zeros(wide.shape[:2], dtype=np.int16)
    across = _largest(np.abs(wide[:, 2:] + wide[:, :-2] - 2 * wide[:, 1:-1]))
    down = _largest(np.abs(wide[2:] + wide[:-2] - 2 * wide[1:-1]))
    bend[:, 1:-1] = across
    bend[1:-1] = np.maximum(bend[1:-1], down)
    steady: NDArray[np.bool_] = cv2.dilate(bend, np.ones((3, 3), dtype=np.uint8)) <= _BEND_MAX
    return steady


def _largest(values: NDArray[Any]) -> NDArray[Any]:
    """Return the largest of four channels; numpy is slow at reducing a short axis."""
    first, second, third, fourth = np.moveaxis(values, -1, 0)
    largest: NDArray[Any] = np.maximum(np.maximum(first, second), np.maximum(third, fourth))
    return largest


def _gradient_means(planes: Planes, areas: Areas) -> Planes:
    """Return the mean colour of each area that has none of its own; the others' rows are black."""
    count = len(areas.sizes)
    is_gradient = ~areas.flat & (areas.sizes > 0)
    own = np.flatnonzero(is_gradient[areas.components])
    owner, values = areas.components.reshape(-1)[own], planes.reshape(-1, 4)[own]
    sums = [np.bincount(owner, weights=values[:, channel], minlength=count) for channel in range(4)]
    return (np.stack(sums, axis=-1) / np.maximum(areas.sizes, 1)[:, None]).astype(np.float32)


def _modes(
    planes: Planes, components: NDArray[np.int32], count: int
) -> tuple[Planes, NDArray[np.float32]]:
    """Return the most frequent colour of each area, and its share of the area."""
    coarse = (planes * CODE_LEVELS + 0.5).astype(np.uint8)
    codes = np.zeros(components.size, dtype=np.uint16)
    for channel in range(4):
        codes <<= _CODE_BITS
        codes |= coarse[..., channel].ravel()
    # Neighbours are mostly alike; sorting the runs is much less than sorting the pixels.
    owners = components.ravel()
    is_start = np.ones(codes.size, dtype=np.bool_)
    is_start[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    starts = np.flatnonzero(is_start)
    of_runs = (owners[starts].astype(np.int64) << (4 * _CODE_BITS)) | codes[starts]
    used, inverse = np.unique(of_runs, return_inverse=True)
    lengths = np.diff(starts, append=codes.size)
    counts = np.bincount(inverse, weights=lengths).astype(np.intp)
    owner = (used >> (4 * _CODE_BITS)).astype(np.intp)
    # In ascending order of counts, so that each area keeps its last, the largest.
    order = np.argsort(counts, kind="stable")
    winner = np.zeros(count, dtype=np.intp)
    winner[owner[order]] = order
    sums = []
    for channel in range(4):
        totals = np.add.reduceat(planes[..., channel].ravel(), starts, dtype=np.float64)
        sums.append(np.bincount(inverse, weights=totals) / counts)
    sizes = np.bincount(owner, weights=counts, minlength=count).astype(np.intp)
    purity = (counts[winner] / np.maximum(sizes, 1)).astype(np.float32)
    return np.stack(sums, axis=-1)[winner].astype(np.float32), purity


def _grouped(sizes: NDArray[np.intp], colours: Planes) -> tuple[NDArray[np.intp], Planes]:
    """Let the largest areas lead classes, and others join the nearest leader."""
    places = features(colours)
    leaders: list[int] = []
    for area in np.argsort(-sizes, kind="stable")[:_LEADING_AREAS_MAX]:
        if sizes[area] == 0 and leaders:
            break
        distances = np.linalg.norm(places[leaders] - places[area], axis=-1)
        if not leaders or (distances.min() >= _DISTANCE_MIN and len(leaders) < CLASSES_MAX):
            leaders.append(int(area))
    nearest = np.zeros(len(places), dtype=np.intp)
    best = np.full(len(places), np.inf, dtype=np.float32)
    for place, leader in enumerate(leaders):
        distance = ((places - places[leader]) ** 2).sum(axis=-1)
        nearest[distance < best] = place
        best = np.minimum(best, distance)
    return nearest, colours[leaders]


def _join_gradients(planes: Planes, areas: Areas, classes: NDArray[np.intp]) -> None:
    """Put small areas that continue a gradient beside them, like a letter's hole, into its class.

    The gradient's colour is its mean, theirs is what the gradient has just there.
    """
    is_gradient = ~areas.flat & (areas.sizes > _GRADIENT_SHARE_MIN * areas.components.size)
    is_gradient[0] = False
    is_small = (areas.sizes > 0) & (areas.sizes <= _FAINT_SHARE_MAX * areas.components.size)
    if not is_gradient.any() or not is_small.any():
        return
    own = is_gradient[areas.components]
    distance, nearest = cv2.distanceTransformWithLabels(
        (~own).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    origin = np.zeros(int(nearest.max()) + 1, dtype=np.intp)
    origin[nearest[own]] = np.flatnonzero(own)
    small = np.flatnonzero(is_small & ~is_gradient)
    covered = np.flatnonzero(areas.covered)
    flat = planes.reshape(-1, 4)
    reach = _CONTINUED_SHARE * max(areas.components.shape)
    joins = np.ones(len(small), dtype=np.bool_)
    beside = np.zeros(len(small), dtype=np.intp)
    # The first and the last pixel stand for an area: the last one written wins.
    for order in (covered[::-1], covered):
        sample = np.zeros(len(areas.sizes), dtype=np.intp)
        sample[areas.components.reshape(-1)[order]] = order
        beside = origin[nearest.reshape(-1)[sample[small]]]
        apart = np.linalg.norm(features(flat[sample[small]]) - features(flat[beside]), axis=-1)
        joins &= (apart < _CONTINUED_DISTANCE_MAX) & (distance.reshape(-1)[sample[small]] <= reach)
    # What also stands elsewhere in just this colour has it of its own, like one letter of a word.
    places = features(areas.colours[small])
    for place in np.flatnonzero(joins)[:_FAINT_MAX]:
        alike = np.linalg.norm(places[~joins] - places[place], axis=-1) < _ALIKE
        joins[place] = not (areas.sizes[small[~joins]][alike] >= _AREA_MIN**2).any()
    classes[small[joins]] = classes[areas.components.reshape(-1)[beside[joins]]]


def _join_faint(planes: Planes, areas: Areas, classes: NDArray[np.intp]) -> None:
    """Put small areas that hardly stand out, like a highlight, into the class around them.

    By their colour alone they may belong to a class far from what surrounds them, and would then
    stand out more than before.
    """
    order = np.argsort(-areas.sizes, kind="stable")
    is_small = (areas.sizes > 0) & (areas.sizes <= _FAINT_SHARE_MAX * areas.components.size)
    for area in order[is_small[order]][:_FAINT_MAX]:
        left, top, width, height = areas.boxes[area, :4]
        window = (
            slice(max(0, top - _ROOM), top + height + _ROOM),
            slice(max(0, left - _ROOM), left + width + _ROOM),
        )
        place = areas.components[window]
        own = place == area
        ring = cv2.dilate(own.view(np.uint8), _RING).astype(np.bool_) & ~own & (place > 0)
        if not ring.any():
            continue
        around = np.bincount(place[ring])
        neighbour = int(around.argmax())
        if around[neighbour] < _SURROUNDING_SHARE_MIN * ring.sum():
            continue
        near = ring & (place == neighbour)
        pair = [planes[window][own].mean(axis=0), planes[window][near].mean(axis=0)]
        inner, outer = features(np.array(pair, dtype=np.float32))
        if np.linalg.norm(inner - outer) < _DISTANCE_MIN:
            classes[area] = classes[neighbour]
