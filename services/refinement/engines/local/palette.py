"""A picture as a palette: the colours of its flat areas, and every other colour as a mix of two.

Edits are made to the palette. Anti-aliased edges and gradients are mixes of palette colours, so
they follow, and flat areas stay exactly flat.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import Colours, to_lab

Pixels = NDArray[np.uint8]

COLOURS_MAX: Final = 14
_VISIBLE_ALPHA: Final = 8
_FLAT_RANGE: Final = 8
_FLAT_SHARE_MIN: Final = 0.05
_DISTANCE_MIN: Final = 0.06
_SHARE_MIN: Final = 0.0004
_BIN_BITS: Final = 5
_LLOYD_STEPS: Final = 4
_BACKGROUND_SHARE_MIN: Final = 0.6
# More distinct colours than this are not a logo's; they are then told apart less finely.
_DISTINCT_MAX: Final = 60_000
_COARSER_MASKS: Final = (0xFEFEFE, 0xFCFCFC, 0xF8F8F8, 0xF0F0F0)
_CHUNK: Final = 16_384
# A mix must explain a colour this much better (in squared sRGB) than the nearest single entry.
_MIX_PENALTY: Final = 0.0006
_MIX_DISTANCE_MAX: Final = 0.045
_PURE: Final = 0.6


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 14 colours in sRGB, the share of the picture each has, and which is the background."""

    colours: Colours
    shares: NDArray[np.float32]
    background: int | None


class Mixes(msgspec.Struct, frozen=True, kw_only=True):
    """The distinct colours of a picture as mixes: `part` of `second`, the rest of `first`.

    `rest` is what the mix does not explain; `index` leads from pixels to distinct colours.
    """

    distinct: Colours
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    part: NDArray[np.float32]
    rest: Colours
    index: NDArray[np.int32]


def find_palette(pixels: Pixels) -> Palette:
    """Find the colours of flat areas; a fully transparent picture has one, black.

    Args:
        pixels: height x width x 4, RGBA.
    """
    visible = pixels[..., 3] >= _VISIBLE_ALPHA
    flat = visible & is_flat(pixels)
    chosen = flat if flat.sum() >= _FLAT_SHARE_MIN * visible.sum() else visible
    samples = pixels[chosen][:, :3]
    if not samples.size:
        samples = np.zeros((1, 3), dtype=np.uint8)
    bins, weights = _binned(samples)
    centres, shares = _cluster(bins, weights)
    return Palette(
        colours=centres, shares=shares, background=_find_background(pixels, visible, centres)
    )


def is_flat(pixels: Pixels) -> NDArray[np.bool_]:
    """Say where the 3 x 3 neighbourhood hardly differs; pixels are RGBA."""
    kernel = np.ones((3, 3), dtype=np.uint8)
    spread = cv2.subtract(cv2.dilate(pixels, kernel), cv2.erode(pixels, kernel))
    flat: NDArray[np.bool_] = spread.max(axis=-1) <= _FLAT_RANGE
    return flat


def unmix(pixels: Pixels, palette: Palette) -> Mixes:
    """Explain each distinct colour by the palette; pixels are RGBA."""
    codes, index = _distinct(pixels)
    distinct = _decode(codes)
    first = np.zeros(len(distinct), dtype=np.intp)
    second = np.zeros(len(distinct), dtype=np.intp)
    part = np.zeros(len(distinct), dtype=np.float32)
    for start in range(0, len(distinct), _CHUNK):
        rows = slice(start, start + _CHUNK)
        first[rows], second[rows], part[rows] = _unmix_rows(distinct[rows], palette.colours)
    mixed = mix(palette.colours[first], palette.colours[second], part)
    return Mixes(
        distinct=distinct, first=first, second=second, part=part, rest=distinct - mixed, index=index
    )


def mix(first: Colours, second: Colours, part: NDArray[np.float32]) -> Colours:
    """Blend as renderers do at edges, in sRGB as it is coded."""
    return (first + (second - first) * part[:, None]).astype(np.float32)


def _distinct(pixels: Pixels) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the distinct colours as 24-bit codes, and each pixel's place among them."""
    wide = pixels.astype(np.int32)
    codes = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    used = _used(codes)
    for mask in _COARSER_MASKS:
        if len(used) <= _DISTINCT_MAX:
            break
        codes &= mask
        used = _used(codes)
    places = np.zeros(1 << 24, dtype=np.int32)
    places[used] = np.arange(len(used), dtype=np.int32)
    return used, places[codes]


