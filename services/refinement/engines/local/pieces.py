"""Connected pieces of one class, such as letters, dots and shapes, with what their form tells."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

PIECES_MAX: Final = 4000
_ROUND_FILL: Final = (0.68, 0.9)
_LINE_FILL_MIN: Final = 0.75
_LINE_ASPECT_MIN: Final = 2.6


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A connected piece of one class; the box in pixels, `number` is its own in the picture."""

    label: int
    number: int
    left: int
    top: int
    width: int
    height: int
    area: int

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box, across and down."""
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def size(self) -> int:
        """The longer side of the box."""
        return max(self.width, self.height)

    @property
    def is_round(self) -> bool:
        """Whether it may be a dot."""
        is_square = abs(self.width - self.height) <= max(1, 0.15 * self.height)
        fill = self.area / (self.width * self.height)
        return is_square and _ROUND_FILL[0] <= fill <= _ROUND_FILL[1]

    def window(self, margin: int) -> tuple[slice, slice]:
        """Return the box with a margin, as an index of a picture."""
        return (
            slice(max(0, self.top - margin), self.top + self.height + margin),
            slice(max(0, self.left - margin), self.left + self.width + margin),
        )


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """All pieces of a picture, and a map of their numbers."""

    pieces: list[Piece]
    numbers: NDArray[np.int32]

    def mask(self, piece: Piece, margin: int = 0) -> NDArray[np.bool_]:
        """Return where a piece is, within its window."""
        own: NDArray[np.bool_] = self.numbers[piece.window(margin)] == piece.number
        return own


def find_pieces(cover: NDArray[np.uint8], count: int) -> Pieces | None:
    """Find the pieces of `count` classes; None where there are as many as in a texture."""
    pieces: list[Piece] = []
    numbers = np.zeros(cover.shape, dtype=np.int32)
    for label in range(count):
        mask = (cover == label).view(np.uint8)
        # Only the part of the picture that has the class; from an even row and column on, as the
        # pieces are numbered in blocks of two by two.
        left, top, width, height = cv2.boundingRect(mask)
        left, width = left - left % 2, width + left % 2
        top, height = top - top % 2, height + top % 2
        window = np.s_[top : top + height, left : left + width]
        if not width:
            continue
        number, components, boxes, _ = cv2.connectedComponentsWithStats(
            mask[window], connectivity=8
        )
        before = len(pieces)
        if before + number > PIECES_MAX:
            return None
        np.copyto(numbers[window], components + before, where=components > 0)
        pieces.extend(
            Piece(
                label=label,
                number=before + place,
                left=left + int(across),
                top=top + int(down),
                width=int(wide),
                height=int(high),
                area=int(area),
            )
            for place, (across, down, wide, high, area) in enumerate(boxes)
            if place > 0
        )
    return Pieces(pieces=pieces, numbers=numbers)


def is_line(mask: NDArray[np.bool_]) -> bool:
    """Say whether a piece is a straight line or bar at any angle."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    _, (width, height), _ = cv2.minAreaRect(contours[0])
    short, long = sorted((width + 1, height + 1))
    return bool(long >= _LINE_ASPECT_MIN * short and mask.sum() >= _LINE_FILL_MIN * short * long)
