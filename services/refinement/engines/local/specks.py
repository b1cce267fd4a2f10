"""Drops details too small to carry meaning, and spares letters and strokes."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.regions import Regions

_AREA_SHARE_MAX: Final = 0.0009
_SIDE_SHARE_MAX: Final = 0.045
_PIECES_MAX: Final = 1000
_RING: Final = 3
_LETTERS_MIN: Final = 4
_LETTER_HEIGHT_MIN: Final = 5
_LETTER_HEIGHT_SHARE_MAX: Final = 0.25
_LETTER_GAP_MAX: Final = 2.5
_LETTER_HEIGHT_RATIO_MAX: Final = 2
_WIDTH_VARIATION_MIN: Final = 0.1
_ROUND_FILL: Final = (0.68, 0.9)


class _Component(msgspec.Struct, frozen=True, kw_only=True):
    """A connected piece of one class; the box in pixels."""

    label: int
    left: int
    top: int
    width: int
    height: int
    area: int
    number: int

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    @property
    def is_round(self) -> bool:
        """Dots in a row are no letters."""
        is_square = abs(self.width - self.height) <= max(1, 0.15 * self.height)
        fill = self.area / (self.width * self.height)
        return is_square and _ROUND_FILL[0] <= fill <= _ROUND_FILL[1]


Box = tuple[float, float, float, float]


def drop_specks(regions: Regions, strength: float) -> Regions:
    """Give small components to the class around them; `strength` is 1 for an ordinary wish."""
    labels = regions.labels()
    height, width = labels.shape
    area_max = _AREA_SHARE_MAX * height * width * strength
    side_max = _SIDE_SHARE_MAX * max(height, width) * strength**0.5
    pieces: list[_Component] = []
    maps: dict[int, NDArray[np.int32]] = {}
    for label in range(len(regions.colours)):
        maps[label], own = _components(labels, label)
        pieces.extend(own)
    # So many pieces are a texture or noise, which dropping one by one would only smear.
    if len(pieces) > _PIECES_MAX:
        return regions
    rows = _letter_rows(pieces, height)
    specks = [
        piece
        for piece in pieces
        if piece.area <= area_max
        and max(piece.width, piece.height) <= side_max
        and not _is_inside(piece, rows)
    ]
    first, second = regions.first.copy(), regions.second.copy()
    for speck in sorted(specks, key=lambda piece: piece.area):
        _absorb(speck, maps[speck.label], labels, first, second)
    return msgspec.structs.replace(regions, first=first, second=second)


def _components(
    labels: NDArray[np.uint8], label: int
) -> tuple[NDArray[np.int32], list[_Component]]:
    count, components, boxes, _ = cv2.connectedComponentsWithStats(
        (labels == label).view(np.uint8), connectivity=8
    )
    return components.astype(np.int32), [
        _Component(
            label=label,
            left=int(boxes[number, cv2.CC_STAT_LEFT]),
            top=int(boxes[number, cv2.CC_STAT_TOP]),
            width=int(boxes[number, cv2.CC_STAT_WIDTH]),
            height=int(boxes[number, cv2.CC_STAT_HEIGHT]),
            area=int(boxes[number, cv2.CC_STAT_AREA]),
            number=number,
        )
        for number in range(1, min(count, _PIECES_MAX + 2))
    ]


def _letter_rows(pieces: list[_Component], height: int) -> list[Box]:
    """Find rows of letters: neighbours of one class and like height, but of various widths."""
    rows: list[Box] = []
    candidates = [
        piece
        for piece in pieces
        if _LETTER_HEIGHT_MIN <= piece.height <= _LETTER_HEIGHT_SHARE_MAX * height
    ]
    for label in sorted({piece.label for piece in candidates}):
        own = sorted(
            (piece for piece in candidates if piece.label == label), key=lambda piece: piece.left
        )
        taken: set[int] = set()
        for piece in own:
            if piece.number not in taken:
                row = _row_from(piece, own)
                if _are_letters(row):
                    taken |= {member.number for member in row}
                    rows.append(_box_around(row))
    return rows


def _row_from(start: _Component, sorted_pieces: list[_Component]) -> list[_Component]:
    row = [start]
    for piece in sorted_pieces:
        last = row[-1]
        is_next = piece.left > last.left and piece.number != start.number
        gap = piece.left - (last.left + last.width)
        low, tall = sorted((piece.height, start.height))
        if (
            is_next
            and gap <= _LETTER_GAP_MAX * tall
            and tall <= _LETTER_HEIGHT_RATIO_MAX * low
            and abs(piece.middle[1] - start.middle[1]) <= 0.4 * tall
        ):
            row.append(piece)
    return row


def _are_letters(row: list[_Component]) -> bool:
    if len(row) < _LETTERS_MIN:
        return False
    widths = np.array([piece.width for piece in row], dtype=np.float32)
    is_varied = widths.std() >= _WIDTH_VARIATION_MIN * widths.mean()
    return bool(is_varied and sum(piece.is_round for piece in row) * 2 < len(row))


def _box_around(row: list[_Component]) -> Box:
    margin = 0.5 * max(piece.height for piece in row)
    return (
        min(piece.left for piece in row) - margin,
        min(piece.top for piece in row) - margin,
        max(piece.left + piece.width for piece in row) + margin,
        max(piece.top + piece.height for piece in row) + margin,
    )


def _is_inside(piece: _Component, rows: list[Box]) -> bool:
    across, down = piece.middle
    return any(
        left <= across <= right and top <= down <= bottom for left, top, right, bottom in rows
    )


def _absorb(
    speck: _Component,
    components: NDArray[np.int32],
    labels: NDArray[np.uint8],
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
) -> None:
    """Give a speck, and its share in the pixels around it, to the class that surrounds it most."""
    window = (
        slice(max(0, speck.top - _RING), speck.top + speck.height + _RING),
        slice(max(0, speck.left - _RING), speck.left + speck.width + _RING),
    )
    own = components[window] == speck.number
    kernel = np.ones((2 * _RING - 1, 2 * _RING - 1), dtype=np.uint8)
    around = cv2.dilate(own.view(np.uint8), kernel).astype(np.bool_)
    ring = labels[window][around & ~own]
    if not ring.size:
        return
    heir = np.bincount(ring).argmax()
    for parts in (first, second):
        view = parts[window]
        view[around & (view == speck.label)] = heir
    labels[window][own] = heir
