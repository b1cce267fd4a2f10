"""Finds the ground that a logo stands on: transparency, or the one colour of the border."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.masks import strongest
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.refusals import NotApplicable

NOT_UNIFORM: Final = "the background is not of one colour"
NOTHING_THERE: Final = "there is nothing in the picture but its background"

SIDE_PX_MAX: Final = 2048
CLEAR_ALPHA_MAX: Final = 8
_OPAQUE: Final = 255
_BORDER_SHARE_MIN: Final = 0.7
# Levels of a channel: what lossy compression does to a plain ground, at least and at most.
_TOLERANCE_MIN: Final = 2
_TOLERANCE_MAX: Final = 14
_TOLERANCE_QUANTILE: Final = 0.98
_TOLERANCE_MARGIN: Final = 1
_BIN_BITS: Final = 4
# Fainter than this, what stands on the ground is noise and no part of the logo.
_CONTENT_LEVELS_MIN: Final = 12
_CONTENT_PIXELS_MIN: Final = 4


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The ground's RGBA bytes, all zero where it is transparent, and how much it varies.

    `tolerance` is in levels of a channel.
    """

    colour: NDArray[np.uint8]
    tolerance: int

    @property
    def is_clear(self) -> bool:
        """Say whether the ground is transparent."""
        return not self.colour[3]


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a picture in pixels; `right` and `bottom` lie just outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return the width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return the height in pixels."""
        return self.bottom - self.top


def find_ground(pixels: Pixels) -> Ground:
    """Judge the ground by the border of RGBA pixels.

    Raises:
        NotApplicable: the border is neither transparent nor of one colour.
    """
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if (border[:, 3] <= CLEAR_ALPHA_MAX).mean() >= _BORDER_SHARE_MIN:
        return Ground(colour=np.zeros(4, dtype=np.uint8), tolerance=CLEAR_ALPHA_MAX)
    colours = border[border[:, 3] == _OPAQUE][:, :3]
    if not len(colours):
        raise NotApplicable(reason=NOT_UNIFORM)
    centre = np.median(colours[_in_largest_bin(colours)], axis=0)
    # A bin may hold one side of the noise only.
    near = np.abs(colours - centre).max(axis=-1) <= _TOLERANCE_MAX
    centre = np.median(colours[near], axis=0)
    spread = np.abs(colours - centre).max(axis=-1)
    own = spread <= _TOLERANCE_MAX
    if own.sum() < _BORDER_SHARE_MIN * len(border):
        raise NotApplicable(reason=NOT_UNIFORM)
    noise = int(np.quantile(spread[own], _TOLERANCE_QUANTILE)) + _TOLERANCE_MARGIN
    return Ground(
        colour=np.append(centre + 0.5, 255).astype(np.uint8),
        tolerance=min(max(noise, _TOLERANCE_MIN), _TOLERANCE_MAX),
    )


def distance_from(pixels: Pixels, ground: Ground) -> NDArray[np.uint8]:
    """Return how far each pixel is from the ground, in levels of its furthest channel."""
    if ground.is_clear:
        return np.ascontiguousarray(pixels[..., 3])
    plain = np.empty_like(pixels)
    plain[:] = ground.colour
    return strongest(np.asarray(cv2.absdiff(pixels, plain), dtype=np.uint8))


def find_content(pixels: Pixels, ground: Ground) -> Box:
    """Find the window that holds all that is not ground.

    Raises:
        NotApplicable: there is nothing but ground.
    """
    levels = max(ground.tolerance, _CONTENT_LEVELS_MIN)
    content = distance_from(pixels, ground) > levels
    if content.sum() < _CONTENT_PIXELS_MIN:
        raise NotApplicable(reason=NOTHING_THERE)
    rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
    return Box(
        left=int(columns[0]),
        top=int(rows[0]),
        right=int(columns[-1]) + 1,
        bottom=int(rows[-1]) + 1,
    )


def require_size(height: int, width: int) -> None:
    """Refuse a picture with too many pixels on a side.

    Raises:
        NotApplicable: it has too many.
    """
    if max(height, width) > SIDE_PX_MAX:
        raise NotApplicable(reason=f"the picture would be larger than {SIDE_PX_MAX} pixels a side")


def enlarged(
    pixels: Pixels, ground: Ground, *, left: int, top: int, right: int, bottom: int
) -> Pixels:
    """Add ground on each side, as many pixels as said.

    Raises:
        NotApplicable: the picture would become too large.
    """
    height, width = pixels.shape[:2]
    require_size(height + top + bottom, width + left + right)
    wider = np.empty((height + top + bottom, width + left + right, 4), dtype=np.uint8)
    wider[:] = ground.colour
    wider[top : top + height, left : left + width] = pixels
    return wider


def _in_largest_bin(colours: NDArray[np.uint8]) -> NDArray[np.bool_]:
    keys = colours.astype(np.int32) >> (8 - _BIN_BITS)
    codes = (keys[:, 0] << (2 * _BIN_BITS)) | (keys[:, 1] << _BIN_BITS) | keys[:, 2]
    largest: NDArray[np.bool_] = codes == np.bincount(codes).argmax()
    return largest
