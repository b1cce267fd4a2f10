"""Holds the picture under work, and what it is read as."""

from typing import Final

import cv2
import numpy as np

from services.refinement.engines.local.edits import CHANGES_NOTHING
from services.refinement.engines.local.enlarging import Enlargement
from services.refinement.engines.local.masks import pieces_of
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import Reading, read

# Of 255 in any channel; below this, a difference goes unnoticed.
_VISIBLE_LEVELS: Final = 6
_VISIBLE_SHARE: Final = 0.002
_STRONG_LEVELS: Final = 40
_SPOT_PIXELS: Final = 9
_ROWS_AT_ONCE: Final = 64


class Easel:
    """A picture under work, and what it was read as; read again only when its geometry changed."""

    def __init__(self, pixels: Pixels, *, scale: float = 1) -> None:
        """`scale` is how large the pixels are, 1 for as large as the original."""
        self.pixels = pixels
        self.scale = scale
        self.enlargement: Enlargement | None = None
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
    """Say whether one would notice that two pictures differ; colour under no alpha does not count.

    Many pixels that differ a little are noticed, and so is one small spot that differs a lot.
    """
    if before.shape != after.shape:
        return True
    height, width = before.shape[:2]
    strong = np.zeros((height, width), dtype=np.uint8)
    differing = 0
    for start in range(0, height, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        if np.array_equal(before[rows], after[rows]):
            continue
        change = cv2.absdiff(_composed(before[rows]), _composed(after[rows])).max(axis=-1)
        differing += int((change > _VISIBLE_LEVELS).sum())
        strong[rows] = change > _STRONG_LEVELS
    if differing >= max(_VISIBLE_SHARE * height * width, 1):
        return True
    _, boxes = pieces_of(strong.view(np.bool_), connectivity=8)
    return bool((boxes[1:, cv2.CC_STAT_AREA] >= _SPOT_PIXELS).any())


def _composed(pixels: Pixels) -> Pixels:
    alpha = pixels[..., 3:].astype(np.uint16)
    composed = (pixels[..., :3] * alpha // 255).astype(np.uint8)
    return np.concatenate([composed, pixels[..., 3:]], axis=-1)
