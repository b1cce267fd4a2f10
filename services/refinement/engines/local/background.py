"""Tells the background from shapes of its colour: what is outside, and what it is seen through.

Holes of letters, gaps and what only a hairline parts from the outside show the background; a light
body inside a shape is part of the logo.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.lettering import Lettering
from services.refinement.engines.local.pieces import Piece, Pieces
from services.refinement.engines.local.planes import features
from services.refinement.engines.local.scene import Scene

_HAIRLINE_SHARE: Final = 0.009
_HAIRLINE_MIN: Final = 3.0
_NEAR_SHARE: Final = 0.015
_NEAR_MIN: Final = 6.0
_STROKE_SHARE: Final = 0.05
_GAP_STROKES: Final = 3.2
_GAP_STROKES_MIN: Final = 0.8
_GAP_SHARE: Final = 0.08
_RIM: Final = 2.0
_EVEN_STROKE: Final = 1.4
_ALONG_SHARE_MIN: Final = 0.3
_STEPS_MAX: Final = 4
_BESIDE: Final = 3
_LETTER_GROUND_MIN: Final = 0.5
_RING: Final = np.ones((2 * _BESIDE + 1, 2 * _BESIDE + 1), dtype=np.uint8)
_ENCLOSED_SHARE_MIN: Final = 0.7
_LETTER_GAP: Final = 0.08
_SAME: Final = 0.06


def find_ground(
    scene: Scene, pieces: Pieces | None, lettering: Lettering | None
) -> NDArray[np.bool_]:
    """Find the pixels of the background's class that are background.

    Pixels between the areas count where the background covers most of them.
    """
    ground = np.zeros(scene.labels.shape, dtype=np.bool_)
    if scene.own is None:
        return ground
    areas = scene.areas
    is_own = _areas_of(scene, scene.labels == scene.own)
    height, width = scene.labels.shape
    left, top, across, down = areas.boxes[:, :4].T
    reaches = (left == 0) | (top == 0) | (left + across == width) | (top + down == height)
    is_ground = is_own & reaches & (areas.sizes > 0)
    if not is_ground.any():
        only: NDArray[np.bool_] = scene.cover == scene.own
        return only
    largest = int(np.where(is_ground, areas.sizes, 0).argmax())
    places = features(areas.colours)
    is_like = is_own & (np.linalg.norm(places - places[largest], axis=-1) < _SAME)
    if lettering is not None:
        # Light letters on a dark band are no holes in it.
        lettered = np.bincount(areas.components[lettering.mask], minlength=len(areas.sizes))
        is_like &= lettered * 2 < areas.sizes
    is_ground = _seen_past_lines(scene, is_ground, is_like)
    ground = is_ground[areas.components] & areas.covered
    beside = cv2.distanceTransform((~ground).view(np.uint8), cv2.DIST_L2, 5)
    reach = max(_NEAR_MIN, _NEAR_SHARE * max(height, width))
    ground |= (scene.cover == scene.own) & ~areas.covered & (beside <= reach)
    # A gap as thin as a line may lead far in between the letters of a word.
    is_class = scene.cover == scene.own
    count, numbers = cv2.connectedComponents(is_class.view(np.uint8), connectivity=4)
    is_reached = np.zeros(count, dtype=np.bool_)
    is_reached[np.asarray(numbers)[ground]] = True
    is_reached[0] = False
    ground |= is_reached[numbers]
    if pieces is not None and lettering is not None:
        _add_counters(scene, pieces, lettering, ground)
    return ground


def _areas_of(scene: Scene, place: NDArray[np.bool_]) -> NDArray[np.bool_]:
    chosen = np.zeros(len(scene.areas.sizes), dtype=np.bool_)
    chosen[scene.areas.components[place]] = True
    chosen[0] = False
    return chosen


def _seen_past_lines(
    scene: Scene, is_ground: NDArray[np.bool_], is_like: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Add what is behind a hairline, and narrow gaps behind a stroke, from area to area."""
    areas = scene.areas
    side = max(scene.labels.shape)
    open_areas = is_like & ~is_ground & (areas.sizes > 0)
    if not open_areas.any():
        return is_ground
    is_open = open_areas[areas.components] & areas.covered
    depth = cv2.distanceTransform(is_open.view(np.uint8), cv2.DIST_L2, 3)
    thickness = np.zeros(len(areas.sizes), dtype=np.float32)
    np.maximum.at(thickness, areas.components[is_open], depth[is_open] * 2)
    rims = areas.components[is_open & (depth < _RIM)]
    is_rim = is_open & (depth < _RIM)
    rim_sizes = np.maximum(np.bincount(rims, minlength=len(areas.sizes)), 1)
    hairline = max(_HAIRLINE_MIN, _HAIRLINE_SHARE * side)
    for _ in range(_STEPS_MAX):
        ground = is_ground[areas.components] & areas.covered
        distance = cv2.distanceTransform((~ground).view(np.uint8), cv2.DIST_L2, 5)
        beyond = np.full(len(areas.sizes), np.inf, dtype=np.float32)
        np.minimum.at(beyond, rims, distance[is_rim])
        # A handle or a ring is beside the outside for a good part of its length, an eye is not.
        is_beside = distance[is_rim] <= _EVEN_STROKE * beyond[rims] + 1
        along = np.bincount(rims, weights=is_beside, minlength=len(areas.sizes)) / rim_sizes
        # Two pixels of each distance are the soft edges of the line, and no part of the hole.
        is_gap = (
            (beyond <= max(_NEAR_MIN, _STROKE_SHARE * side))
            & (thickness <= np.maximum(2 * _NEAR_MIN, _GAP_STROKES * beyond))
            & (thickness <= max(2 * _NEAR_MIN, _GAP_SHARE * side))
            & (thickness + 2 >= _GAP_STROKES_MIN * (beyond - 2))
            & (along >= _ALONG_SHARE_MIN)
        )
        is_behind = (beyond <= hairline + 2) & (thickness + 2 >= beyond - 2)
        more = open_areas & ~is_ground & (is_behind | is_gap)
        if not more.any():
            break
        is_ground = is_ground | more
    return is_ground


