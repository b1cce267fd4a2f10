"""Says by how much strokes may grow before the gaps between them close."""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
    pieces_of,
    reaches_border,
)

Rows: TypeAlias = NDArray[np.float32]

# A gap stays so wide, or where it is narrower already, keeps so much of its width.
_GAP_KEPT_PX: Final = 3.0
_GAP_SHARE_TAKEN: Final = 0.4
_HALF: Final = 0.5
_EDGE_PX: Final = 2
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)
_TRIES_MAX: Final = 4
_LESS: Final = 0.6
# A gap cut in two shows if its smaller part is at least this deep.
_PART_DEPTH_PX_MIN: Final = 0.75


def limited_growth(distance: Rows, areas: Mask, pieces: NDArray[np.int32], radii: Rows) -> Rows:
    """Lower the radii by which pieces grow so that no gap, counter or opening closes.

    Args:
        distance: how far each pixel is from the nearest stroke in pixels, negative inside.
        areas: what else may lie on the other side of a gap.
        pieces: the stroke that each pixel belongs to, 0 for none.
        radii: by how much each piece is to grow; the first is no piece.
    """
    is_line = (distance < _HALF) & (pieces > 0)
    taken = is_line | areas
    free = ~taken
    if not is_line.any() or not free.any():
        return radii
    far = np.minimum(distance, depth_of(~areas) - _HALF) if areas.any() else distance
    source = nearest_of(taken, np.arange(free.size))
    owner = np.where(is_line, pieces, 0).reshape(-1)[source].reshape(free.shape)
    # A stroke touches an area if nothing but their soft edges lies between.
    edged = cv2.dilate(areas.view(np.uint8), _KERNEL, iterations=_EDGE_PX).astype(np.bool_)
    shapes, _ = pieces_of(is_line | edged, connectivity=8)
    shape = shapes.reshape(-1)[source].reshape(free.shape)
    limits = np.full(len(radii), np.inf)
    for first, second in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        between = shape[first] != shape[second]
        gap = (far[first][between] + far[second][between] + 1).clip(min=0)
        for side in (first, second):
            np.minimum.at(limits, owner[side][between], _room(gap))
    regions, boxes = pieces_of(free, connectivity=4)
    depth = largest_of(far, regions, np.flatnonzero(free), len(boxes))
    depth[reaches_border(boxes, free.shape)] = np.inf
    depth[0] = np.inf
    np.minimum.at(limits, owner[free], _room(2 * depth[regions[free]]))
    return _unsplit(far, owner, regions, np.minimum(radii, limits).astype(np.float32))


def _room(gap: Rows) -> Rows:
    """Return by how much both sides of a gap may grow."""
    room: Rows = np.maximum((gap - _GAP_KEPT_PX) / 2, _GAP_SHARE_TAKEN / 2 * gap)
    return room


def _unsplit(far: Rows, owner: NDArray[np.int32], regions: NDArray[np.int32], radii: Rows) -> Rows:
    """Lower the radii of pieces that would close an opening of their own, like that of a C."""
    radii = radii.copy()
    for _ in range(_TRIES_MAX):
        room = far - radii[owner]
        parts, boxes = pieces_of((room > 0) & (regions > 0), connectivity=4)
        inside = np.flatnonzero(parts)
        depth = largest_of(room.astype(np.float32), parts, inside, len(boxes))
        parent = np.zeros(len(boxes), dtype=np.intp)
        parent[parts.reshape(-1)[inside]] = regions.reshape(-1)[inside]
        shows = depth >= _PART_DEPTH_PX_MIN
        largest = np.zeros(int(regions.max()) + 1)
        np.maximum.at(largest, parent, boxes[:, cv2.CC_STAT_AREA])
        is_cut_off = shows & (boxes[:, cv2.CC_STAT_AREA] < largest[parent])
        is_cut_off[0] = False
        if not is_cut_off.any():
            break
        guilty = np.unique(owner[is_cut_off[parts]])
        radii[guilty] *= _LESS
    return radii
