"""Gives a picture new colours: its colours as rows of entries, edited, and painted back.

An area's pixel has a row. What lies between the areas is painted as the same mix of two rows that
it was before; what the mix leaves unexplained is kept, as far as the two colours still differ.
"""

from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.areas import CLEAR_ALPHA
from services.refinement.engines.local.colour import (
    Colours,
    Weights,
    contrast_ratio,
    membership,
    named,
    to_displayable,
    to_lab,
    to_lch,
)
from services.refinement.engines.local.colour_scene import ColourScene
from services.refinement.engines.local.edits import ColourOperation, apply_colours
from services.refinement.engines.local.palette import Pixels, find_palette, mix, unmix
from services.refinement.engines.local.planes import Planes, premultiplied, straight
from services.refinement.engines.local.reading import Reading

_ROLES: Final = 3
_PLAIN, _TEXT, _GROUND = range(_ROLES)
_ROWS_MAX: Final = 60_000
_COARSER_BITS: Final = (0, 1, 2, 3, 4)
_UNEXPLAINED: Final = 0.02
_LIGHT: Final = 0.2
_UNCHANGED: Final = 1e-4
_ALPHA_MIN: Final = 1e-3
_LEGIBLE_TEXT: Final = 3.0
_TOLD_APART: Final = 1.4
_LIGHTNESS_STEP: Final = 0.02
_CONTACTS_MIN: Final = 6
_SLACK: Final = 0.02
_NOISE_MAX: Final = 0.14
_NEIGHBOURS: Final = np.ones((5, 5), dtype=np.uint8)
_LETTER_REACH: Final = np.ones((11, 11), dtype=np.uint8)
_LUMINANCE: Final = np.array([0.3, 0.59, 0.11], dtype=np.float32)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The painted pixels, and for each operation None or the reason it was not applied."""

    pixels: Pixels
    reasons: tuple[str | None, ...]


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The distinct colours of a picture, each of one entry, and where they are.

    Attributes:
        colours: sRGB; the entries, then the rows.
        owner: the entry of each.
        keys: for each entry its class and role, as one number.
        shares: the share of the picture that each entry has.
        own: the places of the pixels that have a row of their own, in the flattened picture.
        index: their rows.
        first: the rows of the first ends of the edges, or -1 for a transparent one.
        second: the rows of the second ends.
    """

    colours: Colours
    owner: NDArray[np.intp]
    keys: NDArray[np.intp]
    shares: Weights
    own: NDArray[np.intp]
    index: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]


def paint(
    pixels: Pixels,
    reading: Reading | None,
    operations: tuple[ColourOperation, ...],
    *,
    kept: tuple[str, ...] = (),
    paper: str | None = None,
) -> Outcome:
    """Apply colour operations in order; alpha stays, and colours of the `kept` families too.

    Args:
        pixels: RGBA.
        reading: what the pixels were read as; None for a photo, which is painted pixel by pixel.
        operations: what to do.
        kept: families of colours that stay.
        paper: the colour that the background gets, by name; None to leave it.
    """
    if reading is None:
        return _paint_photo(pixels, operations, kept)
    if reading.scene.is_noisy:
        pixels = straight(reading.scene.planes)
    rows = _find_rows(pixels, reading, is_to_have_paper=paper is not None)
    keys = rows.keys
    ground = -1 if reading.scene.own is None else reading.scene.own * _ROLES + _GROUND
    background = np.flatnonzero(keys == ground)
    entry = int(background[0]) if background.size else None
    scene = ColourScene(
        rows=to_lch(to_lab(rows.colours)),
        owner=rows.owner,
        shares=rows.shares,
        background=entry,
        text=(keys % _ROLES == _TEXT).astype(np.float32),
        kept=_kept(rows.colours[: len(keys)], kept),
    )
    reasons = apply_colours(scene, operations, paper=None if paper is None else named(paper))
    _keep_inner_contrast(scene, rows, is_only_paper=not operations)
    edited = to_displayable(scene.rows)
    if paper is not None and entry is not None and not reading.scene.is_clear:
        _paper_rows(edited, rows.owner == entry, entry, to_displayable(named(paper)[None])[0])
    painted = _painted(pixels, reading, rows, edited)
    if paper is not None and reading.scene.is_clear:
        painted = _on_paper(painted, to_displayable(named(paper)[None])[0])
    return Outcome(pixels=painted, reasons=reasons)


