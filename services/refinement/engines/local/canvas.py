"""Changes the canvas around a logo, and how the logo lies on it."""

import math
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, named, to_displayable
from services.refinement.engines.local.finishing import steepened
from services.refinement.engines.local.ground import (
    SIDE_PX_MAX,
    Box,
    Ground,
    enlarged,
    find_content,
    find_ground,
    require_size,
)
from services.refinement.engines.local.operations import (
    Border,
    Centre,
    Crop,
    Flip,
    Padding,
    Rotate,
    Square,
)
from services.refinement.engines.local.palette import Pixels, find_palette
from services.refinement.engines.local.planes import premultiplied, straight
from services.refinement.engines.local.refusals import NotApplicable

CanvasOperation: TypeAlias = Border | Padding | Crop | Centre | Square | Rotate | Flip

_FILLED: Final = "the logo already fills the picture"
_PADDING_SHARE: Final = 0.12
_PADDING_LEFT_MIN: Final = 0.01
_MARGIN_SHARE: Final = 0.01
_FRAME_SHARE: Final = 0.025
_FRAME_PX_MIN: Final = 2
# How many widths of the frame stay free between it and the logo.
_FRAME_GAP: Final = 1.0
_MAIN_SHARE_MIN: Final = 0.001
_RIGHT_ANGLE: Final = 90
_ANGLE_MIN: Final = 0.05
_FACTOR_MIN: Final = 1.01
_STRIP_PX: Final = 256


def change_canvas(pixels: Pixels, operation: CanvasOperation) -> Pixels:
    """Apply one operation of the canvas to RGBA pixels.

    Raises:
        NotApplicable: the picture does not allow it, or would become too large.
    """
    match operation:
        case Border(amount=amount, colour=colour):
            return _framed(pixels, amount, colour)
        case Padding(amount=amount):
            return _padded(pixels, amount)
        case Crop():
            return _cropped(pixels)
        case Centre():
            return _centred(pixels)
        case Square():
            return _squared(pixels)
        case Rotate(degrees=degrees):
            return _rotated(pixels, degrees)
        case Flip(axis=axis):
            flipped = pixels[:, ::-1] if axis == "horizontal" else pixels[::-1]
            return np.ascontiguousarray(flipped)


def _padded(pixels: Pixels, amount: float) -> Pixels:
    ground = find_ground(pixels)
    height, width = pixels.shape[:2]
    if amount > 0:
        room = max(1, round(_PADDING_SHARE * amount * max(height, width)))
        return enlarged(pixels, ground, left=room, top=room, right=room, bottom=room)
    content = find_content(pixels, ground)
    kept = max(1, round(_PADDING_LEFT_MIN * max(height, width)))
    free = min(content.left, content.top, width - content.right, height - content.bottom)
    # All sides lose the same, so that the logo stays where it is in proportion.
    away = min(max(1, round(free * -amount * 0.5)), free - kept)
    if away < 1:
        raise NotApplicable(reason=_FILLED)
    return np.ascontiguousarray(pixels[away : height - away, away : width - away])


def _cropped(pixels: Pixels) -> Pixels:
    content = find_content(pixels, find_ground(pixels))
    height, width = pixels.shape[:2]
    room = max(1, round(_MARGIN_SHARE * max(content.width, content.height)))
    window = Box(
        left=max(0, content.left - room),
        top=max(0, content.top - room),
        right=min(width, content.right + room),
        bottom=min(height, content.bottom + room),
    )
    if (window.width, window.height) == (width, height):
        raise NotApplicable(reason=_FILLED)
    return np.ascontiguousarray(pixels[window.top : window.bottom, window.left : window.right])


def _centred(pixels: Pixels) -> Pixels:
    ground = find_ground(pixels)
    content = find_content(pixels, ground)
    height, width = pixels.shape[:2]
    left, top = (width - content.width) // 2, (height - content.height) // 2
    if max(abs(left - content.left), abs(top - content.top)) <= 1:
        raise NotApplicable(reason="the logo is in the middle already")
    # Shadows fainter than the logo's own edge move along with it as far as there is room.
    room = min(left, top, width - content.width - left, height - content.height - top)
    reach = min(room, content.left, content.top, width - content.right, height - content.bottom)
    moved = np.empty_like(pixels)
    moved[:] = ground.colour
    moved[
        top - reach : top + content.height + reach, left - reach : left + content.width + reach
    ] = pixels[
        content.top - reach : content.bottom + reach, content.left - reach : content.right + reach
    ]
    return moved


