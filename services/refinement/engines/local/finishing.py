"""Finishes a logo: sharper or softer edges, a shadow under it, a line around it."""

from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import (
    Colours,
    contrast_ratio,
    named,
    to_displayable,
    to_lab,
)
from services.refinement.engines.local.ground import Ground, enlarged
from services.refinement.engines.local.layers import Layers, split
from services.refinement.engines.local.masks import (
    depth_of,
    pieces_of,
    reaches_border,
)
from services.refinement.engines.local.operations import Outline, Shadow, Sharpness
from services.refinement.engines.local.palette import Pixels, find_palette
from services.refinement.engines.local.planes import Planes, premultiplied, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.refusals import NotApplicable

FinishingOperation: TypeAlias = Shadow | Outline

_EDGE_RANGE_MIN: Final = 0.04
_EDGE_RANGE_FULL: Final = 0.12
_SHARPENING_GAIN: Final = 0.7
_SHARPENING_PASSES_MAX: Final = 4
# An edge that is smoothed over one pixel takes all of its step there, a blurred one a part.
_CRISP: Final = 0.92
_CRISP_MARGIN: Final = 0.12
_WHOLE_EDGE_PX: Final = 3
_BLURRED_SHARE_MIN: Final = 0.15
_BESIDE: Final = np.ones((3, 3), dtype=np.uint8)
_SOFTNESS_SHARE: Final = 0.0016
_SOFTNESS_PX_MIN: Final = 0.7
_SHADOW_OFFSET_SHARE: Final = 0.016
_SHADOW_BLUR_SHARE: Final = 0.014
_SHADOW_BLUR_PX_MIN: Final = 0.8
_SHADOW_STRENGTH: Final = 0.36
_SHADOW_STRENGTH_MAX: Final = 0.7
_SHADOW_REACH_SIGMAS: Final = 2.6
_DARKEST_GROUND_LEVEL: Final = 30
_LINE_SHARE: Final = 0.012
_LINE_PX_MIN: Final = 1.5
_LINE_PER_HEIGHT: Final = 0.1
_LINE_WIDTH_SHARE_MIN: Final = 0.25
_BAND_SLACK: Final = 0.75
_FAINTEST_COVER: Final = 0.02
_HALF: Final = 0.5
_CONTRAST_WANTED: Final = 3.0
# The line must stand out from the ground first; a colour is better only by more than a step.
_GROUND_WEIGHT: Final = 3.0
_SCORE_STEP: Final = 0.1
# Tried in this order: the quiet ones first.
# Nearer to each other in OKLab than this, a letter and the line around it are one blot.
_DROWNING: Final = 0.2
_SOFT_EDGE: Final = np.ones((7, 7), dtype=np.uint8)
_LINE_COLOURS: Final = ("#1a1a1a", "#ffffff", "#1f2a44", "#6e6e6e", "#f4c430", "#d7263d")


def change_sharpness(pixels: Pixels, operation: Sharpness) -> Pixels:
    """Make the edges of RGBA pixels sharper or softer.

    Raises:
        NotApplicable: they are to be sharper, and are as sharp as smooth edges can be.
    """
    amount = operation.amount
    return _sharpened(pixels, amount) if amount > 0 else _softened(pixels, -amount)


def finish(pixels: Pixels, operation: FinishingOperation, reading: Reading | None) -> Pixels:
    """Lay a shadow or a line under the logo of RGBA pixels, read as said.

    Raises:
        NotApplicable: the picture does not allow it, or would become too large.
    """
    match operation:
        case Shadow(amount=amount):
            return _shaded(pixels, split(pixels, reading), abs(amount))
        case Outline(amount=amount, colour=colour):
            text = None if reading is None else reading.text
            return _outlined(pixels, split(pixels, reading), abs(amount), colour, text)


