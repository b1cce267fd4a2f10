"""Applies colour operations to a picture: to its palette, and through it to every pixel.

Each distinct colour is a mix of two palette entries; both ends are edited as their entry is, and
mixed again. An operation sees rows of OKLCH colours and how much each row is its concern.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import (
    Colours,
    Weights,
    contrast_ratio,
    from_lch,
    membership,
    named,
    ramp,
    to_displayable,
    to_lab,
    to_lch,
)
from services.refinement.engines.local.colour_scene import (
    MEMBER,
    SHARE_MIN,
    ColourScene,
    NotApplicable,
)
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.operations import (
    Contrast,
    Lightness,
    Look,
    Recolour,
    Replace,
    Saturation,
    Shades,
    Warmth,
)
from services.refinement.engines.local.palette import (
    Palette,
    Pixels,
    find_palette,
    mix,
    unmix,
)

ColourOperation: TypeAlias = (
    Lightness | Saturation | Warmth | Contrast | Recolour | Shades | Replace | Look
)

CHANGES_NOTHING: Final = "it changes nothing in this picture"

# Lightness moves towards these, and never arrives.
_LIGHTEST: Final = 0.95
_DARKEST: Final = 0.1
_LIGHTNESS_RATE: Final = 0.45
_SHADES_RATE: Final = 1.25
_PAPER: Final = 0.85
_NIGHT: Final = 0.25
_BACKGROUND_WEIGHT: Final = 0.2
_HUE_PER_LIGHTNESS: Final = 70.0
_SATURATION_RATE: Final = 0.36
_WARM: Final = np.array([0.0, 0.010, 0.031], dtype=np.float32)
_CONTRAST_RATE: Final = 0.32
_MIDDLE: Final = 0.58
_CHROMATIC: Final = 0.03
_FAMILY_SHARE_MIN: Final = 0.04
_VISIBLE_CHANGE: Final = 0.006
# The contrasts that WCAG asks of large shapes and of text; text has a small share of a picture.
_LEGIBLE_SHAPE: Final = 3.0
_LEGIBLE_TEXT: Final = 4.5
_TEXT_SHARE_MAX: Final = 0.08
_LIGHTNESS_STEP: Final = 0.02


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The edited pixels, and for each operation None or the reason it was not applied."""

    pixels: Pixels
    reasons: tuple[str | None, ...]


def edit_colours(
    pixels: Pixels,
    operations: tuple[ColourOperation, ...],
    *,
    kept: tuple[str, ...] = (),
    paper: str | None = None,
) -> Outcome:
    """Apply operations in order; alpha stays, and colours of the `kept` families too.

    `paper` is the colour that the background is going to have, if not the one it has now.
    """
    palette = find_palette(pixels)
    mixes = unmix(pixels, palette)
    ends = (palette.colours[mixes.first] + mixes.rest, palette.colours[mixes.second] + mixes.rest)
    rows = to_lch(to_lab(np.concatenate([palette.colours, *ends]).clip(0, 1)))
    owner = np.concatenate([np.arange(len(palette.colours)), mixes.first, mixes.second])
    scene = ColourScene(
        rows=rows,
        owner=owner,
        shares=palette.shares,
        background=palette.background,
        text=np.zeros(len(palette.colours), dtype=np.float32),
        kept=_kept(palette, kept),
    )
    reasons = apply_colours(scene, operations, paper=None if paper is None else named(paper))
    edited = to_displayable(scene.rows)[len(palette.colours) :]
    count = len(mixes.distinct)
    blended = mix(edited[:count], edited[count:], mixes.part)
    lookup = (blended * 255 + 0.5).clip(0, 255).astype(np.uint8)
    result = np.concatenate([lookup[mixes.index], pixels[..., 3:]], axis=-1)
    return Outcome(pixels=result, reasons=reasons)


def apply_colours(
    scene: ColourScene, operations: tuple[ColourOperation, ...], *, paper: Colours | None
) -> tuple[str | None, ...]:
    """Edit a scene's rows by operations in order, then keep its ink legible.

    Args:
        scene: its `rows` are replaced.
        operations: what to do.
        paper: the OKLCH colour (three numbers) that the background is going to have, if another.

    Returns:
        For each operation None, or the reason it was not applied.
    """
    before = scene.entries.copy()
    reasons = tuple(_apply(scene, operation) for operation in operations)
    _keep_legible(scene, before, paper)
    return reasons


def _kept(palette: Palette, families: tuple[str, ...]) -> Weights:
    entries = to_lch(to_lab(palette.colours))
    kept = np.zeros(len(entries), dtype=np.float32)
    for family in families:
        kept = np.maximum(kept, membership(entries, family))
    return kept


def _apply(scene: ColourScene, operation: ColourOperation) -> str | None:
    """Apply one operation, or return why it does not apply."""
    before = scene.rows
    try:
        after, members = _edited(scene, operation)
    except NotApplicable as refusal:
        return refusal.reason
    weight = (members * (1 - scene.kept))[scene.owner, None]
    # Between two hues lies grey, so partial members are mixed in OKLab and not around the wheel.
    start, end = from_lch(before), from_lch(after)
    scene.rows = to_lch(start + (end - start) * weight)
    is_visible = np.abs(from_lch(scene.rows) - start).max() >= _VISIBLE_CHANGE
    return None if is_visible else CHANGES_NOTHING


