"""Holds the picture under work, and what it is read as."""

from typing import Final

import cv2
import numpy as np

from services.refinement.engines.local.edits import CHANGES_NOTHING
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import Reading, read

_VISIBLE_LEVELS: Final = 3
_ROWS_AT_ONCE: Final = 64


class Easel:
    """A picture under work, and what it was read as; read again only when its geometry changed."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._reading: Reading | None = None
        self._is_read = False

    def reading(self) -> Reading | None:
        """Return what the picture is read as; None for a photo."""
        if not self._is_read:
            self._reading = read(self.pixels)
            self._is_read = True
        return self._reading

    def replace(self, pixels: Pixels) -> str | None:
        """Put another picture up, or return the reason not to."""
        if not _is_visible(self.pixels, pixels):
            return CHANGES_NOTHING
        self.pixels = pixels
        self._is_read = False
        self._reading = None
        return None


def _is_visible(before: Pixels, after: Pixels) -> bool:
    """Say whether anyone could tell two pictures apart; colour under no alpha does not count."""
    if before.shape != after.shape:
        return True
    for start in range(0, len(before), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        if np.array_equal(before[rows], after[rows]):
            continue
        change = cv2.absdiff(_composed(before[rows]), _composed(after[rows]))
        if (change > _VISIBLE_LEVELS).any():
            return True
    return False


def _composed(pixels: Pixels) -> Pixels:
    alpha = pixels[..., 3:].astype(np.uint16)
    composed = (pixels[..., :3] * alpha // 255).astype(np.uint8)
    return np.concatenate([composed, pixels[..., 3:]], axis=-1)