def steepened(planes: Planes, *, reach: int, gain: float = 1.0) -> Planes:
    """Make edges steeper without leaving the range that the neighbours have, hence without halos.

    Args:
        planes: premultiplied, 0 to 1.
        reach: how many pixels away a neighbour may be.
        gain: 0 for nothing, 1 for a smooth step over the range of the neighbours.
    """
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    low, high = cv2.erode(planes, kernel), cv2.dilate(planes, kernel)
    places = np.flatnonzero((high - low).max(axis=-1) > _EDGE_RANGE_MIN)
    flat = planes.reshape(-1, 4)
    bottom = low.reshape(-1, 4)[places]
    span = high.reshape(-1, 4)[places] - bottom
    height = (flat[places] - bottom) / np.maximum(span, 1e-4)
    step = height * height * (3 - 2 * height)
    # Grain is no edge.
    weight = ((span - _EDGE_RANGE_MIN) / (_EDGE_RANGE_FULL - _EDGE_RANGE_MIN)).clip(0, gain)
    result = planes.copy()
    result.reshape(-1, 4)[places] += (step - height) * weight * span
    np.minimum(result[..., :3], result[..., 3:], out=result[..., :3])
    return result


def _sharpened(pixels: Pixels, amount: float) -> Pixels:
    planes = premultiplied(pixels)
    if not _has_blurred_edges(planes):
        raise NotApplicable(reason="the edges are sharp already")
    gain = min(_SHARPENING_GAIN * max(amount, 0.5), 1.0)
    for _ in range(min(1 + round(1.5 * amount), _SHARPENING_PASSES_MAX)):
        # Steeper than the ramp of one pixel that smooths an edge, it would be stairs.
        weight = ((_CRISP - _crispness(planes)) / _CRISP_MARGIN).clip(0, 1)[..., None]
        planes += (steepened(planes, reach=1, gain=gain) - planes) * weight
    return straight(planes)


def _range_within(planes: Planes, reach: int) -> NDArray[np.float32]:
    """Return by how much the pixels up to `reach` away differ, in the channel where most."""
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    spread = cv2.dilate(planes, kernel) - cv2.erode(planes, kernel)
    return np.asarray(spread.max(axis=-1), dtype=np.float32)


def _crispness(planes: Planes) -> NDArray[np.float32]:
    """Return which part of its whole step an edge takes within a pixel to either side."""
    steepest = cv2.dilate(_range_within(planes, 1), _BESIDE)
    whole = np.maximum(_range_within(planes, _WHOLE_EDGE_PX), _EDGE_RANGE_MIN)
    return np.asarray(steepest / whole, dtype=np.float32)


def _has_blurred_edges(planes: Planes) -> bool:
    """Say whether more than a few of the pixels that lie on edges lie on blurred ones."""
    near = _range_within(planes, 1)
    is_edge = (near > _EDGE_RANGE_FULL) & (near >= cv2.dilate(near, _BESIDE))
    is_blurred = _crispness(planes)[is_edge] < _CRISP - _CRISP_MARGIN / 2
    return bool(is_blurred.sum() > _BLURRED_SHARE_MIN * is_edge.sum())


def _softened(pixels: Pixels, amount: float) -> Pixels:
    sigma = amount * max(_SOFTNESS_SHARE * max(pixels.shape[:2]), _SOFTNESS_PX_MIN)
    planes = cv2.GaussianBlur(premultiplied(pixels), (0, 0), max(sigma, 0.3))
    return straight(np.asarray(planes, dtype=np.float32))


