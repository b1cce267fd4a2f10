"""Tells the holes of a logo, through which its ground is seen, from its parts of that colour."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    pieces_of,
    reaches_border,
)

# A hole lies one stroke away from the outer ground, along this share of its rim at least.
_THIN_RIM_SHARE_MIN: Final = 0.4
_RIM_PER_WIDTH: Final = 1.2
_NEAREST_QUARTER: Final = 0.25
# Half as wide as this many strokes, an enclosed area is a filled one, like the body of a cup.
_STROKES_MAX: Final = 3.0
# A letter has few holes; a shape with more has parts of the ground's colour.
_HOLES_MAX: Final = 3
_LETTER_STROKES_PER_SIDE: Final = 0.4
_LETTER_HOLE_PER_STROKE: Final = 0.2
_STROKE_SLACK: Final = 1.6
_RING_REACH_MIN: Final = 0.4
_RING_HALF_WIDTH_MAX: Final = 0.06
_RING_FILL_MAX: Final = 0.3
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


def is_background(of_its_colour: Mask) -> Mask:
    """Say which pixels of the ground's colour are ground.

    Ground is what reaches the border, the counters of letters and other holes behind one stroke,
    and narrow rings. What else is enclosed is a part of the logo: eyes, or the body of a cup.
    """
    plain = of_its_colour.view(np.uint8)
    labels, boxes = pieces_of(of_its_colour, connectivity=4)
    _, _, across, down, areas = boxes.T
    reaches = reaches_border(boxes, plain.shape)
    outer: Mask = reaches[labels]
    enclosed = ~reaches
    enclosed[0] = False
    if not enclosed.any() or not outer.any():
        return outer
    inside = enclosed[labels]
    half_widths = _largest(depth_of(of_its_colour), labels, inside, len(boxes))
    is_hole = enclosed & _is_behind_a_stroke(plain, labels, outer, inside, half_widths)
    ink_rows, ink_columns = np.flatnonzero((~outer).any(axis=1)), np.flatnonzero((~outer).any(0))
    reach = max(np.ptp(ink_rows), np.ptp(ink_columns)) + 1
    is_hole |= (
        enclosed
        & (np.maximum(across, down) >= _RING_REACH_MIN * reach)
        & (half_widths <= _RING_HALF_WIDTH_MAX * np.minimum(across, down))
        & (areas <= _RING_FILL_MAX * across * down)
    )
    background: Mask = outer | is_hole[labels]
    return background


def _is_behind_a_stroke(
    plain: NDArray[np.uint8],
    labels: NDArray[np.int32],
    outer: Mask,
    inside: Mask,
    half_widths: NDArray[np.float32],
) -> Mask:
    count = len(half_widths)
    holes = np.where(inside, labels, 0).astype(np.float32)
    reached = np.asarray(cv2.dilate(holes, _KERNEL), dtype=np.int32)
    rim = np.flatnonzero((reached > 0) & (plain == 0))
    owner = reached.reshape(-1)[rim]
    distance = depth_of(~outer).reshape(-1)[rim]
    around = np.maximum(np.bincount(owner, minlength=count), 1)
    thin = distance <= _RIM_PER_WIDTH * 2 * half_widths[owner]
    thin_share = np.bincount(owner[thin], minlength=count) / around
    stroke = _quantile(distance, owner, around, count)
    shapes = _hosts(plain, labels, rim, owner, count)
    is_letter = (shapes.thickness <= _LETTER_STROKES_PER_SIDE * shapes.sides) & (
        half_widths >= _LETTER_HOLE_PER_STROKE * shapes.thickness
    )
    chosen: Mask = (
        (is_letter | (thin_share >= _THIN_RIM_SHARE_MIN))
        & (half_widths <= _STROKES_MAX * stroke)
        & (stroke <= _STROKE_SLACK * shapes.thickness)
        & (shapes.holes <= _HOLES_MAX)
        & ~shapes.holds
    )
    return chosen


class _Hosts(msgspec.Struct, frozen=True, kw_only=True):
    """For each hole the shape around it, in pixels, and whether the hole holds another shape."""

    sides: NDArray[np.float32]
    thickness: NDArray[np.float32]
    holes: NDArray[np.intp]
    holds: Mask


def _hosts(
    plain: NDArray[np.uint8],
    labels: NDArray[np.int32],
    rim: NDArray[np.intp],
    owner: NDArray[np.int32],
    count: int,
) -> _Hosts:
    ink = (1 - plain).astype(np.uint8)
    is_ink = ink.view(np.bool_)
    shape_labels, boxes = pieces_of(is_ink, connectivity=8)
    shapes = len(boxes)
    thickness = 2 * _largest(depth_of(is_ink), shape_labels, is_ink, shapes)
    host = np.zeros(count, dtype=np.intp)
    # The first pixel of a rim, from the top, is of the shape around and not of one inside.
    host[owner[::-1]] = shape_labels.reshape(-1)[rim[::-1]]
    holes = np.bincount(host[np.unique(owner)], minlength=shapes)
    sides = np.minimum(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    holds = np.zeros(count, dtype=np.bool_)
    tops = np.flatnonzero((ink[1:] & (1 - ink[:-1])).astype(np.bool_)) + plain.shape[1]
    first = tops[np.unique(shape_labels.reshape(-1)[tops], return_index=True)[1]]
    top_rows = boxes[shape_labels.reshape(-1)[first], cv2.CC_STAT_TOP]
    above = first[first // plain.shape[1] == top_rows] - plain.shape[1]
    holds[labels.reshape(-1)[above]] = True
    return _Hosts(
        sides=sides[host].astype(np.float32),
        thickness=thickness[host],
        holes=holes[host],
        holds=holds,
    )


def _largest(
    values: NDArray[np.float32], labels: NDArray[np.int32], chosen: Mask, count: int
) -> NDArray[np.float32]:
    """Return the largest value under each label."""
    # Ridges of the distance are enough, and few.
    peaks = np.flatnonzero(chosen & (values >= cv2.dilate(values, _KERNEL)))
    return largest_of(values, labels, peaks, count)


def _quantile(
    distance: NDArray[np.float32], owner: NDArray[np.int32], around: NDArray[np.intp], count: int
) -> NDArray[np.float32]:
    """Return the distance that a quarter of each hole's rim does not exceed."""
    order = np.lexsort((distance, owner))
    starts = np.searchsorted(owner[order], np.arange(count))
    places = starts + (_NEAREST_QUARTER * (around - 1)).astype(np.intp)
    quantile: NDArray[np.float32] = distance[order][places.clip(0, max(len(order) - 1, 0))]
    return quantile
