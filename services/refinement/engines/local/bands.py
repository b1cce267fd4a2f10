"""Tells strokes from the bands that shapes consist of: rims beside a line, and layers."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import NO_CLASS
from services.refinement.engines.local.masks import Mask, depth_of, largest_of, pieces_of
from services.refinement.engines.local.reading import Reading

_RIM_SHARE_MIN: Final = 0.3
_LAYER_SHARE_MIN: Final = 0.2
_LAYER_REACH_PX: Final = 3
_EDGE_PX: Final = 2


def only_strokes(narrow: Mask, flat: Mask, thick: Mask, reading: Reading) -> Mask:
    """Return what is a stroke of what is narrow, with the joints between such strokes.

    Args:
        narrow: the flat areas that may be strokes.
        flat: all flat areas but the ground.
        thick: what is too wide for a stroke.
        reading: of the same picture.
    """
    classes = reading.scene.cover
    strokes = narrow & ~_rims(narrow, _holding(flat & ~narrow, thick), classes)
    strokes &= ~_layers(strokes, classes)
    return strokes | _joints(strokes, flat, thick, reading)


def _rims(narrow: Mask, large: Mask, classes: NDArray[np.uint8]) -> Mask:
    """Find what a line parts from a large area of its colour: a rim of it, and no stroke.

    Args:
        narrow: the flat areas that may be strokes.
        large: those that are much wider, but for the ground.
        classes: each pixel's colour.
    """
    labels, boxes = pieces_of(narrow, connectivity=4)
    depth = depth_of(narrow)
    edge = np.flatnonzero(narrow & (depth < _EDGE_PX))
    owner = labels.reshape(-1)[edge]
    widest = largest_of(depth, labels, np.flatnonzero(narrow), len(boxes))
    reach = 2 * widest[owner] + 2 * _EDGE_PX
    colour = classes.reshape(-1)[edge]
    is_near = np.zeros(len(edge), dtype=np.bool_)
    for number in np.unique(colour):
        shapes = large & (classes == number)
        if shapes.any():
            own = colour == number
            is_near[own] = depth_of(~shapes).reshape(-1)[edge[own]] <= reach[own]
    along = np.bincount(owner[is_near], minlength=len(boxes))
    is_rim = along > _RIM_SHARE_MIN * np.bincount(owner, minlength=len(boxes))
    rims: Mask = is_rim[labels]
    return rims


def _holding(inside: Mask, seeds: Mask) -> Mask:
    labels, boxes = pieces_of(inside, connectivity=4)
    is_held = np.bincount(labels[seeds], minlength=len(boxes)) > 0
    is_held[0] = False
    held: Mask = is_held[labels]
    return held


def _layers(narrow: Mask, classes: NDArray[np.uint8]) -> Mask:
    """Find narrow areas that lie along one of another colour: parts of one shape, and no strokes.

    A saucer seen from the side is narrow, and so is the shadow on it.
    """
    around = np.ones((2 * _LAYER_REACH_PX + 1, 2 * _LAYER_REACH_PX + 1), dtype=np.uint8)
    highest = cv2.dilate(np.where(narrow, classes, 0), around)
    lowest = cv2.erode(np.where(narrow, classes, NO_CLASS), around)
    labels, boxes = pieces_of(narrow, connectivity=4)
    edge = narrow & (depth_of(narrow) < _EDGE_PX)
    touching = edge & ((highest != classes) | (lowest != classes))
    along = np.bincount(labels[touching], minlength=len(boxes))
    is_layer = along > _LAYER_SHARE_MIN * np.bincount(labels[edge], minlength=len(boxes))
    is_layer[0] = False
    layers: Mask = is_layer[labels]
    return layers


def _joints(narrow: Mask, flat: Mask, thick: Mask, reading: Reading) -> Mask:
    """Find what is too short for a stroke: in letters, and where strokes meet.

    Strokes meet in a piece that has little else.
    """
    if reading.pieces is None:
        return np.zeros_like(narrow)
    numbers = reading.pieces.numbers
    count = int(numbers.max()) + 1
    strokes = np.bincount(numbers[narrow], minlength=count)
    is_whole = 2 * strokes > np.bincount(numbers[flat], minlength=count)
    # Bold letters are hardly longer than their strokes are wide.
    is_whole |= np.bincount(numbers[flat & reading.text], minlength=count) > 0
    is_whole &= np.bincount(numbers[thick], minlength=count) == 0
    joints: Mask = flat & is_whole[numbers]
    return joints