def _kept(entries: Colours, families: tuple[str, ...]) -> Weights:
    lch = to_lch(to_lab(entries))
    kept = np.zeros(len(lch), dtype=np.float32)
    for family in families:
        kept = np.maximum(kept, membership(lch, family))
    return kept


def _keep_inner_contrast(scene: ColourScene, rows: _Rows, *, is_only_paper: bool) -> None:
    """Judge what does not touch the background by what it touches.

    It was moved to stand out from a background that is not beside it.
    """
    count = len(rows.keys)
    apart = _entries_apart(rows, count, 0 if scene.background is None else scene.background)
    before = to_lch(to_lab(rows.colours))
    for entry in range(count):
        if scene.background is None or entry == scene.background:
            continue
        beside = np.flatnonzero(apart[entry])
        if scene.background in beside or not beside.size:
            continue
        own = rows.owner == entry
        if is_only_paper:
            scene.rows[own] = before[own]
            continue
        neighbour = int(beside[apart[entry, beside].argmax()])
        old = contrast_ratio(*(rows.colours[place : place + 1] for place in (entry, neighbour)))
        wanted = min(float(old[0]), _LEGIBLE_TEXT if scene.text[entry] > 0 else _TOLD_APART)
        scene.rows[own, 0] += _distance_to_go(
            scene.rows[entry],
            scene.rows[neighbour],
            is_lighter=bool(before[entry, 0] > before[neighbour, 0]),
            wanted=wanted,
        )
        scene.rows[own, 0] = scene.rows[own, 0].clip(0, 1)


def _entries_apart(rows: _Rows, count: int, clear: int) -> NDArray[np.intp]:
    """Count the edges between each two entries; `clear` is what stands for transparency."""
    first, second = (
        np.where(ends < 0, clear, rows.owner[ends]) for ends in (rows.first, rows.second)
    )
    table = np.bincount(first * count + second, minlength=count * count).reshape(count, count)
    table = table + table.T
    np.fill_diagonal(table, 0)
    table[table < _CONTACTS_MIN] = 0
    return table


def _distance_to_go(colour: Colours, other: Colours, *, is_lighter: bool, wanted: float) -> float:
    """Return the change of lightness after which a colour stands out from another."""
    step = _LIGHTNESS_STEP if is_lighter else -_LIGHTNESS_STEP
    shown = to_displayable(other[None])
    moved = 0.0
    while 0 <= colour[0] + moved <= 1:
        trial = colour.copy()
        trial[0] += moved
        if contrast_ratio(to_displayable(trial[None]), shown)[0] >= wanted:
            break
        moved += step
    return moved


def _paper_rows(edited: Colours, own: NDArray[np.bool_], entry: int, target: Colours) -> None:
    """Give the background's rows another colour; what is darker, in a shadow, stays darker."""
    colour = edited[entry].copy()
    if colour.min() > _LIGHT:
        edited[own] = (edited[own] / colour * target).clip(0, 1)
    else:
        edited[own] = (edited[own] + target - colour).clip(0, 1)


