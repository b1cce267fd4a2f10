"""Gives a picture new colours: its colours as rows of entries, edited, and painted back.

An area's pixel has a row. What lies between the areas is painted as the same mix of two rows that
it was before; what the mix leaves unexplained is kept, as far as the two colours still differ.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

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
from services.refinement.engines.local.colour_scene import MEMBER, ColourScene
from services.refinement.engines.local.edits import (
    BLACK_AND_WHITE,
    ColourOperation,
    apply_colours,
)
from services.refinement.engines.local.entries import (
    ALPHA_MIN,
    CONTACTS_MIN,
    GROUND,
    ROLES,
    ROWS_MAX,
    TEXT,
    UNEXPLAINED,
    Rows,
    find_rows,
    shown,
)
from services.refinement.engines.local.keylines import with_keylines
from services.refinement.engines.local.palette import Pixels, find_palette, mix, unmix
from services.refinement.engines.local.planes import premultiplied, straight
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.sides import differences

_LIGHT: Final = 0.2
_UNCHANGED: Final = 1e-4
_LEGIBLE_TEXT: Final = 3.0
_TOLD_APART: Final = 1.4
_LIGHTNESS_STEP: Final = 0.02
_SLACK: Final = 0.02
_HALF: Final = 0.5
_TO_BE_TOLD_APART: Final = 0.12
_LUMINANCE: Final = np.array([0.3, 0.59, 0.11], dtype=np.float32)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The painted pixels, and for each operation None or the reason it was not applied."""

    pixels: Pixels
    reasons: tuple[str | None, ...]


def paint(
    pixels: Pixels,
    reading: Reading | None,
    operations: tuple[ColourOperation, ...],
    *,
    kept: tuple[str, ...] = (),
    paper: str | None = None,
) -> Outcome:
    """Apply colour operations in order; alpha stays, and what is `kept` too.

    Args:
        pixels: RGBA.
        reading: what the pixels were read as; None for a photo, which is painted pixel by pixel.
        operations: what to do.
        kept: what stays: families of colours, `text`, `background`.
        paper: the colour that the background gets, by name; None to leave it.
    """
    if reading is None:
        return _paint_photo(pixels, operations, kept)
    if reading.scene.is_noisy:
        pixels = straight(reading.scene.planes)
    rows = find_rows(pixels, reading, is_to_have_paper=paper is not None)
    keys = rows.keys
    contacts = _contacts(rows, len(keys))
    ground = -1 if reading.scene.own is None else reading.scene.own * ROLES + GROUND
    background = np.flatnonzero(keys == ground)
    entry = int(background[0]) if background.size else None
    scene = ColourScene(
        rows=to_lch(to_lab(rows.colours)),
        owner=rows.owner,
        shares=rows.shares,
        background=entry,
        text=(keys % ROLES == TEXT).astype(np.float32),
        kept=np.maximum.reduce(
            [
                _kept(rows.colours[: len(keys)], kept),
                (keys % ROLES == TEXT) * np.float32("text" in kept),
                (keys % ROLES == GROUND) * np.float32("background" in kept),
            ]
        ),
        contacts=contacts,
    )
    before = scene.entries.copy()
    reasons = apply_colours(scene, operations, paper=None if paper is None else named(paper))
    is_flat = BLACK_AND_WHITE in operations
    if not is_flat:
        _keep_inner_contrast(scene, rows, is_only_paper=not operations)
    edited = to_displayable(scene.rows)
    if paper is not None and entry is not None and not reading.scene.is_clear:
        _paper_rows(edited, rows.owner == entry, entry, to_displayable(named(paper)[None])[0])
    painted = _painted(pixels, reading, rows, edited)
    if is_flat:
        painted = _with_lines(painted, reading, rows, before, scene)
        if operations == (BLACK_AND_WHITE,) and not kept and paper is None:
            painted = _without_colour(painted)
    if paper is not None and reading.scene.is_clear:
        painted = _on_paper(painted, to_displayable(named(paper)[None])[0])
    return Outcome(pixels=painted, reasons=reasons)


def _kept(entries: Colours, families: tuple[str, ...]) -> Weights:
    lch = to_lch(to_lab(entries))
    kept = np.zeros(len(lch), dtype=np.float32)
    for family in set(families) - {"text", "background"}:
        kept = np.maximum(kept, membership(lch, family))
    return kept


