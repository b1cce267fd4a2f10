"""Finds the contour of lines that may be thinner than a pixel, from how much they cover.

A hairline never covers a whole pixel, and how much it covers depends on where it falls between two.
Blurred a little, it has one profile wherever it falls; the height of the profile tells its width.
"""

import math
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.distances import distance_from, find_contour

Rows: TypeAlias = NDArray[np.float32]

_BLUR_PX: Final = 0.6
# The variances of a pixel, of the interpolation to twice the size, and of the blur.
_PROFILE_SIGMA_PX: Final = math.sqrt(1 / 12 + 3 / 16 + _BLUR_PX**2)
_WIDTHS_PX: Final = tuple(step / 16 for step in range(1, 97))
_HEIGHT_MIN: Final = 0.12
_CREST_REACH: Final = 7
_HALF: Final = 0.5


def distance_to_lines(cover: Rows, *, reach: float) -> Rows:
    """Return how far each half pixel is from the contour of what is covered, negative inside.

    Args:
        cover: how much of each pixel is covered, 0 to 1.
        reach: up to which distance to measure finely, in pixels.

    Returns:
        Distances in pixels, at twice the size.
    """
    fine = cv2.resize(cover, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    profile: Rows = np.asarray(cv2.GaussianBlur(fine, (0, 0), 2 * _BLUR_PX), dtype=np.float32)
    del fine
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_CREST_REACH, _CREST_REACH))
    crest = np.asarray(cv2.GaussianBlur(cv2.dilate(profile, disc), (0, 0), 1.0), dtype=np.float32)
    np.maximum(crest, np.float32(_HEIGHT_MIN), out=crest)
    # Maps at twice the size are what a job's memory goes to: as few as can be at a time.
    np.subtract(profile, np.float32(_HALF) * crest, out=profile)
    contour = find_contour(profile)
    insets = np.interp(crest.reshape(-1)[contour.starts], _HEIGHTS, _INSETS_PX)
    del profile, crest
    distance = distance_from(contour, reach=2 * reach, insets=2 * insets.astype(np.float32))
    distance *= np.float32(_HALF)
    return distance


def _height(width: float, place: float) -> float:
    """Return how high the profile of a line is at a place beside its middle, in pixels."""
    scale = _PROFILE_SIGMA_PX * math.sqrt(2)
    return _HALF * (math.erf((width / 2 - place) / scale) + math.erf((width / 2 + place) / scale))


def _inset(width: float) -> float:
    """Return how far outside a line its profile has half its height, in pixels."""
    wanted = _HALF * _height(width, 0)
    near, far = 0.0, width / 2 + 4 * _PROFILE_SIGMA_PX
    for _ in range(24):
        middle = (near + far) / 2
        near, far = (middle, far) if _height(width, middle) > wanted else (near, middle)
    return near - width / 2


_HEIGHTS: Final = tuple(_height(width, 0) for width in _WIDTHS_PX)
_INSETS_PX: Final = tuple(_inset(width) for width in _WIDTHS_PX)
