"""Splits a picture into its ground and the logo that stands on it, as a cut-out with true edges.

A pixel of an edge is a mix of the logo's colour just inside and of what lies behind it, ground or
shadow. How much is which gives the cut-out's alpha; what the mix leaves unexplained goes into the
colour, so that the cut-out laid over its old ground is the picture again.
"""

from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.glows import find_glow
from services.refinement.engines.local.ground import (
    NOTHING_THERE,
    Ground,
    distance_from,
    find_ground,
)
from services.refinement.engines.local.masks import Mask, nearest_of, spread_of
from services.refinement.engines.local.operations import TransparentBackground
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.reading import Reading, background_of
from services.refinement.engines.local.refusals import NotApplicable

Rows: TypeAlias = NDArray[np.float32]

# An edge is drawn over one or two pixels; blurred by scaling, over three.
_EDGE_PX: Final = 3
# In narrow gaps between letters that glow, light lies further from the ground.
_LIT_EDGE_PX: Final = 8
_FLAT_RANGE: Final = 10
_CORE_PIXELS_MIN: Final = 6
_RIDGE_LEVELS_MIN: Final = 40
_NEARBY_PX: Final = 15
_STRONG_SHARE_MIN: Final = 0.9
_SOFT_RANGE: Final = 26
_SHADOW_PIXELS_MIN: Final = 48
_SHADOW_TINT: Final = 0.02
_SHADOW_RIM_SHARE_MIN: Final = 0.35
_SHADOW_MAX: Final = 0.75
_DARK_LEVELS: Final = 40
_EXPLAINED: Final = 0.03
_EXACT: Final = 1.2 / 255
# Compression leaves ripples up to this strong beside edges, and more of them than edges have.
_NOISE_LEVELS: Final = 30
_NOISE_SHARE_MIN: Final = 0.35
_FULL: Final = np.float32(255)
_KERNEL: Final = np.ones((3, 3), dtype=np.uint8)


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """The ground, the logo cut out, and how much of each pixel the logo covers.

    `cutout` is straight RGBA, in which a shadow is translucent black; `coverage` runs from 0 to 1
    and knows no shadow.
    """

    ground: Ground
    cutout: Pixels
    coverage: Rows


class _Cores(msgspec.Struct, frozen=True, kw_only=True):
    """The logo's pixels that no ground shines through.

    `opaque` are the flat areas and all that is deep inside; `strong` adds the ridges of lines too
    thin to have any, where no better one is nearby; `ridges` adds the fainter ones. Beside the
    ground, so many pixels as `reach` may be edges.
    """

    opaque: Mask
    strong: Mask
    ridges: Mask
    reach: int


class _Edges(msgspec.Struct, frozen=True, kw_only=True):
    """Pixels of edges: where, their sRGB, the logo's sRGB there, its share, the shadow behind."""

    places: NDArray[np.intp]
    values: Rows
    colours: Rows
    cover: Rows
    soft: Rows


def make_transparent(
    pixels: Pixels, _operation: TransparentBackground, reading: Reading | None
) -> Pixels:
    """Cut the logo of RGBA pixels, read as said, out of its background.

    Raises:
        NotApplicable: the background is not of one colour, or transparent already.
    """
    layers = split(pixels, reading)
    if layers.ground.is_clear:
        raise NotApplicable(reason="the background is transparent already")
    return layers.cutout


