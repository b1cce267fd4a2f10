"""Drops details too small to carry meaning, and spares letters and strokes."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.lettering import Lettering
from services.refinement.engines.local.regions import Regions

_AREA_SHARE_MAX: Final = 0.0009
_SIDE_SHARE_MAX: Final = 0.045
_PIECES_MAX: Final = 1000
_PRESENT: Final = 0.15


def drop_specks(regions: Regions, lettering: Lettering | None, strength: float) -> Regions:
    """Give small pieces to the class around them; `strength` is 1 for an ordinary wish."""
    labels = regions.labels()
    height, width = labels.shape
    area_max = _AREA_SHARE_MAX * height * width * strength
    side_max = _SIDE_SHARE_MAX * max(height, width) * strength**0.5
    first, second = regions.first.copy(), regions.second.copy()
    for label in np.unique(labels):
        # A thin ring covers no pixel by more than half in places, and still is one piece.
        present = (first == label) & (regions.part < 1 - _PRESENT)
        present |= (second == label) & (regions.part > _PRESENT)
        count, numbers, boxes, _ = cv2.connectedComponentsWithStats(
            present.view(np.uint8), connectivity=8
        )
        # So many pieces are a texture or noise, which dropping one by one would only smear.
        if count > _PIECES_MAX:
            continue
        sizes = boxes[1:, cv2.CC_STAT_AREA]
        sides = boxes[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1, initial=0)
        for place in np.flatnonzero((sizes <= area_max) & (sides <= side_max)) + 1:
            box = _Box.of(boxes[place])
            if lettering is None or not lettering.is_beside(box.middle):
                own = numbers[box.window] == place
                _absorb(own, box.window, int(label), labels, (first, second))
    return msgspec.structs.replace(regions, first=first, second=second)


class _Box(msgspec.Struct, frozen=True, kw_only=True):
    window: tuple[slice, slice]
    middle: tuple[float, float]

    @classmethod
    def of(cls, row: NDArray[np.int32]) -> "_Box":
        left, top, width, height = (int(value) for value in row[:4])
        return cls(
            window=(
                slice(max(0, top - 3), top + height + 3),
                slice(max(0, left - 3), left + width + 3),
            ),
            middle=(left + width / 2, top + height / 2),
        )


def _absorb(
    own: NDArray[np.bool_],
    window: tuple[slice, slice],
    label: int,
    labels: NDArray[np.uint8],
    parts: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    """Give a speck, and its share in the pixels around it, to the class that surrounds it most."""
    region = cv2.dilate(own.view(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    ring = cv2.dilate(own.view(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_) & ~own
    around = labels[window][ring]
    around = around[around != label]
    if not around.size:
        return
    heir = np.bincount(around).argmax()
    for part in parts:
        view = part[window]
        view[region & (view == label)] = heir
    view = labels[window]
    view[region & (view == label)] = heir