def _find_rows(pixels: Pixels, reading: Reading, *, is_to_have_paper: bool) -> _Rows:
    """Give each area's pixel, each unexplained pixel and each end of a mix its row.

    A transparent background that is to have paper gets an entry, with the colour it was made for.
    """
    scene = reading.scene
    keys, (first_keys, second_keys) = _keys(reading)
    count = len(scene.colours) * _ROLES
    counts = np.bincount(keys[keys >= 0], minlength=count)
    is_used = counts > 0
    for end_keys in (first_keys, second_keys):
        is_used[end_keys[end_keys >= 0]] = True
    if scene.own is not None and scene.is_clear and is_to_have_paper:
        is_used[scene.own * _ROLES + _GROUND] = True
    used = np.flatnonzero(is_used)
    if not used.size:
        used = np.zeros(1, dtype=np.intp)
    entry_of = np.zeros(count, dtype=np.intp)
    entry_of[used] = np.arange(len(used))
    has_row = scene.areas.covered.reshape(-1).copy()
    has_row[scene.edges.spots[scene.edges.errors > _UNEXPLAINED]] = True
    own = np.flatnonzero(has_row & (keys >= 0))
    distinct, places = _distinct(pixels.reshape(-1, 4)[own], entry_of[keys[own]])
    parts = [distinct >> 16 & 255, distinct >> 8 & 255, distinct & 255]
    colours = (np.stack(parts, axis=-1) / 255).astype(np.float32)
    if scene.is_noisy:
        # An edit of each shade of the noise would make more of it than an edit of what it is of.
        plain = _straight(scene.colours)[keys[own] // _ROLES]
        noise = _shown(pixels.reshape(-1, 4)[own]) - plain
        is_noise = np.abs(noise).max(axis=-1) <= _NOISE_MAX
        is_noise |= ~scene.areas.covered.reshape(-1)[own]
        places = np.where(is_noise, entry_of[keys[own]] - len(used), places)
    index = np.full(keys.size, -1, dtype=np.int32)
    index[own] = places + len(used)

    def rows_of(sources: NDArray[np.intp], end_keys: NDArray[np.intp]) -> NDArray[np.intp]:
        is_area = scene.areas.covered.reshape(-1)[sources]
        return np.where(is_area, index[sources], np.where(end_keys < 0, -1, entry_of[end_keys]))

    entry_colours = _straight(scene.colours[used // _ROLES])
    if is_to_have_paper and scene.is_clear:
        outlines = np.concatenate([first_keys[second_keys < 0], second_keys[first_keys < 0]])
        beside = np.bincount(outlines[outlines >= 0], minlength=count)[used] >= _CONTACTS_MIN
        is_clear = scene.colours[used // _ROLES, 3] < CLEAR_ALPHA
        entry_colours[is_clear] = _imagined_paper(entry_colours[beside])
    return _Rows(
        colours=np.concatenate([entry_colours, colours]),
        owner=np.concatenate([np.arange(len(used)), (distinct >> 24).astype(np.intp)]),
        keys=used,
        shares=(counts[used] / max(counts.sum(), 1)).astype(np.float32),
        own=own,
        index=index[own].astype(np.intp),
        first=rows_of(scene.edges.first_source, first_keys),
        second=rows_of(scene.edges.second_source, second_keys),
    )


def _imagined_paper(inks: Colours) -> Colours:
    """Return white or black: the one on which all of the inks can be read."""
    papers = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.float32)
    on_white, on_black = (
        float(contrast_ratio(inks, np.broadcast_to(paper, inks.shape)).min(initial=np.inf))
        for paper in papers
    )
    chosen: Colours = papers[int(on_black > on_white)]
    return chosen


def _keys(reading: Reading) -> tuple[NDArray[np.intp], tuple[NDArray[np.intp], ...]]:
    """Return class and role of each pixel, and of both ends of each edge; -1 where transparent."""
    scene = reading.scene
    role = np.where(reading.ground, _GROUND, np.where(reading.text, _TEXT, _PLAIN)).reshape(-1)
    cover = scene.cover.reshape(-1).astype(np.intp)
    is_clear = scene.colours[:, 3] < CLEAR_ALPHA
    keys = np.where(is_clear[cover], -1, cover * _ROLES + role)
    # A thin stroke's pixel is often covered by something else; what is near says what it is.
    near_ground = cv2.dilate(reading.ground.view(np.uint8), _NEIGHBOURS).reshape(-1) > 0
    near_text = cv2.dilate(reading.text.view(np.uint8), _LETTER_REACH).reshape(-1) > 0

    def keys_of(classes: NDArray[np.uint8], sources: NDArray[np.intp]) -> NDArray[np.intp]:
        chosen = classes.astype(np.intp)
        is_own = chosen == (-1 if scene.own is None else scene.own)
        nearby = np.where(
            is_own,
            np.where(near_ground[sources], _GROUND, _PLAIN),
            np.where(near_text[sources], _TEXT, _PLAIN),
        )
        roles = np.where(cover[sources] == chosen, role[sources], nearby)
        return np.where(is_clear[chosen], -1, chosen * _ROLES + roles)

    edges = scene.edges
    ends = (
        keys_of(edges.first, edges.first_source),
        keys_of(edges.second, edges.second_source),
    )
    return keys, ends


def _distinct(
    pixels: Pixels, entries: NDArray[np.intp]
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Return the distinct colours, with their entries above 24 bits, and each pixel's place."""
    wide = pixels.astype(np.int32)
    distinct, places = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.intp)
    for bits in _COARSER_BITS:
        plain = wide >> bits << bits
        codes = (plain[:, 0] << 16) | (plain[:, 1] << 8) | plain[:, 2]
        codes |= entries.astype(np.int32) << 24
        # Neighbours are mostly alike; sorting the runs is much less than sorting the pixels.
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        distinct, of_runs = np.unique(codes[starts], return_inverse=True)
        places = np.repeat(of_runs, np.diff(starts, append=len(codes)))
        if len(distinct) <= _ROWS_MAX:
            break
    return distinct, places


def _painted(pixels: Pixels, reading: Reading, rows: _Rows, edited: Colours) -> Pixels:
    result = pixels.reshape(-1, 4).copy()
    lookup = edited * 255
    if len(rows.colours) < _ROWS_MAX and not reading.scene.is_noisy:
        result[rows.own, :3] = (lookup + 0.5).clip(0, 255).astype(np.uint8)[rows.index]
    else:
        # Rows that stand for several colours are moved, not set, or gradients would break.
        rest = _shown(result[rows.own]) - rows.colours[rows.index]
        fading = (np.ptp(edited, axis=-1) + _SLACK) / (np.ptp(rows.colours, axis=-1) + _SLACK)
        rest = _faded(rest, fading.clip(0, 1)[rows.index, None])
        moved = (edited[rows.index] + rest) * 255
        result[rows.own, :3] = (moved + 0.5).clip(0, 255).astype(np.uint8)
    edges = reading.scene.edges
    is_changed = np.abs(edited - rows.colours).max(axis=-1) > _UNCHANGED
    touched = (rows.first >= 0) & is_changed[rows.first]
    touched |= (rows.second >= 0) & is_changed[rows.second]
    chosen = np.flatnonzero(touched & (edges.errors <= _UNEXPLAINED))
    if chosen.size:
        result[edges.spots[chosen]] = _mixed(
            result[edges.spots[chosen]], reading, rows, edited, chosen
        )
    return result.reshape(pixels.shape)


def _mixed(
    pixels: Pixels, reading: Reading, rows: _Rows, edited: Colours, chosen: NDArray[np.intp]
) -> Pixels:
    """Mix the edited ends of the chosen edges, and add what the mix of the old ones left."""
    part = reading.scene.edges.part[chosen, None]
    alphas = [end[chosen, 3:] for end in reading.scene.ends()]
    ends = [rows.first[chosen], rows.second[chosen]]
    before = [rows.colours[end] * alpha for end, alpha in zip(ends, alphas, strict=True)]
    after = [edited[end] * alpha for end, alpha in zip(ends, alphas, strict=True)]
    for end, old, new in zip(ends, before, after, strict=True):
        old[end < 0] = new[end < 0] = 0
    alpha = pixels[:, 3:].astype(np.float32) / 255
    mixed_alpha = np.maximum(alphas[0] * (1 - part) + alphas[1] * part, _ALPHA_MIN)
    scale = np.asarray(alpha / mixed_alpha, dtype=np.float32)
    explained = (before[0] * (1 - part) + before[1] * part) * scale
    rest = np.asarray(premultiplied(pixels)[:, :3] - explained, dtype=np.float32)
    contrast = np.linalg.norm(after[1] - after[0], axis=-1, keepdims=True) + _SLACK
    contrast /= np.linalg.norm(before[1] - before[0], axis=-1, keepdims=True) + _SLACK
    colourful = (_colourfulness(after) + _SLACK) / (_colourfulness(before) + _SLACK)
    rest = _faded(rest, colourful.clip(0, 1)) * contrast.clip(0, 1)
    mixed = (after[0] * (1 - part) + after[1] * part) * scale + rest
    plain = np.divide(mixed, alpha, out=np.zeros_like(mixed), where=alpha > 0)
    result = pixels.copy()
    result[:, :3] = (plain * 255 + 0.5).clip(0, 255).astype(np.uint8)
    return result


def _faded(rest: Colours, colourful: Colours) -> Colours:
    """Let a difference lose colour as what it is a difference from does."""
    grey = rest @ _LUMINANCE[:, None]
    faded: Colours = (grey + (rest - grey) * colourful).astype(np.float32)
    return faded


def _colourfulness(ends: list[Colours]) -> Colours:
    spread: Colours = np.maximum(np.ptp(ends[0], axis=-1), np.ptp(ends[1], axis=-1))[:, None]
    return spread


def _shown(pixels: Pixels) -> Colours:
    """Return the sRGB of pixels, without alpha."""
    return (pixels[:, :3] / np.float32(255)).astype(np.float32)


def _straight(planes: Planes) -> Colours:
    return (planes[:, :3] / np.maximum(planes[:, 3:], _ALPHA_MIN)).clip(0, 1).astype(np.float32)


def _on_paper(pixels: Pixels, target: Colours) -> Pixels:
    """Put a colour behind a transparent picture."""
    alpha = pixels[..., 3:].astype(np.float32) / 255
    mixed = pixels[..., :3] * alpha + target * 255 * (1 - alpha)
    colours = (mixed + 0.5).clip(0, 255).astype(np.uint8)
    return np.concatenate([colours, np.full_like(pixels[..., 3:], 255)], axis=-1)


def _paint_photo(
    pixels: Pixels, operations: tuple[ColourOperation, ...], kept: tuple[str, ...]
) -> Outcome:
    """Edit each distinct colour as a mix of two of the palette, which blends the operations."""
    palette = find_palette(pixels)
    mixes = unmix(pixels, palette)
    scene = ColourScene(
        rows=to_lch(
            to_lab(
                np.concatenate(
                    [
                        palette.colours,
                        (palette.colours[mixes.first] + mixes.rest).clip(0, 1),
                        (palette.colours[mixes.second] + mixes.rest).clip(0, 1),
                    ]
                )
            )
        ),
        owner=np.concatenate([np.arange(len(palette.colours)), mixes.first, mixes.second]),
        shares=palette.shares,
        background=palette.background,
        text=np.zeros(len(palette.colours), dtype=np.float32),
        kept=_kept(palette.colours, kept),
    )
    reasons = apply_colours(scene, operations, paper=None)
    edited = to_displayable(scene.rows)[len(palette.colours) :]
    count = len(mixes.distinct)
    blended = mix(edited[:count], edited[count:], mixes.part)
    lookup = (blended * 255 + 0.5).clip(0, 255).astype(np.uint8)
    painted = np.concatenate([lookup[mixes.index], pixels[..., 3:]], axis=-1)
    return Outcome(pixels=painted, reasons=reasons)