def split(pixels: Pixels, reading: Reading | None) -> Layers:
    """Split RGBA pixels, read as said, into ground and logo.

    Raises:
        NotApplicable: the background is not of one colour, or there is nothing on it.
    """
    ground = find_ground(pixels)
    levels = distance_from(pixels, ground)
    stands_out = levels > ground.tolerance
    if not stands_out.any():
        raise NotApplicable(reason=NOTHING_THERE)
    if ground.is_clear:
        return Layers(ground=ground, cutout=pixels, coverage=_solid(pixels))
    behind = background_of(~stands_out, reading)
    shade = _shadow(pixels, ground, behind)
    light, behind = find_glow(pixels, ground, ~stands_out, behind)
    glow = np.flatnonzero(light)
    values = pixels.reshape(-1, 4)[glow, :3].astype(np.float32) / _FULL
    shade.reshape(-1)[glow] = _least_alpha(values, ground.colour[:3].astype(np.float32) / _FULL)
    # Light hides ripples along the edges, and is as faint as they are.
    is_noisy = not glow.size and _is_noisy(levels, behind, shade)
    if is_noisy:
        behind = background_of(levels <= _NOISE_LEVELS, reading)
        shade[behind] = 0
    lies_behind = behind | (shade > 0)
    if lies_behind.all():
        raise NotApplicable(reason=NOTHING_THERE)
    reach = _LIT_EDGE_PX if glow.size else _EDGE_PX
    cores = _find_cores(pixels, levels, lies_behind, reach)
    edges = _mixed_out(pixels, ground, shade, lies_behind, cores)
    return _cut(pixels, ground, shade, lies_behind, edges, is_exact=not is_noisy)


def composed(cutout: Pixels, ground: Ground) -> Pixels:
    """Lay a cut-out on its ground; on a transparent one it is the picture."""
    if ground.is_clear:
        return cutout
    alpha = cutout[..., 3:].astype(np.uint16)
    inverse = 255 - alpha
    mixed = cutout[..., :3] * alpha + ground.colour[:3].astype(np.uint16) * inverse
    result = np.full_like(cutout, 255)
    result[..., :3] = (mixed + 127) // 255
    return result


def _shadow(pixels: Pixels, ground: Ground, behind: Mask) -> Rows:
    """Return how strong a black shadow lies on the ground, 0 where there is none.

    A shadow is ground made darker evenly in all channels, changes slowly, and fades into the plain
    ground; a grey shape has an edge there.
    """
    strength = np.zeros(behind.shape, dtype=np.float32)
    colour = ground.colour[:3].astype(np.float32) / _FULL
    if ground.colour[:3].max() < _DARK_LEVELS:
        return strength
    spread = spread_of(pixels)
    places = np.flatnonzero((spread <= _SOFT_RANGE) & ~behind)
    values = pixels.reshape(-1, 4)[places, :3].astype(np.float32) / _FULL
    light = (values @ colour) / float(colour @ colour)
    tint = np.abs(values - light[:, None] * colour).max(axis=-1)
    even = (tint <= _SHADOW_TINT) & (light < 1) & (light > 1 - _SHADOW_MAX)
    soft = np.zeros(behind.shape, dtype=np.uint8)
    soft.reshape(-1)[places[even]] = 1
    chosen = _fading(soft, behind).reshape(-1)[places] & even
    strength.reshape(-1)[places[chosen]] = _least_alpha(values[chosen], colour)
    return strength


