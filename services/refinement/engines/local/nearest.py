"""Finds for pixels the nearest ones of a chosen kind, and how far away those are."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]


def nearest_of(chosen: Mask, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each place the nearest chosen pixel; at least one must be chosen."""
    _, nearest = cv2.distanceTransformWithLabels(
        (~chosen).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    origin = np.zeros(int(nearest.max()) + 1, dtype=np.intp)
    origin[nearest[chosen]] = np.flatnonzero(chosen)
    return origin[nearest.reshape(-1)[places]]


def depth_of(inside: Mask) -> NDArray[np.float32]:
    """Return how far each pixel is from the nearest that is not inside, in pixels.

    Where there is none, the distance is the longest that the picture could have.
    """
    distance = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, 5)
    return np.minimum(distance, np.float32(sum(inside.shape))).astype(np.float32)