def _edited(scene: ColourScene, operation: ColourOperation) -> tuple[Colours, Weights]:
    """Return the rows as they would become, and how much each palette entry is concerned."""
    match operation:
        case Recolour(colours=colours):
            return _recolour(scene, colours)
        case Shades(colour=colour, amount=amount):
            return _shades(scene, colour, amount)
        case Replace(source=source, target=target):
            members = scene.members(source)
            return _towards(scene, members, named(target)), members
        case _:
            return _adjusted(scene, operation)


def _adjusted(
    scene: ColourScene, operation: Lightness | Saturation | Warmth | Contrast | Look
) -> tuple[Colours, Weights]:
    rows = scene.rows
    match operation:
        case Lightness(amount=amount, scope=scope):
            return _lighten(rows, amount), _lit(scene, scope, amount)
        case Saturation(amount=amount, scope=scope):
            return _saturate(rows, amount), scene.members(scope)
        case Warmth(amount=amount, scope=scope):
            return _warm(rows, amount), scene.members(scope)
        case Contrast(amount=amount):
            return _spread(rows, amount), scene.members(None)
        case Look(look=look):
            return _LOOKS[look](rows), scene.members(None)


def _lit(scene: ColourScene, scope: str | None, amount: float) -> Weights:
    """Spare paper that is to be darker, and night that is to be lighter: the ink is meant."""
    members = scene.members(scope)
    background = scene.background
    if scope is None and background is not None and len(members) > 1:
        lightness = scene.entries[background, 0]
        if (amount < 0 and lightness > _PAPER) or (amount > 0 and lightness < _NIGHT):
            members[background] = _BACKGROUND_WEIGHT
    return members


def _lighten(rows: Colours, amount: float) -> Colours:
    edited = rows.copy()
    lightness, hue = rows[:, 0], rows[:, 2]
    step = 1 - np.exp(-_LIGHTNESS_RATE * abs(amount))
    if amount > 0:
        change = np.maximum(_LIGHTEST - lightness, 0) * step
        drifting = ramp(hue, 5, 25) * (1 - ramp(hue, 68, 90))
    else:
        change = np.minimum(_DARKEST - lightness, 0) * step
        drifting = ramp(hue, 40, 60) * (1 - ramp(hue, 105, 120))
    edited[:, 0] = lightness + change
    # A brown that only gets lighter turns pink, a yellow that only gets darker turns green.
    edited[:, 2] = hue + _HUE_PER_LIGHTNESS * change * drifting
    # Nothing very light or very dark is very colourful.
    edited[:, 1] *= 1 - 0.35 * ramp(edited[:, 0], 0.8, 1.0) * ramp(np.abs(change), 0, 0.1)
    return edited


def _saturate(rows: Colours, amount: float) -> Colours:
    edited = rows.copy()
    factor = 1 + _SATURATION_RATE * amount if amount > 0 else np.exp(0.75 * amount)
    # What is grey stays grey: a hue of rounding errors is no hue.
    factors = 1 + (factor - 1) * (ramp(rows[:, 1], 0.004, 0.02) if amount > 0 else 1.0)
    edited[:, 1] *= factors
    return edited


def _warm(rows: Colours, amount: float) -> Colours:
    lab = from_lch(rows)
    # Paper white and ink black stay what they are.
    strength = 1 - ramp(rows[:, 0], 0.93, 0.99) * (1 - ramp(rows[:, 1], 0.01, 0.04))
    strength *= ramp(rows[:, 0], 0.02, 0.25)
    return to_lch(lab + amount * strength[:, None] * _WARM)


def _spread(rows: Colours, amount: float) -> Colours:
    edited = rows.copy()
    factor = max(1 + _CONTRAST_RATE * amount, 0.3)
    edited[:, 0] = (_MIDDLE + (rows[:, 0] - _MIDDLE) * factor).clip(0.04, 1)
    return edited


def _grey(rows: Colours) -> Colours:
    edited = rows.copy()
    edited[:, 1] = 0
    return edited


def _black_and_white(rows: Colours) -> Colours:
    edited = _grey(rows)
    edited[:, 0] = ramp(rows[:, 0], 0.5, 0.74)
    return edited


def _pastel(rows: Colours) -> Colours:
    edited = rows.copy()
    colourful = ramp(rows[:, 1], 0.01, 0.05)
    edited[:, 0] += ((0.66 + 0.27 * rows[:, 0]).clip(0, 0.93) - rows[:, 0]).clip(0) * (
        0.35 + 0.65 * colourful
    )
    edited[:, 1] = np.minimum(rows[:, 1] * 0.75, 0.085)
    return edited