def _fading(soft: NDArray[np.uint8], behind: Mask) -> Mask:
    """Return the pieces of a mask of what changes slowly that fade into what lies behind."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(soft, connectivity=8)
    near = cv2.dilate(behind.view(np.uint8), _KERNEL).astype(np.bool_)
    touching = np.bincount(labels[near], minlength=count)
    rim = cv2.subtract(cv2.dilate(soft, _KERNEL), soft).astype(np.bool_)
    # Each pixel outside a component is counted for the one that it touches.
    reached = np.asarray(cv2.dilate(labels.astype(np.float32), _KERNEL), dtype=np.int32)
    around = np.bincount(reached[rim], minlength=count)
    faded = np.bincount(reached[rim & behind], minlength=count)
    is_shadow = (
        (boxes[:, cv2.CC_STAT_AREA] >= _SHADOW_PIXELS_MIN)
        & (touching > 0)
        & (faded >= _SHADOW_RIM_SHARE_MIN * around)
    )
    is_shadow[0] = False
    fading: Mask = is_shadow[labels]
    return fading


def _solid(pixels: Pixels) -> Rows:
    """Return how much of each pixel the logo covers on nothing, its shadow not counted."""
    alpha = np.ascontiguousarray(pixels[..., 3])
    behind = alpha == 0
    spread = cv2.subtract(cv2.dilate(alpha, _KERNEL), cv2.erode(alpha, _KERNEL))
    is_soft = (spread <= _SOFT_RANGE) & ~behind & (alpha < _SHADOW_MAX * 255)
    shade = _fading(is_soft.view(np.uint8), behind)
    coverage = alpha.astype(np.float32) / _FULL
    if not shade.any() or (shade | behind).all():
        return coverage
    lies_behind = shade | behind
    near = cv2.dilate(lies_behind.view(np.uint8), _KERNEL, iterations=_EDGE_PX).astype(np.bool_)
    places = np.flatnonzero(near & ~lies_behind)
    soft = coverage.reshape(-1)[nearest_of(lies_behind, places)]
    own = coverage.reshape(-1)[places]
    coverage.reshape(-1)[places] = ((own - soft) / (1 - soft)).clip(0, 1)
    coverage[lies_behind] = 0
    return coverage


def _is_noisy(levels: NDArray[np.uint8], behind: Mask, shade: Rows) -> bool:
    """Say whether what lies along the edges is mostly fainter than edges are, as ripples are."""
    near = cv2.dilate(behind.view(np.uint8), _KERNEL, iterations=_EDGE_PX).astype(np.bool_)
    along = near & ~behind & (shade == 0)
    return bool((along & (levels <= _NOISE_LEVELS)).sum() > _NOISE_SHARE_MIN * along.sum())


def _find_cores(pixels: Pixels, levels: NDArray[np.uint8], clear: Mask, reach: int) -> _Cores:
    ink = (~clear).view(np.uint8)
    spread = spread_of(pixels)
    flat = ink & (spread <= _FLAT_RANGE)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    large = boxes[:, cv2.CC_STAT_AREA] >= _CORE_PIXELS_MIN
    large[0] = False
    inside = cv2.erode(ink, _KERNEL, iterations=reach, borderValue=1).astype(np.bool_)
    opaque: Mask = large[labels] | inside
    ridge = ink.astype(np.bool_) & (levels >= cv2.dilate(levels, _KERNEL))
    ridge &= levels >= _RIDGE_LEVELS_MIN
    around = cv2.dilate(levels, np.ones((_NEARBY_PX, _NEARBY_PX), dtype=np.uint8))
    strong = ridge & (levels >= _STRONG_SHARE_MIN * around)
    cores = _Cores(opaque=opaque, strong=opaque | strong, ridges=opaque | ridge, reach=reach)
    if not cores.strong.any():
        cores.strong.reshape(-1)[int(np.where(clear, 0, levels).argmax())] = True
    return cores


def _mixed_out(
    pixels: Pixels, ground: Ground, shade: Rows, lies_behind: Mask, cores: _Cores
) -> _Edges:
    """Explain each pixel near the ground by a core's colour and what lies behind."""
    near = cv2.dilate(lies_behind.view(np.uint8), _KERNEL, iterations=cores.reach).astype(np.bool_)
    places = np.flatnonzero(near & ~lies_behind & ~cores.opaque)
    flat = pixels.reshape(-1, 4)
    values = flat[places, :3].astype(np.float32) / _FULL
    soft = np.zeros(len(places), dtype=np.float32)
    back = np.tile(ground.colour[:3].astype(np.float32) / _FULL, (len(places), 1))
    if shade.any():
        nearest = nearest_of(lies_behind, places)
        soft = shade.reshape(-1)[nearest]
        veiled = soft > 0
        back[veiled] = flat[nearest[veiled], :3].astype(np.float32) / _FULL
    colours, cover, error = _unmixed(values, flat, nearest_of(cores.strong, places), back)
    if cores.ridges.sum() > cores.strong.sum():
        others = _unmixed(values, flat, nearest_of(cores.ridges, places), back)
        better = (error > _EXPLAINED) & (others[2] < error)
        colours[better], cover[better], error[better] = (part[better] for part in others)
    # What no core explains lies between two parts of the logo, unless it touches the ground.
    touches = cv2.dilate(lies_behind.view(np.uint8), _KERNEL)
    is_near = touches.reshape(-1)[places] > 0
    if cores.reach > _EDGE_PX:
        # Light is brighter here and fainter there, and no mix with the nearest is just right.
        lit = cv2.dilate(touches, _KERNEL, iterations=2).reshape(-1)[places] > 0
        is_near |= lit & (soft > 0)
    cover[(error > _EXPLAINED) & ~is_near] = 1
    return _Edges(places=places, values=values, colours=colours, cover=cover, soft=soft)