def _shaded(pixels: Pixels, layers: Layers, amount: float) -> Pixels:
    ground = layers.ground
    if not ground.is_clear and float(ground.colour[:3].mean()) < _DARKEST_GROUND_LEVEL:
        raise NotApplicable(reason="a shadow would not show on so dark a background")
    side = max(pixels.shape[:2])
    scale = min(max(amount, 0.5), 2.0) ** 0.5
    offset = max(1, round(_SHADOW_OFFSET_SHARE * scale * side))
    sigma = max(_SHADOW_BLUR_PX_MIN, _SHADOW_BLUR_SHARE * scale * side)
    reach = round(_SHADOW_REACH_SIGMAS * sigma)
    room = _missing_room(layers.coverage, before=reach - offset, after=reach + offset)
    coverage = np.pad(layers.coverage, room)
    strength = min(_SHADOW_STRENGTH * amount**0.5, _SHADOW_STRENGTH_MAX)
    cast = cv2.GaussianBlur(coverage, (0, 0), sigma)
    shadow = np.zeros_like(coverage)
    shadow[offset:, offset:] = cast[:-offset, :-offset] * strength
    black = np.zeros(3, dtype=np.float32)
    return _laid_under(pixels, layers, shadow, black, room)


def _outlined(
    pixels: Pixels,
    layers: Layers,
    amount: float,
    colour: str | None,
    text: NDArray[np.bool_] | None,
) -> Pixels:
    width = max(_LINE_SHARE * amount * max(pixels.shape[:2]), _LINE_PX_MIN)
    paint = _line_colour(pixels, layers.ground, colour)
    reach = int(width) + 2
    room = _missing_room(layers.coverage, before=reach, after=reach)
    coverage = layers.coverage
    if text is not None:
        coverage = _without_drowning(pixels, coverage, paint, text)
    line = _around(np.pad(coverage, room), width)
    return _laid_under(pixels, layers, line, paint, room)