def _squared(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height == width:
        raise NotApplicable(reason="the picture is square already")
    side = max(height, width)
    ground = find_ground(pixels)
    left, top = (side - width) // 2, (side - height) // 2
    return enlarged(
        pixels,
        ground,
        left=left,
        top=top,
        right=side - width - left,
        bottom=side - height - top,
    )


def _ground_or_clear(pixels: Pixels) -> Ground:
    try:
        return find_ground(pixels)
    except NotApplicable:
        return Ground(colour=np.zeros(4, dtype=np.uint8), tolerance=0)


def _rotated(pixels: Pixels, degrees: float) -> Pixels:
    turns, rest = divmod(degrees % 360, _RIGHT_ANGLE)
    if min(rest, _RIGHT_ANGLE - rest) < _ANGLE_MIN:
        quarters = round(degrees / _RIGHT_ANGLE) % 4
        if not quarters:
            raise NotApplicable(reason="a full turn changes nothing")
        return np.ascontiguousarray(np.rot90(pixels, -quarters))
    # A picture turned by 100 degrees is the one turned by 90, turned by 10.
    upright = np.rot90(pixels, -int(turns))
    height, width = upright.shape[:2]
    angle = math.radians(rest)
    sine, cosine = math.sin(angle), math.cos(angle)
    wide = math.ceil(width * cosine + height * sine)
    high = math.ceil(width * sine + height * cosine)
    require_size(high, wide)
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0]], dtype=np.float64)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix[:, 2] = np.array([(wide - 1) / 2, (high - 1) / 2]) - matrix[:, :2] @ middle
    return _warped(upright, matrix, (wide, high))


def _warped(pixels: Pixels, matrix: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    ground = _ground_or_clear(pixels)
    colour = ground.colour.astype(np.float32) / 255
    planes = np.asarray(
        cv2.warpAffine(
            premultiplied(pixels),
            matrix,
            size,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=[float(part) for part in colour],
        ),
        dtype=np.float32,
    )
    planes = planes.clip(0, 1)
    # Cubic resampling overshoots; no colour may be brighter than its own alpha.
    np.minimum(planes[..., :3], planes[..., 3:], out=planes[..., :3])
    return straight(planes)


def upscaled(pixels: Pixels, factor: float) -> Pixels:
    """Give RGBA pixels more pixels, with edges as sharp as they can be, and without halos.

    Raises:
        NotApplicable: the picture is as large as it may be.
    """
    height, width = pixels.shape[:2]
    factor = min(factor, SIDE_PX_MAX / max(height, width))
    if factor < _FACTOR_MIN:
        raise NotApplicable(reason=f"the picture has {SIDE_PX_MAX} pixels a side already")
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    # In bytes and in strips: a picture of the largest size would else need half a gigabyte.
    levels = (premultiplied(pixels) * 255 + 0.5).astype(np.uint8)
    kernel = np.ones((3, 3), dtype=np.uint8)
    large = cv2.resize(levels, size, interpolation=cv2.INTER_LANCZOS4)
    # What Lanczos overshoots would be a halo; nothing leaves the range of its neighbours.
    lowest = cv2.resize(cv2.erode(levels, kernel), size, interpolation=cv2.INTER_LINEAR)
    highest = cv2.resize(cv2.dilate(levels, kernel), size, interpolation=cv2.INTER_LINEAR)
    bounded = np.asarray(cv2.min(cv2.max(large, lowest), highest), dtype=np.uint8)
    reach = max(1, round(factor / 2))
    result = np.empty_like(bounded)
    for top in range(0, size[1], _STRIP_PX):
        first = max(0, top - reach)
        strip = bounded[first : top + _STRIP_PX + reach].astype(np.float32) / np.float32(255)
        sharp = straight(steepened(strip, reach=reach))
        result[top : top + _STRIP_PX] = sharp[top - first : top - first + _STRIP_PX]
    return result


def _framed(pixels: Pixels, amount: float, colour: str | None) -> Pixels:
    height, width = pixels.shape[:2]
    thickness = max(_FRAME_PX_MIN, round(_FRAME_SHARE * abs(amount) * min(height, width)))
    paint = np.append(
        (to_displayable(named(colour)[None])[0] if colour else _main_colour(pixels)) * 255 + 0.5,
        255,
    ).astype(np.uint8)
    try:
        ground = find_ground(pixels)
        content = find_content(pixels, ground)
    except NotApplicable:
        # What has no ground is a picture, of which a frame must not hide anything.
        ground = Ground(colour=paint, tolerance=0)
        content = Box(left=0, top=0, right=width, bottom=height)
    needed = round(thickness * (1 + (_FRAME_GAP if ground.colour is not paint else 0)))
    free = min(content.left, content.top, width - content.right, height - content.bottom)
    more = max(0, needed - free)
    framed = enlarged(pixels, ground, left=more, top=more, right=more, bottom=more)
    framed[:thickness] = framed[-thickness:] = paint
    framed[:, :thickness] = framed[:, -thickness:] = paint
    return framed


def _main_colour(pixels: Pixels) -> Colours:
    """Return the most frequent colour that is not the background's, in sRGB."""
    palette = find_palette(pixels)
    shares = palette.shares.copy()
    if palette.background is not None:
        shares[palette.background] = 0
    if shares.max() < _MAIN_SHARE_MIN:
        raise NotApplicable(reason="the logo has no colour that a frame could take")
    colour: Colours = palette.colours[int(shares.argmax())]
    return colour
