"""Finds lettering: rows of pieces that look like letters, straight or bent, and joined letters."""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.pieces import Piece, Pieces, is_line

_LETTERS_MIN: Final = 4
_HEIGHT_MIN: Final = 4
_HEIGHT_SHARE_MAX: Final = 0.3
_SIZE_RATIO_MAX: Final = 2.2
_GAP_MAX: Final = 1.6
_FORM_VARIATION_MIN: Final = 0.08
_PLAIN_SHARE_MAX: Final = 0.6
_SLOPE_MAX: Final = 2.5
_BENT_GAP_MAX: Final = 0.9
_BENT_LETTERS_MIN: Final = 6
_SHORT_RISE_MAX: Final = 0.6
_LEVEL: Final = 0.12
_SHORT_HEIGHT_SHARE_MAX: Final = 0.08
_MARGIN: Final = 0.45
_CANDIDATES_MAX: Final = 1500
# A word in one piece: wide, with strokes of about one width that is small against the height.
_WORD_ASPECT_MIN: Final = 1.2
_WORD_STROKE_MAX: Final = 0.4
_WORD_EVENNESS_MIN: Final = 0.55
_WORD_HOLES_MIN: Final = 2

Box = tuple[float, float, float, float]


class Lettering(msgspec.Struct, frozen=True, kw_only=True):
    """Letters, with their marks: the full stops, dots and strokes that belong to them.

    Attributes:
        letters: the pieces that are letters.
        mask: where letters and their marks are.
    """

    letters: list[Piece]
    mask: NDArray[np.bool_]

    def is_beside(self, place: tuple[float, float]) -> bool:
        """Say whether what is here, across and down, is so near to a letter that it belongs."""
        across, down = place
        return any(
            left <= across <= right and top <= down <= bottom
            for left, top, right, bottom in map(_around, self.letters)
        )


def find_lettering(pieces: Pieces, own: int | None) -> Lettering:
    """Find the lettering of a picture, whose background is of the class `own`."""
    height, width = pieces.numbers.shape
    letters: list[Piece] = []
    for label in sorted({piece.label for piece in pieces.pieces}):
        candidates = [
            piece
            for piece in pieces.pieces
            if piece.label == label
            and piece.size >= _HEIGHT_MIN
            and piece.size <= _HEIGHT_SHARE_MAX * max(height, width)
        ]
        for row in _rows(candidates[:_CANDIDATES_MAX]):
            if _are_letters(row, pieces):
                letters.extend(row)
        if label != own:
            letters.extend(
                piece
                for piece in pieces.pieces
                if piece.label == label and _is_word(piece, pieces, height)
            )
    letters = [letter for letter in letters if not _is_counter(letter, letters)]
    mask = np.zeros((height, width), dtype=np.bool_)
    lettering = Lettering(letters=letters, mask=mask)
    sizes = [letter.size for letter in letters]
    for piece in pieces.pieces:
        is_mark = letters and piece.size <= max(sizes) and _is_mark(piece, letters)
        if piece in letters or is_mark:
            window = piece.window(0)
            mask[window] |= pieces.mask(piece)
    return lettering


def _is_counter(piece: Piece, letters: list[Piece]) -> bool:
    """Say whether a piece is the hole of a letter; holes stand in rows as letters do."""
    return any(
        letter.label != piece.label
        and letter.left < piece.left
        and letter.top < piece.top
        and piece.left + piece.width < letter.left + letter.width
        and piece.top + piece.height < letter.top + letter.height
        for letter in letters
    )


def _is_mark(piece: Piece, letters: list[Piece]) -> bool:
    """Say whether a piece of a letter's colour is beside it, and no larger."""
    across, down = piece.middle
    for letter in letters:
        left, top, right, bottom = _around(letter)
        if (
            piece.label == letter.label
            and piece.size <= letter.size
            and left <= across <= right
            and top <= down <= bottom
        ):
            return True
    return False


