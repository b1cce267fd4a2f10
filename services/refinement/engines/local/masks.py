"""Measures pictures and masks: how pixels differ, which is nearest, how deep, in what pieces."""

from typing import Final, Literal, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]

_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


class Nearest(msgspec.Struct, frozen=True, kw_only=True):
    """Which of some chosen pixels is nearest to each pixel.

    `labels` has a label for each pixel; `numbers` says for each label which of the chosen pixels
    it stands for, in the order of their places.
    """

    labels: NDArray[np.int32]
    numbers: NDArray[np.int32]


def strongest(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the largest of the channels; much faster than reducing over so short an axis."""
    channels = cv2.split(levels)
    largest = channels[0]
    for channel in channels[1:]:
        largest = cv2.max(largest, channel)
    return np.asarray(largest, dtype=np.uint8)


def spread_of(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return by how many levels the channels differ within 3 x 3 pixels."""
    lowest, highest = cv2.erode(levels, _KERNEL), cv2.dilate(levels, _KERNEL)
    return strongest(np.asarray(cv2.subtract(highest, lowest), dtype=np.uint8))


def nearest_of(chosen: Mask, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each place the nearest chosen pixel; at least one must be chosen."""
    nearest = numbered_by_nearest(chosen)
    origin = np.flatnonzero(chosen)[nearest.numbers]
    return np.asarray(origin[nearest.labels.reshape(-1)[places]], dtype=np.intp)


def nearest_of_both_sides(
    chosen: Mask, places: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each place the nearest chosen pixel, searched from the left and from the right.

    They differ where two are as near. What treats them alike gives a mirrored picture a mirrored
    result.
    """
    width = chosen.shape[1]
    mirrored = nearest_of(np.ascontiguousarray(chosen[:, ::-1]), _mirrored(places, width))
    return nearest_of(chosen, places), _mirrored(mirrored, width)


def numbered_by_nearest(chosen: Mask, *, from_right: bool = False) -> Nearest:
    """Find which of the chosen pixels is nearest to each; at least one must be chosen.

    Of two as near, it is the one found first from the left, or from the right.
    """
    searched = np.ascontiguousarray(chosen[:, ::-1]) if from_right else chosen
    labels = np.asarray(
        cv2.distanceTransformWithLabels(
            (~searched).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )[1],
        dtype=np.int32,
    )
    labels = labels[:, ::-1] if from_right else labels
    own = labels[chosen]
    numbers = np.zeros(int(own.max()) + 1, dtype=np.int32)
    numbers[own] = np.arange(len(own))
    return Nearest(labels=labels, numbers=numbers)


def _mirrored(places: NDArray[np.intp], width: int) -> NDArray[np.intp]:
    mirrored: NDArray[np.intp] = places + (width - 1 - 2 * (places % width))
    return mirrored


def depth_of(inside: Mask) -> NDArray[np.float32]:
    """Return how far each pixel is from the nearest that is not inside, in pixels.

    Where there is none, the distance is the longest that the picture could have.
    """
    distance = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, 5)
    capped = np.asarray(distance, dtype=np.float32)
    np.minimum(capped, np.float32(sum(inside.shape)), out=capped)
    return capped


def pieces_of(inside: Mask, *, connectivity: Literal[4, 8]) -> tuple[NDArray[np.int32], ...]:
    """Number the pieces that hang together.

    Returns:
        Each pixel's piece, 0 outside; and for each piece left, top, width, height and area.
    """
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(
        inside.view(np.uint8), connectivity=connectivity
    )
    return np.asarray(labels, dtype=np.int32), np.asarray(boxes, dtype=np.int32)


def reaches_border(boxes: NDArray[np.int32], shape: tuple[int, ...]) -> Mask:
    """Say which pieces touch the border of a picture of that height and width."""
    left, top, width, height, _ = boxes.T
    reaches: Mask = (left == 0) | (top == 0)
    reaches |= (left + width == shape[1]) | (top + height == shape[0])
    reaches[0] = False
    return reaches


def largest_of(
    values: NDArray[np.float32], labels: NDArray[np.int32], places: NDArray[np.intp], count: int
) -> NDArray[np.float32]:
    """Return the largest value that each label has at these places."""
    largest = np.zeros(count, dtype=np.float32)
    np.maximum.at(largest, labels.reshape(-1)[places], values.reshape(-1)[places])
    return largest
