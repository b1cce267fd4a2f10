"""Finds soft light on a dark ground: a halo, a neon tube's glow.

Light that was added to black is as translucent as it is faint. Cut out as if it were solid, it
would be a dark blob on any other ground.
"""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.ground import Ground, distance_from
from services.refinement.engines.local.masks import (
    Mask,
    depth_of,
    largest_of,
    nearest_of,
    pieces_of,
    spread_of,
)
from services.refinement.engines.local.palette import Pixels

Rows: TypeAlias = NDArray[np.float32]

_DARKEST_LEVEL: Final = 72
_SOFT_RANGE: Final = 48
_PIXELS_MIN: Final = 48
_REACH_PX_MIN: Final = 4.0
# A glow starts from nothing: so near to the plain ground it has at most so many levels.
_FOOT: Final = np.ones((7, 7), dtype=np.uint8)
_BESIDE: Final = np.ones((3, 3), dtype=np.uint8)
_FOOT_LEVELS_MAX: Final = 24
_FOOT_SHARE_MIN: Final = 0.8
_BESIDE_GROUND_MIN: Final = 12
# What letters enclose belongs to the glow around them if it has its colour.
_NEARBY_SHARE: Final = 0.06
_GAP: Final = np.ones((17, 17), dtype=np.uint8)
_SAME_LIGHT: Final = 0.97
_FAINT_MAX: Final = 0.8
_DARKER_LEVELS: Final = 3
_FULL: Final = np.float32(255)


def find_glow(pixels: Pixels, ground: Ground, plain: Mask, behind: Mask) -> tuple[Mask, Mask]:
    """Find the pixels of soft light that fades into a dark ground.

    Args:
        pixels: RGBA.
        ground: what they stand on.
        plain: where they have the ground's colour.
        behind: where that is known to be the ground.

    Returns:
        Where the light is, and where the ground is: also inside a ring that glows on both sides.
    """
    nothing = np.zeros(behind.shape, dtype=np.bool_)
    if ground.is_clear or int(ground.colour[:3].max()) > _DARKEST_LEVEL:
        return nothing, behind
    is_lit = (pixels[..., :3] >= _darker(ground)).all(axis=-1)
    soft = (spread_of(pixels) <= _SOFT_RANGE) & ~plain & is_lit
    labels, boxes = pieces_of(soft, connectivity=8)
    beside = soft & (cv2.dilate(plain.view(np.uint8), _FOOT) > 0)
    levels = distance_from(pixels, ground)
    along = np.bincount(labels[beside], minlength=len(boxes))
    faint = np.bincount(labels[beside & (levels <= _FOOT_LEVELS_MAX)], minlength=len(boxes))
    is_glow = (boxes[:, cv2.CC_STAT_AREA] >= _PIXELS_MIN) & (along >= _BESIDE_GROUND_MIN)
    is_glow &= faint >= _FOOT_SHARE_MIN * along
    # A hairline that falls between two pixels is soft too, and no broader than that.
    reach = largest_of(depth_of(~plain), labels, np.flatnonzero(soft), len(boxes))
    is_glow &= reach >= _REACH_PX_MIN
    is_glow[0] = False
    glow: Mask = is_glow[labels]
    if not (glow & (cv2.dilate(behind.view(np.uint8), _FOOT) > 0)).any():
        return nothing, behind
    glow = _with_the_same_light(pixels, ground, glow, labels, along == 0)
    return glow, behind | _lit_all_around(plain & ~behind, glow)


def _lit_all_around(plain: Mask, glow: Mask) -> Mask:
    """Find the pieces of the ground's colour that light fades into on all sides."""
    labels, boxes = pieces_of(plain, connectivity=4)
    reached = np.asarray(cv2.dilate(labels.astype(np.float32), _BESIDE), dtype=np.int32)
    reached[plain] = 0
    around = np.bincount(reached.reshape(-1), minlength=len(boxes))
    lit = np.bincount(reached[glow], minlength=len(boxes))
    is_ground = lit >= _FOOT_SHARE_MIN * around
    is_ground[0] = False
    ground: Mask = is_ground[labels]
    return ground


def _darker(ground: Ground) -> NDArray[np.uint8]:
    return np.maximum(ground.colour[:3], _DARKER_LEVELS) - np.uint8(_DARKER_LEVELS)


def _with_the_same_light(
    pixels: Pixels, ground: Ground, glow: Mask, labels: NDArray[np.int32], is_inside: Mask
) -> Mask:
    """Add what letters enclose, and the narrow gaps between them, where the glow nearby shines.

    Args:
        pixels: RGBA.
        ground: what they stand on.
        glow: the light that is known.
        labels: the pieces of what changes slowly, 0 for the rest.
        is_inside: which pieces the plain ground does not touch.
    """
    gaps = cv2.dilate(glow.view(np.uint8), _GAP) > 0
    places = np.flatnonzero((is_inside[labels] & (labels > 0)) | (gaps & (labels == 0)))
    near = nearest_of(glow, places)
    width = glow.shape[1]
    away = np.hypot(places % width - near % width, places // width - near // width)
    plain = ground.colour[:3].astype(np.float32)
    light, other = (pixels.reshape(-1, 4)[at, :3] - plain for at in (places, near))
    lengths = np.linalg.norm(light, axis=-1) * np.linalg.norm(other, axis=-1)
    alike = ((light * other).sum(axis=-1) >= _SAME_LIGHT * lengths) & (lengths > 0)
    alike &= (light.max(axis=-1) <= _FAINT_MAX * _FULL) & (away <= _NEARBY_SHARE * max(glow.shape))
    owner = labels.reshape(-1)[places]
    lit = np.bincount(owner, weights=alike, minlength=len(is_inside))
    total = np.bincount(owner, minlength=len(is_inside))
    is_lit = is_inside & (lit >= _FOOT_SHARE_MIN * total) & (total > 0)
    is_lit[0] = False
    result: Mask = glow | is_lit[labels]
    result.reshape(-1)[places[alike & (owner == 0)]] = True
    return result