def _used(codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the codes that occur, in order; faster than sorting all pixels."""
    is_used = np.zeros(1 << 24, dtype=np.bool_)
    is_used[codes] = True
    return np.flatnonzero(is_used).astype(np.int32)


def _decode(codes: NDArray[np.int32]) -> Colours:
    parts = [codes >> 16, (codes >> 8) & 255, codes & 255]
    return (np.stack(parts, axis=-1) / 255).astype(np.float32)


def _unmix_rows(
    rows: Colours, colours: Colours
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    distance = _squared(rows[:, None] - colours[None])
    first = distance.argmin(axis=1)
    second = first.copy()
    best = distance.min(axis=1)
    part = np.zeros(len(rows), dtype=np.float32)
    for one in range(len(colours)):
        for other in range(one + 1, len(colours)):
            line = colours[other] - colours[one]
            offset = rows - colours[one]
            along = (offset @ line / max(float(line @ line), 1e-6)).clip(0, 1)
            error = _squared(offset - along[:, None] * line) + _MIX_PENALTY
            better = error < best
            best[better] = error[better]
            first[better], second[better], part[better] = one, other, along[better]
    return first, second, part


def _squared(offsets: Colours) -> NDArray[np.float32]:
    """Return squared lengths; numpy is slow at reducing a short axis."""
    squares = offsets * offsets
    lengths: NDArray[np.float32] = squares[..., 0] + squares[..., 1] + squares[..., 2]
    return lengths


def _binned(samples: NDArray[np.uint8]) -> tuple[Colours, NDArray[np.float32]]:
    """Average samples that share their leading bits; return mean colours and their counts."""
    keys = samples.astype(np.int32) >> (8 - _BIN_BITS)
    codes = (keys[:, 0] << (2 * _BIN_BITS)) | (keys[:, 1] << _BIN_BITS) | keys[:, 2]
    size = 1 << (3 * _BIN_BITS)
    counts = np.bincount(codes, minlength=size)
    used = np.flatnonzero(counts)
    sums = [np.bincount(codes, weights=samples[:, axis], minlength=size)[used] for axis in range(3)]
    means = np.stack(sums, axis=-1) / counts[used, None] / 255
    return means.astype(np.float32), counts[used].astype(np.float32)


def _cluster(bins: Colours, weights: NDArray[np.float32]) -> tuple[Colours, NDArray[np.float32]]:
    """Take the most frequent colours that differ, then let each settle among its own."""
    lab = to_lab(bins)
    total = weights.sum()
    centres: list[NDArray[np.float32]] = []
    for place in np.argsort(-weights, kind="stable"):
        if len(centres) == COLOURS_MAX or (centres and weights[place] < _SHARE_MIN * total):
            break
        if all(np.linalg.norm(lab[place] - centre) >= _DISTANCE_MIN for centre in centres):
            centres.append(lab[place])
    settled = np.array(centres, dtype=np.float32)
    nearest = np.zeros(len(bins), dtype=np.intp)
    for _ in range(_LLOYD_STEPS):
        nearest = ((lab[:, None] - settled[None]) ** 2).sum(axis=-1).argmin(axis=1)
        for place in range(len(settled)):
            own = nearest == place
            if own.any():
                settled[place] = np.average(lab[own], axis=0, weights=weights[own])
    colours = np.zeros_like(settled)
    purity = np.zeros(len(settled), dtype=np.float32)
    shares = np.bincount(nearest, weights=weights, minlength=len(settled)).astype(np.float32)
    for place in range(len(settled)):
        own = np.flatnonzero(nearest == place)
        if own.size:
            # The most frequent bin, not the mean: a flat area has exactly one colour.
            top = own[weights[own].argmax()]
            colours[place] = bins[top]
            purity[place] = weights[top] / shares[place]
    kept = _without_mixes(colours, shares, purity)
    return colours[kept], (shares[kept] / total).astype(np.float32)


def _without_mixes(
    colours: Colours, shares: NDArray[np.float32], purity: NDArray[np.float32]
) -> list[int]:
    """Leave out what is only a step of a gradient or shadow between two other entries.

    With fewer entries along a gradient each of its colours is explained like its neighbours, and
    edits do not break it into bands.
    """
    kept = [int(place) for place in np.flatnonzero(shares)]
    for place in np.argsort(shares, kind="stable"):
        others = [other for other in kept if other != place]
        if place not in kept or purity[place] >= _PURE or len(others) <= 1:
            continue
        first, second, part = _unmix_rows(colours[place : place + 1], colours[others])
        mixed = mix(colours[others][first], colours[others][second], part)
        if part[0] > 0 and np.linalg.norm(colours[place] - mixed[0]) <= _MIX_DISTANCE_MAX:
            kept = others
    return kept


def _find_background(pixels: Pixels, visible: NDArray[np.bool_], colours: Colours) -> int | None:
    """Return the entry that most of the border has; None where it is transparent or mixed."""
    border = np.zeros(visible.shape, dtype=np.bool_)
    border[[0, -1], :] = True
    border[:, [0, -1]] = True
    seen = border & visible
    if seen.sum() < _BACKGROUND_SHARE_MIN * border.sum():
        return None
    samples = pixels[seen][:, :3].astype(np.float32) / 255
    nearest = ((samples[:, None] - colours[None]) ** 2).sum(axis=-1).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(colours))
    entry = int(counts.argmax())
    return entry if counts[entry] >= _BACKGROUND_SHARE_MIN * seen.sum() else None