def _keep_inner_contrast(scene: ColourScene, rows: Rows, *, is_only_paper: bool) -> None:
    """Judge what does not touch the background by what it touches.

    It was moved to stand out from a background that is not beside it.
    """
    count = len(rows.keys)
    apart = _opaque_contacts(scene, count)
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
        is_lighter = bool(before[entry, 0] > before[neighbour, 0])
        _stand_out(scene, entry, neighbour, is_lighter=is_lighter, wanted=wanted)
        if scene.text[entry] > 0:
            # White letters cannot get whiter: then what they stand on has to give way.
            _stand_out(scene, neighbour, entry, is_lighter=not is_lighter, wanted=wanted)


def _stand_out(
    scene: ColourScene, entry: int, other: int, *, is_lighter: bool, wanted: float
) -> None:
    """Move an entry's lightness until it stands out from another as it should."""
    if scene.kept[entry] >= MEMBER:
        return
    own = scene.owner == entry
    scene.rows[own, 0] += _distance_to_go(
        scene.rows[entry], scene.rows[other], is_lighter=is_lighter, wanted=wanted
    )
    scene.rows[own, 0] = scene.rows[own, 0].clip(0, 1)


def _contacts(rows: Rows, count: int) -> NDArray[np.intp]:
    """Count the edges between each two entries; the last row is what is transparent."""
    first, second = (
        np.where(ends < 0, count, rows.owner[ends]) for ends in (rows.first, rows.second)
    )
    size = count + 1
    table = np.bincount(first * size + second, minlength=size * size).reshape(size, size)
    table = table + table.T
    np.fill_diagonal(table, 0)
    table[table < CONTACTS_MIN] = 0
    return table


def _opaque_contacts(scene: ColourScene, count: int) -> NDArray[np.intp]:
    """Count the edges between each two entries, what is transparent being the background's."""
    assert scene.contacts is not None
    table = scene.contacts[:count, :count].copy()
    clear = 0 if scene.background is None else scene.background
    table[clear] += scene.contacts[count, :count]
    table[:, clear] += scene.contacts[:count, count]
    np.fill_diagonal(table, 0)
    return table


def _with_lines(
    pixels: Pixels, reading: Reading, rows: Rows, before: Colours, scene: ColourScene
) -> Pixels:
    """Draw a line between shapes that became one colour and had clearly different ones."""
    paper = np.array([[1, 0, 0]], dtype=np.float32)
    is_light = np.append(scene.entries[:, 0], np.float32(1)) > _HALF
    joined = differences(np.concatenate([before, paper])) > _TO_BE_TOLD_APART
    joined &= is_light[:, None] == is_light[None]
    lettering = np.flatnonzero(scene.text > MEMBER)
    joined[lettering] = joined[:, lettering] = False
    return with_keylines(pixels, reading, rows, joined, is_light)


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


def _painted(pixels: Pixels, reading: Reading, rows: Rows, edited: Colours) -> Pixels:
    result = pixels.reshape(-1, 4).copy()
    lookup = edited * 255
    if len(rows.colours) < ROWS_MAX and not reading.scene.is_noisy:
        result[rows.own, :3] = (lookup + 0.5).clip(0, 255).astype(np.uint8)[rows.index]
    else:
        # Rows that stand for several colours are moved, not set, or gradients would break.
        rest = shown(result[rows.own]) - rows.colours[rows.index]
        fading = (np.ptp(edited, axis=-1) + _SLACK) / (np.ptp(rows.colours, axis=-1) + _SLACK)
        rest = _faded(rest, fading.clip(0, 1)[rows.index, None])
        moved = (edited[rows.index] + rest) * 255
        result[rows.own, :3] = (moved + 0.5).clip(0, 255).astype(np.uint8)
    edges = reading.scene.edges
    is_changed = np.abs(edited - rows.colours).max(axis=-1) > _UNCHANGED
    touched = (rows.first >= 0) & is_changed[rows.first]
    touched |= (rows.second >= 0) & is_changed[rows.second]
    chosen = np.flatnonzero(touched & (edges.errors <= UNEXPLAINED))
    if chosen.size:
        result[edges.spots[chosen]] = _mixed(
            result[edges.spots[chosen]], reading, rows, edited, chosen
        )
    return result.reshape(pixels.shape)


def _mixed(
    pixels: Pixels, reading: Reading, rows: Rows, edited: Colours, chosen: NDArray[np.intp]
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
    mixed_alpha = np.maximum(alphas[0] * (1 - part) + alphas[1] * part, ALPHA_MIN)
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


def _without_colour(pixels: Pixels) -> Pixels:
    """Turn what soft edges have left of the old colours grey."""
    grey = (pixels[..., :3] @ _LUMINANCE + _HALF).astype(np.uint8)
    return np.concatenate([np.repeat(grey[..., None], 3, axis=-1), pixels[..., 3:]], axis=-1)


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