def _around(letter: Piece) -> Box:
    margin = max(_MARGIN * letter.height, 2)
    return (
        letter.left - margin,
        letter.top - margin,
        letter.left + letter.width + margin,
        letter.top + letter.height + margin,
    )


def _rows(candidates: list[Piece]) -> list[list[Piece]]:
    """Join what stands close together and is of like size."""
    if len(candidates) < _LETTERS_MIN:
        return []
    middles = np.array([piece.middle for piece in candidates], dtype=np.float32)
    halves = np.array([(piece.width, piece.height) for piece in candidates], dtype=np.float32) / 2
    sizes = halves.max(axis=1) * 2
    apart = np.abs(middles[:, None] - middles[None]) - halves[:, None] - halves[None]
    gaps = apart.max(axis=-1)
    smaller = np.minimum(sizes[:, None], sizes[None])
    larger = np.maximum(sizes[:, None], sizes[None])
    joined = (gaps <= _GAP_MAX * smaller) & (larger <= _SIZE_RATIO_MAX * smaller)
    # What stands above or below is another line of text, or a tower of windows.
    across, down = np.moveaxis(np.abs(middles[:, None] - middles[None]), -1, 0)
    is_level = down <= 0.5 * smaller
    joined &= is_level | ((down <= _SLOPE_MAX * across) & (gaps <= _BENT_GAP_MAX * smaller))
    names = np.arange(len(candidates))
    while True:
        lowest = np.where(joined, names[None], len(names)).min(axis=1)
        lowest = np.minimum(lowest, names)
        if (lowest == names).all():
            break
        names = lowest[lowest]
    return [[candidates[place] for place in np.flatnonzero(names == name)] for name in set(names)]


def _are_letters(row: list[Piece], pieces: Pieces) -> bool:
    """Tell letters from dots, stars, rays and windows: their forms vary, few are plain."""
    if len(row) < _LETTERS_MIN - 1:
        return False
    sizes = np.array([piece.size for piece in row], dtype=np.float32)
    fills = np.array([piece.area / (piece.size**2) for piece in row], dtype=np.float32)
    plain = sum(piece.is_round or is_line(pieces.mask(piece)) for piece in row)
    # Stars that twinkle differ in size, and letters of one row hardly do; their forms differ.
    middles = np.array([piece.middle[1] for piece in row])
    if len(row) < _BENT_LETTERS_MIN and np.ptp(middles) > _SHORT_RISE_MAX * sizes.max():
        return False
    if len(row) >= _LETTERS_MIN:
        return bool(
            fills.std() >= _FORM_VARIATION_MIN * fills.mean()
            and sizes.std() <= 0.5 * sizes.mean()
            and plain <= _PLAIN_SHARE_MAX * len(row)
        )
    tops = np.array([piece.top for piece in row])
    heights = np.array([piece.height for piece in row])
    is_level = max(np.ptp(tops), np.ptp(heights)) <= max(1.0, _LEVEL * heights.mean())
    is_small = heights.max() <= _SHORT_HEIGHT_SHARE_MAX * len(pieces.numbers)
    return bool(is_level and is_small and plain == 0 and np.ptp(fills) >= _LEVEL * fills.mean())


def _is_word(piece: Piece, pieces: Pieces, height: int) -> bool:
    """Say whether a piece is letters that touch each other."""
    if not (
        3 * _HEIGHT_MIN <= piece.height <= _HEIGHT_SHARE_MAX * height
        and piece.width >= _WORD_ASPECT_MIN * piece.height
    ):
        return False
    mask = np.pad(pieces.mask(piece), 1).view(np.uint8)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (mask > 0)]
    thickest = float(distance.max())
    is_even = float(np.median(ridge)) >= _WORD_EVENNESS_MIN * thickest
    holes = cv2.connectedComponents((mask == 0).view(np.uint8), connectivity=4)[0] - 2
    return holes >= _WORD_HOLES_MIN and 2 * thickest <= _WORD_STROKE_MAX * piece.height and is_even
