"""Draws a scene flat: one colour for each class, mixed where they meet as they were before.

So coverage survives, thin strokes stay, and no fringe appears.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import CLEAR_ALPHA, NO_CLASS
from services.refinement.engines.local.palette import Pixels, find_palette
from services.refinement.engines.local.planes import Planes, features, premultiplied, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.seams import find_seams

_HALF: Final = 0.5
_WEIGHT_POWER: Final = 0.12
_TOUCHING_COST: Final = 1.5
_GROUND_COST: Final = 2.0
_GROUND_DISTANCE_MAX: Final = 0.045
_CONTACTS_MIN: Final = 6
_PHOTO_COLOURS_MAX: Final = 12
# Few enough rows for their planes to stay in the processor's cache.
_ROWS_AT_ONCE: Final = 16


class Flattening(msgspec.Struct, frozen=True, kw_only=True):
    """How far to go: classes nearer than `distance_min` (OKLab) become one, `classes_max` stay."""

    classes_max: int = NO_CLASS
    distance_min: float = 0.0


class Regions(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as classes and mixes: a pixel is `part` of `second` and the rest of `first`."""

    colours: Planes
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    part: NDArray[np.float32]

    def labels(self) -> NDArray[np.uint8]:
        """Return the class that covers most of each pixel."""
        labels: NDArray[np.uint8] = np.where(self.part >= _HALF, self.second, self.first)
        return labels


def flattened(reading: Reading, flattening: Flattening) -> Regions:
    """Give each class one colour, and make classes one as far as `flattening` goes."""
    scene = reading.scene
    heirs = _merged(reading, flattening)
    heirs_of_all = np.append(heirs, np.zeros(NO_CLASS + 1 - len(heirs), dtype=np.intp))
    first = heirs_of_all[scene.labels].astype(np.uint8)
    second = first.copy()
    part = np.zeros(first.shape, dtype=np.float32)
    edges = scene.edges
    first.reshape(-1)[edges.spots] = heirs[edges.first]
    second.reshape(-1)[edges.spots] = heirs[edges.second]
    part.reshape(-1)[edges.spots] = edges.part
    colours = scene.colours
    for seam in find_seams(scene):
        own = seam.cover > 0
        first[own], second[own], part[own] = heirs[seam.label], len(colours), seam.cover[own]
        colours = np.concatenate([colours, seam.colour[None]]).astype(np.float32)
    return Regions(colours=colours, first=first, second=second, part=part)


def render(regions: Regions) -> Pixels:
    """Draw regions: flat classes, mixed where they meet."""
    flat = straight(regions.colours[None])[0]
    result: Pixels = flat[regions.first]
    mixed = np.flatnonzero((regions.part > 0) & (regions.first != regions.second))
    part = regions.part.reshape(-1)[mixed, None]
    first = regions.colours[regions.first.reshape(-1)[mixed]]
    second = regions.colours[regions.second.reshape(-1)[mixed]]
    result.reshape(-1, 4)[mixed] = straight(first * (1 - part) + second * part)
    return result


def posterised(pixels: Pixels, flattening: Flattening) -> Pixels:
    """Draw a picture without smooth areas, a photo or noise, in its palette's nearest colours."""
    palette = find_palette(pixels)
    planes = premultiplied(pixels)
    count = min(flattening.classes_max, _PHOTO_COLOURS_MAX)
    order = np.argsort(-palette.shares, kind="stable")[:count]
    opaque = np.ones((len(order), 1), dtype=np.float32)
    colours = np.concatenate([palette.colours[order], opaque], axis=-1)
    colours = np.concatenate([colours, np.zeros((1, 4), dtype=np.float32)]).astype(np.float32)
    labels = np.zeros(planes.shape[:2], dtype=np.uint8)
    for start in range(0, len(planes), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        labels[rows] = _nearest(planes[rows], colours)
    drawn: Pixels = straight(colours[None])[0][labels]
    return drawn


def _nearest(planes: Planes, colours: Planes) -> NDArray[np.uint8]:
    """Return the place of the colour that is nearest to each pixel."""
    channels = [np.ascontiguousarray(planes[..., channel]) for channel in range(4)]
    best = np.full(planes.shape[:2], np.inf, dtype=np.float32)
    labels = np.zeros(planes.shape[:2], dtype=np.uint8)
    for place, colour in enumerate(colours):
        error = np.zeros_like(best)
        for channel, level in zip(channels, colour, strict=True):
            error += (channel - level) ** 2
        np.putmask(labels, error < best, place)
        np.minimum(best, error, out=best)
    return labels


def _merged(reading: Reading, flattening: Flattening) -> NDArray[np.intp]:
    """Return the class that each class becomes part of.

    What is missed least goes first: near to another, and small. A letter's class never becomes
    that of what is around it, and hardly anything becomes background.
    """
    scene = reading.scene
    count = len(scene.colours)
    heirs = np.arange(count)
    places = features(scene.colours)
    weights = np.bincount(scene.cover.reshape(-1), minlength=count).astype(np.float64) + 1
    touching, lettered = _contacts(reading)
    alive = [place for place in range(count) if scene.colours[place, 3] >= CLEAR_ALPHA]
    while len(alive) > 1:
        is_over = len(alive) > flattening.classes_max
        best = (np.inf, 0, 0)
        for index, one in enumerate(alive):
            for other in alive[index + 1 :]:
                distance = float(np.linalg.norm(places[one] - places[other]))
                is_ground = scene.own in {one, other}
                limit = min(
                    flattening.distance_min,
                    _GROUND_DISTANCE_MAX if is_ground else np.inf,
                )
                if lettered[one, other] or (distance >= limit and not is_over):
                    continue
                cost = distance * min(weights[one], weights[other]) ** _WEIGHT_POWER
                cost *= _TOUCHING_COST if touching[one, other] else 1
                cost *= _GROUND_COST if is_ground else 1
                best = min(best, (cost, one, other))
        cost, one, other = best
        if not np.isfinite(cost):
            break
        keep, drop = (one, other) if weights[one] >= weights[other] else (other, one)
        weights[keep] += weights[drop]
        heirs[heirs == drop] = keep
        for table in (touching, lettered):
            table[keep] |= table[drop]
            table[:, keep] |= table[:, drop]
        alive.remove(drop)
    return heirs


def _contacts(reading: Reading) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which classes touch, and which of them do as letters and their ground."""
    edges = reading.scene.edges
    count = len(reading.scene.colours)
    pairs = edges.first.astype(np.intp) * count + edges.second
    text = reading.text.reshape(-1)
    has_text = text[edges.first_source] != text[edges.second_source]
    tables = []
    for chosen in (pairs, pairs[has_text]):
        table = np.bincount(chosen, minlength=count * count).reshape(count, count)
        tables.append((table + table.T) >= _CONTACTS_MIN)
    return tables[0], tables[1]