def _add_counters(
    scene: Scene, pieces: Pieces, lettering: Lettering, ground: NDArray[np.bool_]
) -> None:
    """Add the holes of letters that stand on the background."""
    is_own = scene.cover == scene.own
    holes = [
        piece
        for piece in pieces.pieces
        if piece.label == scene.own and not ground[piece.window(0)][pieces.mask(piece)].all()
    ]
    for letter in lettering.letters:
        if letter.label == scene.own:
            continue
        window = letter.window(_BESIDE)
        own = pieces.mask(letter, _BESIDE)
        inside = np.zeros(own.shape, dtype=np.bool_)
        filled = own.astype(np.uint8)
        # What cannot be reached from the rim of the window is inside the letter.
        outside = np.pad(filled, 1)
        cv2.floodFill(outside, None, (0, 0), 1)
        inside = outside[1:-1, 1:-1] == 0
        around = is_own[window] & ~inside
        here = ground[window]
        if around.any() and here[around].mean() >= _LETTER_GROUND_MIN:
            here |= inside & is_own[window]
            for hole in holes:
                if _contains(letter, hole):
                    ground[hole.window(0)] |= pieces.mask(hole)
    _add_gaps(pieces, lettering, holes, ground)


def _add_gaps(
    pieces: Pieces, lettering: Lettering, holes: list[Piece], ground: NDArray[np.bool_]
) -> None:
    """Add what several letters that touch enclose together."""
    largest = max((letter.size for letter in lettering.letters), default=0)
    for hole in holes:
        if hole.size > largest:
            continue
        window = hole.window(_BESIDE)
        own = pieces.mask(hole, _BESIDE)
        ring = cv2.dilate(own.view(np.uint8), _RING).astype(np.bool_) & ~own
        outer = ground[hole.window(2 * hole.size)]
        if lettering.mask[window][ring].mean() >= _ENCLOSED_SHARE_MIN and outer.any():
            ground[window] |= own


def _contains(letter: Piece, hole: Piece) -> bool:
    """Say whether a hole is in a letter, or in the gap between it and one that touches it."""
    slack = _LETTER_GAP * letter.height
    return (
        letter.left - slack <= hole.left
        and letter.top - slack <= hole.top
        and hole.left + hole.width <= letter.left + letter.width + slack
        and hole.top + hole.height <= letter.top + letter.height + slack
    )