def _sepia(rows: Colours) -> Colours:
    edited = rows.copy()
    edited[:, 1] = 0.058 * (1 - np.abs(rows[:, 0] - 0.55) / 0.62).clip(0.12, 1)
    edited[:, 2] = 68
    edited[:, 0] = 0.06 + rows[:, 0] * 0.91
    return edited


def _invert(rows: Colours) -> Colours:
    edited = rows.copy()
    edited[:, 0] = 1 - rows[:, 0]
    edited[:, 2] = (rows[:, 2] + 180) % 360
    return edited


_LOOKS: Final[dict[str, Callable[[Colours], Colours]]] = {
    "grayscale": _grey,
    "black_and_white": _black_and_white,
    "pastel": _pastel,
    "sepia": _sepia,
    "invert": _invert,
}


def _subject(scene: ColourScene) -> Weights:
    """Return the entries that carry the logo's colour: the colourful ones, or else all ink."""
    colourful = ramp(scene.entries[:, 1], _CHROMATIC * 0.6, _CHROMATIC * 1.3)
    foreground = scene.foreground()
    ink = colourful * foreground
    if scene.share_of(ink) >= SHARE_MIN:
        return ink
    if scene.share_of(colourful) >= SHARE_MIN:
        return colourful
    if foreground.any():
        return foreground.astype(np.float32) * (1 - ramp(scene.entries[:, 0], 0.9, 0.97))
    return np.ones(len(scene.entries), dtype=np.float32)


def _towards(scene: ColourScene, members: Weights, target: Colours) -> Colours:
    """Move members to a colour: its hue and chroma, its lightness on average."""
    edited = scene.rows.copy()
    concerned = scene.shares * members
    total = max(float(concerned.sum()), 1e-6)
    lightness = float((scene.entries[:, 0] * concerned).sum()) / total
    chroma = max(float((scene.entries[:, 1] * concerned).sum()) / total, 0.02)
    spread = 0.8 if target[1] >= _CHROMATIC else 0.5
    edited[:, 0] = (target[0] + (scene.rows[:, 0] - lightness) * spread).clip(0.05, 0.99)
    edited[:, 1] = target[1] * (scene.rows[:, 1] / chroma).clip(0.5, 1.1)
    edited[:, 2] = target[2]
    return edited


def _recolour(scene: ColourScene, colours: tuple[str, ...]) -> tuple[Colours, Weights]:
    members = _subject(scene)
    targets = sorted((named(colour) for colour in colours), key=lambda target: float(target[0]))
    if len(targets) == 1:
        return _towards(scene, members, targets[0]), members
    edited = scene.rows.copy()
    for place, group in enumerate(_groups(scene, members, targets)):
        share = members * group
        moved = _towards(scene, share, targets[place])
        own = group[scene.owner]
        edited[own] = moved[own]
    return edited, members


def _groups(
    scene: ColourScene, members: Weights, targets: list[Colours]
) -> list[NDArray[np.bool_]]:
    """Deal the members out to the targets, dark to dark and light to light."""
    lightness = scene.entries[:, 0]
    own = members > MEMBER
    if not own.any():
        raise NotApplicable(reason="there is nothing to colour in the picture")
    low, high = lightness[own].min(), lightness[own].max()
    place = (lightness - low) / max(float(high - low), 1e-6)
    reach = np.linspace(0, 1, len(targets), dtype=np.float32)
    nearest = np.abs(place[:, None] - reach[None]).argmin(axis=1)
    return [nearest == index for index in range(len(targets))]


def _shades(scene: ColourScene, colour: str, amount: float) -> tuple[Colours, Weights]:
    """Lighten or darken what is already in the colour; a logo that is not gets coloured first."""
    members = membership(scene.entries, family_of(colour)) * scene.foreground()
    rate = amount * _SHADES_RATE
    if scene.share_of(members) >= _FAMILY_SHARE_MIN:
        return _lighten(scene.rows, rate), members
    subject = _subject(scene)
    return _lighten(_towards(scene, subject, named(colour)), rate), subject


def _keep_legible(scene: ColourScene, original: Colours, paper: Colours | None) -> None:
    """Move ink away from the background where it could be read before and no longer can."""
    background = scene.background
    if background is None:
        return
    shown = to_displayable(original)
    before = contrast_ratio(shown, shown[background])
    ground = scene.entries[background : background + 1] if paper is None else paper[None]
    away = -_LIGHTNESS_STEP if ground[0, 0] > _MIDDLE else _LIGHTNESS_STEP
    wanted = np.where(
        (before >= _LEGIBLE_TEXT) & (scene.shares < _TEXT_SHARE_MAX),
        _LEGIBLE_TEXT,
        _LEGIBLE_SHAPE,
    )
    for entry in np.flatnonzero((before >= _LEGIBLE_SHAPE) & (scene.kept < MEMBER)):
        own = scene.owner == entry
        colour = scene.entries[entry : entry + 1].copy()
        moved = 0.0
        while 0 < colour[0, 0] + moved < 1:
            trial = colour.copy()
            trial[0, 0] += moved
            if contrast_ratio(to_displayable(trial), to_displayable(ground))[0] >= wanted[entry]:
                break
            moved += away
        scene.rows[own, 0] += moved
