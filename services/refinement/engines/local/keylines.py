"""Draws lines between shapes that became one colour: white between black ones, black between white.

Two colours are not enough to tell all neighbours apart; a draughtsman leaves a gap, or draws the
outline. Where there is no room for it, between letters and strokes, nothing is drawn.
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.distances import signed_distance
from services.refinement.engines.local.entries import ROLES, Rows
from services.refinement.engines.local.masks import Mask, depth_of
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import Reading

Shares: TypeAlias = NDArray[np.float32]

_WIDTH_SHARE: Final = 0.0075
_WIDTH_PX_MIN: Final = 1.6
# A shape this many widths thick has room for a line along its edge.
_ROOM_WIDTHS: Final = 2.2
_SEAM_LENGTH_SHARE_MIN: Final = 0.012
_STRETCH_PX: Final = 25
_BESIDE_PX: Final = 5
_HALF: Final = 0.5
_WHITE: Final = 255


def with_keylines(
    pixels: Pixels, reading: Reading, rows: Rows, joined: Mask, is_light: Mask
) -> Pixels:
    """Draw a line wherever two entries touch that are `joined`, in the other of the two colours.

    Args:
        pixels: RGBA, painted already.
        reading: what they were read as.
        rows: the entries and the ends of the edges.
        joined: which two entries became one colour and are to be told apart; the last row and
            column are what is transparent.
        is_light: for each entry, and for what is transparent, whether its colour is the light one.
    """
    side = max(pixels.shape[:2])
    spots, first, second = _seams(reading, rows, joined)
    if not spots.size:
        return pixels
    classes = np.append(rows.keys // ROLES, -1 if reading.scene.own is None else reading.scene.own)
    pairs = np.sort(np.stack([classes[first], classes[second]], axis=-1), axis=-1)
    light = is_light[first]
    lines = {False: np.zeros(reading.scene.cover.shape, dtype=np.float32)}
    lines[True] = np.zeros_like(lines[False])
    for pair in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0):
        own = (pairs == pair).all(axis=-1)
        for is_on_light, line in lines.items():
            chosen = spots[own & (light == is_on_light)]
            if len(chosen) >= _SEAM_LENGTH_SHARE_MIN * side:
                _add_line(line, reading, (int(pair[0]), int(pair[1])), chosen)
    result = pixels.copy()
    for is_on_light, line in lines.items():
        places = np.flatnonzero(line)
        part = line.reshape(-1)[places, None]
        ink = np.float32(0 if is_on_light else _WHITE)
        old = result.reshape(-1, 4)[places, :3]
        result.reshape(-1, 4)[places, :3] = (old + part * (ink - old) + _HALF).astype(np.uint8)
    return result


def _seams(
    reading: Reading, rows: Rows, joined: Mask
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the edges between joined entries: where they are, and the entries of both ends."""
    clear = len(rows.keys)
    first, second = (
        np.where(ends < 0, clear, rows.owner[ends]) for ends in (rows.first, rows.second)
    )
    is_seam = joined[first, second]
    return reading.scene.edges.spots[is_seam], first[is_seam], second[is_seam]


def _add_line(
    line: Shares, reading: Reading, pair: tuple[int, int], spots: NDArray[np.intp]
) -> None:
    """Add how much of each pixel the line along a seam covers, where both shapes have room."""
    scene = reading.scene
    width = max(_WIDTH_PX_MIN, _WIDTH_SHARE * max(line.shape))
    seam = np.zeros(line.shape, dtype=np.uint8)
    seam.reshape(-1)[spots] = 1
    reach = int(_ROOM_WIDTHS * width) + 2
    window = _window_of(spots, line.shape, reach + _STRETCH_PX)
    cover = scene.cover[window]
    # Where an edge falls between two pixels it leaves no mix to tell where the seam is.
    zone = cv2.dilate(seam[window], np.ones((_STRETCH_PX, _STRETCH_PX), dtype=np.uint8)) > 0
    nearby = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    beside = 2 * int(width / 2) + _BESIDE_PX
    for label in pair:
        inside = cover == label
        zone &= cv2.dilate(depth_of(inside), nearby) >= _ROOM_WIDTHS * width / 2 + 1
        zone &= cv2.dilate(inside.view(np.uint8), np.ones((beside, beside), dtype=np.uint8)) > 0
    if not zone.any():
        return
    share = share_of(reading, pair[0])[window]
    distance = np.abs(signed_distance(share - np.float32(_HALF), reach=width / 2 + 2))
    drawn = np.where(zone, (width / 2 + _HALF - distance).clip(0, 1), 0).astype(np.float32)
    np.maximum(line[window], drawn, out=line[window])


def _window_of(spots: NDArray[np.intp], shape: tuple[int, ...], room: int) -> tuple[slice, slice]:
    rows, columns = np.divmod(spots, shape[1])
    return (
        slice(max(0, int(rows.min()) - room), int(rows.max()) + room + 1),
        slice(max(0, int(columns.min()) - room), int(columns.max()) + room + 1),
    )


def share_of(reading: Reading, label: int) -> Shares:
    """Return how much of each pixel is of one class."""
    scene = reading.scene
    share: Shares = (scene.cover == label).astype(np.float32)
    edges = scene.edges
    is_first, is_second = edges.first == label, edges.second == label
    flat = share.reshape(-1)
    flat[edges.spots[is_first]] = 1 - edges.part[is_first]
    flat[edges.spots[is_second]] = edges.part[is_second]
    flat[edges.spots[is_first & is_second]] = 1
    return share