def _unmixed(
    values: Rows, flat: Pixels, sources: NDArray[np.intp], back: Rows
) -> tuple[Rows, Rows, Rows]:
    """Return the sources' colours, how much of each is in the mix, and what remains."""
    colours = flat[sources, :3].astype(np.float32) / _FULL
    line = colours - back
    along = ((values - back) * line).sum(axis=-1) / np.maximum((line * line).sum(axis=-1), 1e-6)
    cover = along.clip(0, 1).astype(np.float32)
    error = np.abs(back + cover[:, None] * line - values).max(axis=-1)
    return colours, cover, error


def _least_alpha(values: Rows, back: Rows) -> Rows:
    """Return the least alpha with which any colour over the ground gives these values."""
    lighter = (values - back) / np.maximum(1 - back, 1 / 255)
    darker = (back - values) / np.maximum(back, 1 / 255)
    alpha: Rows = np.maximum(lighter, darker).max(axis=-1).clip(0, 1)
    return alpha


def _cut(
    pixels: Pixels,
    ground: Ground,
    shade: Rows,
    lies_behind: Mask,
    edges: _Edges,
    *,
    is_exact: bool,
) -> Layers:
    back = ground.colour[:3].astype(np.float32) / _FULL
    coverage = (~lies_behind).astype(np.float32)
    coverage.reshape(-1)[edges.places] = edges.cover
    alpha = np.where(lies_behind, shade, 1).astype(np.float32)
    total = edges.cover + (1 - edges.cover) * edges.soft
    least = _least_alpha(edges.values, back) if is_exact else total
    alpha.reshape(-1)[edges.places] = np.maximum(total, least)
    cutout = pixels.copy()
    cutout[lies_behind, :3] = 0
    cutout[..., 3] = np.minimum(pixels[..., 3], (alpha * 255 + 0.5).astype(np.uint8))
    shown = np.concatenate([edges.places, np.flatnonzero(shade)])
    values = pixels.reshape(-1, 4)[shown, :3].astype(np.float32) / _FULL
    steps = (cutout.reshape(-1, 4)[shown, 3:].astype(np.float32) / _FULL).clip(1 / 255)
    colours = ((values - (1 - steps) * back) / steps).clip(0, 1)
    # Where hardly anything shows, rounding errors would become colours.
    ideal = np.zeros_like(colours)
    ideal[: len(edges.places)] = edges.colours * (edges.cover / np.maximum(total, 1e-3))[:, None]
    off = np.abs(ideal * steps + (1 - steps) * back - values).max(axis=-1)
    chosen = np.where(
        (off <= (_EXACT if is_exact else _NOISE_LEVELS / 255))[:, None], ideal.clip(0, 1), colours
    )
    cutout.reshape(-1, 4)[shown, :3] = (chosen * 255 + 0.5).astype(np.uint8)
    return Layers(ground=ground, cutout=cutout, coverage=coverage)