def _without_drowning(
    pixels: Pixels, coverage: NDArray[np.float32], paint: Colours, text: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Leave out letters of the line's colour: around them it would only fill them up."""
    lab = to_lab((pixels[text][:, :3] / 255).astype(np.float32))
    is_like = np.linalg.norm(lab - to_lab(paint.reshape(1, 3)), axis=-1) < _DROWNING
    letters = np.zeros(text.shape, dtype=np.uint8)
    letters[text] = is_like
    rest = np.where(cv2.dilate(letters, _SOFT_EDGE) > 0, 0, coverage).astype(np.float32)
    # A word alone gets its line whatever the colour: there is nothing else to draw it around.
    return rest if (rest > _FAINTEST_COVER).sum() > _DROWNING * coverage.sum() else coverage


def _missing_room(coverage: NDArray[np.float32], *, before: int, after: int) -> int:
    """Return by how much to widen all sides, so that what reaches out of a shape is not cut.

    Args:
        coverage: of the shape.
        before: pixels reached to the left and to the top.
        after: pixels reached to the right and to the bottom.
    """
    height, width = coverage.shape
    is_seen = coverage > _FAINTEST_COVER
    rows, columns = np.flatnonzero(is_seen.any(axis=1)), np.flatnonzero(is_seen.any(axis=0))
    if not rows.size:
        return 0
    free_before = min(int(rows[0]), int(columns[0]))
    free_after = min(height - 1 - int(rows[-1]), width - 1 - int(columns[-1]))
    missing: int = max(0, before - free_before, after - free_after)
    return missing


def _laid_under(
    pixels: Pixels, layers: Layers, cover: NDArray[np.float32], paint: Colours, room: int
) -> Pixels:
    """Lay a colour under the logo and over its ground, in a picture wider by `room` pixels.

    A shadow that the logo has already lies under what has no coverage of its own.
    """
    clear = Ground(colour=np.zeros(4, dtype=np.uint8), tolerance=0)
    sides = {"left": room, "top": room, "right": room, "bottom": room}
    result = enlarged(pixels, layers.ground, **sides)
    cutout = enlarged(layers.cutout, clear, **sides).reshape(-1, 4)
    places = np.flatnonzero(cover > _FAINTEST_COVER / 2)
    logo = premultiplied(cutout[places])
    under = cover.reshape(-1)[places, None]
    own = np.pad(layers.coverage, room).reshape(-1)[places, None]
    if not layers.ground.is_clear:
        own = np.where(own > 0, logo[:, 3:], 0)
    solid = np.minimum(logo, own)
    shadow = (logo - solid) / np.maximum(1 - own, _FAINTEST_COVER)
    colour = np.concatenate([under * paint, under], axis=-1)
    laid = solid + (1 - own) * (colour + (1 - under) * shadow)
    if not layers.ground.is_clear:
        paper = layers.ground.colour.astype(np.float32) / np.float32(255)
        laid = laid + (1 - laid[:, 3:]) * paper
    result.reshape(-1, 4)[places] = straight(laid.clip(0, 1).astype(np.float32))
    return result


def _around(coverage: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Return the coverage of a band around a shape, its holes left free; `width` in pixels.

    Around small print the band is narrower, and around fine lines there is none: it would hide
    what it is to set off.
    """
    solid = coverage >= _HALF
    pieces, boxes = pieces_of(solid, connectivity=8)
    widths = np.minimum(width, _LINE_PER_HEIGHT * boxes[:, cv2.CC_STAT_HEIGHT])
    widths[widths < _LINE_WIDTH_SHARE_MIN * width] = 0
    widths[0] = 0
    kept = cv2.dilate((widths > 0)[pieces].view(np.uint8), np.ones((3, 3), dtype=np.uint8))
    shapes = coverage * kept
    size = 2 * int(width) + 5
    reach = cv2.dilate(widths.astype(np.float32)[pieces], np.ones((size, size), dtype=np.uint8))
    band = np.zeros_like(coverage)
    rows, columns = np.flatnonzero(reach.any(axis=1)), np.flatnonzero(reach.any(axis=0))
    if rows.size:
        window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        band[window] = _band(shapes[window], np.asarray(reach, dtype=np.float32)[window])
    labels, outer_boxes = pieces_of(~solid, connectivity=4)
    is_outer = reaches_border(outer_boxes, coverage.shape)
    is_outer[0] = True
    band[~is_outer[labels]] = 0
    return band


def _band(coverage: NDArray[np.float32], reach: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what lies less than `reach` away from a shape, measured at twice the size."""
    height, width = coverage.shape
    size = (2 * width, 2 * height)
    fine = cv2.resize(coverage, size, interpolation=cv2.INTER_LINEAR)
    distance = depth_of(np.asarray(fine) < _HALF)
    wide = cv2.resize(reach, size, interpolation=cv2.INTER_NEAREST)
    band = np.where(wide > 0, wide - distance / 2 + _BAND_SLACK, 0).clip(0, 1)
    reduced = cv2.resize(band.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, dtype=np.float32)


def _line_colour(pixels: Pixels, ground: Ground, colour: str | None) -> Colours:
    """Return sRGB: the colour asked for, or one that stands out from both sides."""
    if colour is not None:
        return _displayed(colour)
    palette = find_palette(pixels)
    shares = palette.shares.copy()
    if palette.background is not None:
        shares[palette.background] = 0
    shares /= max(float(shares.sum()), 1e-6)
    paper = ground.colour[None, :3].astype(np.float32) / np.float32(255)
    best, best_score = _displayed(_LINE_COLOURS[0]), 0.0
    for name in _LINE_COLOURS:
        line = _displayed(name)
        # More contrast than is wanted on one side does not make up for too little on the other.
        inside = np.minimum(contrast_ratio(palette.colours, line[None]), _CONTRAST_WANTED)
        score = float((inside * shares).sum())
        if not ground.is_clear:
            outside = float(contrast_ratio(paper, line[None])[0])
            score += _GROUND_WEIGHT * min(outside, _CONTRAST_WANTED)
        if score > best_score + _SCORE_STEP:
            best, best_score = line, score
    return best


def _displayed(name: str) -> Colours:
    colour: Colours = to_displayable(named(name)[None])[0]
    return colour
