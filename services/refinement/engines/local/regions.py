"""Reads a picture as flat regions with edges between them, and draws it again flat.

Smooth areas become classes of one colour each; what lies between is drawn as the same mix of the
classes' flat colours that it was of their colours before. So coverage survives, thin strokes stay,
and no fringe appears.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import (
    CLEAR_ALPHA,
    NO_CLASS,
    Areas,
    Flattening,
    classify,
    find_areas,
)
from services.refinement.engines.local.edges import explain_edges
from services.refinement.engines.local.palette import Pixels, find_palette
from services.refinement.engines.local.planes import Planes, features, premultiplied, straight

_HALF: Final = 0.5
_COVERED_SHARE_MIN: Final = 0.02
_BORDER_SHARE_MIN: Final = 0.6
_GAP_SHARE: Final = 0.015
_GAP_MIN: Final = 6
_SAME: Final = 0.03
_DARKEST: Final = 0.02


class Regions(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as classes and mixes: a pixel is `part` of `second` and the rest of `first`."""

    colours: Planes
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    part: NDArray[np.float32]

    def labels(self) -> NDArray[np.uint8]:
        """Return the class that covers most of each pixel."""
        return np.where(self.part >= _HALF, self.second, self.first)


def find_regions(pixels: Pixels, flattening: Flattening) -> Regions:
    """Read RGBA pixels as flat classes and their mixes."""
    planes = premultiplied(pixels)
    areas = find_areas(planes)
    if not _is_drawn(areas):
        return _posterised(pixels, planes, flattening)
    labels, flat = classify(planes, areas, flattening)
    found, flat = explain_edges(planes, labels, flat, flattening)
    edges = labels == NO_CLASS
    first, second = labels.copy(), labels.copy()
    part = np.zeros(labels.shape, dtype=np.float32)
    first[edges], second[edges], part[edges] = found.first, found.second, found.part
    return Regions(colours=flat, first=first, second=second, part=part)


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
    areas = find_areas(planes)
    if not _is_drawn(areas):
        return pixels
    is_flat = areas.flat[areas.components] & areas.covered
    shift = np.zeros_like(planes)
    shift[is_flat] = areas.colours[areas.components[is_flat]] - planes[is_flat]
    labels, flat = classify(planes, areas, Flattening())
    return _shifted(planes, shift, labels, flat, own=NO_CLASS)


def with_background(pixels: Pixels, colour: NDArray[np.float32]) -> Pixels | None:
    """Paint what reaches the border, and the gaps in letters on it; shadows stay.

    Args:
        pixels: RGBA.
        colour: sRGB, three numbers from 0 to 1.

    Returns:
        None where the border is not of one colour.
    """
    planes = premultiplied(pixels)
    areas = find_areas(planes)
    if not areas.covered.any():
        return None
    labels, flat = classify(planes, areas, Flattening())
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    counts = np.bincount(border, minlength=NO_CLASS + 1)
    own = int(counts[:NO_CLASS].argmax())
    if counts[own] < _BORDER_SHARE_MIN * border.size:
        return None
    target = np.append(colour, 1).astype(np.float32)
    if flat[own, 3] < CLEAR_ALPHA:
        return straight(planes + (1 - planes[..., 3:]) * target)
    place = _background_pixels(areas, labels, own)
    painted = (planes[place] / np.maximum(flat[own], _DARKEST) * target).clip(0, 1)
    painted[:, 3] = planes[place, 3]
    shift = np.zeros_like(planes)
    shift[place] = painted - planes[place]
    return _shifted(planes, shift, labels, flat, own=own)


def _background_pixels(areas: Areas, labels: NDArray[np.uint8], own: int) -> NDArray[np.bool_]:
    """Find the background: what reaches the border, and gaps of its colour no stroke away from it.

    Pixels between the areas are included near the background; whether they are of its class is for
    the edges to say.
    """
    height, width = labels.shape
    left, top, across, down = areas.boxes[:, :4].T
    reaches = (left == 0) | (top == 0) | (left + across == width) | (top + down == height)
    is_own = np.zeros(len(areas.sizes), dtype=np.bool_)
    is_own[np.unique(areas.components[labels == own])] = True
    outside = (reaches & is_own)[areas.components] & areas.covered
    distance = cv2.distanceTransform((~outside).view(np.uint8), cv2.DIST_L2, 5)
    is_near = distance <= max(_GAP_MIN, _GAP_SHARE * max(height, width))
    is_hole = np.zeros(len(areas.sizes), dtype=np.bool_)
    is_hole[np.unique(areas.components[is_near])] = True
    places = features(areas.colours)
    largest = int(np.where(is_own & reaches, areas.sizes, 0).argmax())
    is_hole &= is_own & (np.linalg.norm(places - places[largest], axis=-1) < _SAME)
    holes = is_hole[areas.components] & areas.covered
    background: NDArray[np.bool_] = outside | holes | (is_near & (labels == NO_CLASS))
    return background


def _shifted(
    planes: Planes, shift: Planes, labels: NDArray[np.uint8], flat: Planes, *, own: int
) -> Pixels:
    """Shift the areas, and let what lies between them follow by the mix it is of them.

    A stroke between the areas takes part where it is of the class `own`.
    """
    found, _ = explain_edges(planes, labels, flat, Flattening())
    is_edge = labels == NO_CLASS

    def follow(classes: NDArray[np.uint8], sources: NDArray[np.intp]) -> Planes:
        counts = ~is_edge.reshape(-1)[sources] | (classes == own)
        return np.where(counts[:, None], shift.reshape(-1, 4)[sources], 0)

    part = found.part[:, None]
    moved = follow(found.first, found.first_source) * (1 - part)
    moved += follow(found.second, found.second_source) * part
    result = planes + np.where(is_edge[..., None], 0, shift)
    result[is_edge] += moved
    return straight(result.clip(0, 1))


def _is_drawn(areas: Areas) -> bool:
    """Say whether a picture has smooth areas, as all that is drawn has; a photo may have none."""
    return bool(areas.covered.mean() >= _COVERED_SHARE_MIN)


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
