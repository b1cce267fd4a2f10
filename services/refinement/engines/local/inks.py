"""Treatments that leave few inks: one colour in its shades, two colours, or black and white."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.refinement.engines.local.colour import (
    Colours,
    contrast_ratio,
    from_lch,
    named,
    ramp,
    to_displayable,
)
from services.refinement.engines.local.colour_scene import MEMBER, ColourScene
from services.refinement.engines.local.legibility import LEGIBLE_SHAPE
from services.refinement.engines.local.recolouring import (
    STANDS_OUT,
    Edit,
    darkest_first,
    distances_to,
    groups_of,
    ink_of,
    subject_of,
)
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.sides import sides_apart
from services.refinement.engines.local.toning import shaded

_CHROMATIC: Final = 0.03
_MAIN_FOLLOWS: Final = 0.8
_MAIN_RANGE: Final = (0.16, 0.9)
_TINT_POWER: Final = 0.75
_NEAR_PAPER: Final = 0.2
_LIGHT_PAPER: Final = 0.75
_WHITE: Final = np.array([1.0, 0.0, 0.0], dtype=np.float32)
_BLACK: Final = np.array([0.0, 0.0, 0.0], dtype=np.float32)
_EVEN_SPLIT: Final = 0.6
# Splits are judged by what can be read, then by lettering, then by how clear they are.
_LEGIBLE_WORTH: Final = 10.0
_LETTERING_WORTH: Final = 4.0
_VISIBLE_WORTH: Final = 0.6


def monochrome(scene: ColourScene, colour: str | None) -> Edit:
    """Paint everything in shades of one colour; white stays white, black becomes its darkest."""
    colourful = scene.shares * ramp(scene.entries[:, 1], 0.03, 0.06)
    concerned = colourful if colourful.any() else scene.shares * subject_of(scene)
    main = scene.entries[int(concerned.argmax())]
    if colour is None and main[1] < _CHROMATIC:
        raise NotApplicable(reason="there is no colour in the picture to make shades of")
    target = main if colour is None else named(colour)
    follows = main[0] + _MAIN_FOLLOWS * (target[0] - main[0])
    follows = float(np.clip(follows, *_MAIN_RANGE)) if colour is not None else float(main[0])
    lightness = np.interp(
        scene.rows[:, 0], [0, max(float(main[0]), 0.02), 1], [0, follows, 1]
    ).astype(np.float32)
    painted = shaded(np.tile(target, (len(scene.rows), 1)).astype(np.float32), lightness)
    tint = ((1 - lightness) / max(1 - float(target[0]), 0.05)).clip(0, 1) ** _TINT_POWER
    painted[:, 1] *= tint
    if scene.background is not None:
        # A shadow is its paper with less light: it has no more colour than that.
        shade = np.flatnonzero(scene.owner == scene.background)
        paper = painted[scene.background].copy()
        lit = lightness[shade] / max(float(paper[0]), 0.02)
        painted[shade, 1] = np.minimum(painted[shade, 1], paper[1] * lit.clip(0, 1))
    return painted, scene.everything()


def duotone(scene: ColourScene, colours: tuple[str, str], ground: Colours) -> Edit:
    """Paint flat in two colours; where neither is near light paper, both are ink on white."""
    targets = [named(colour) for colour in colours]
    distances = distances_to(targets, ground)
    paper = int(np.argmin(distances))
    is_near = distances[paper] <= _NEAR_PAPER or ground[0, 0] < _LIGHT_PAPER
    if scene.background is not None and is_near:
        is_light = light_side(scene)
        is_paper = is_light == is_light[scene.background]
        return _flat(scene, np.where(is_paper[:, None], targets[paper], targets[1 - paper]))
    flat = np.tile(_WHITE, (len(scene.shares), 1))
    ink = ink_of(scene)
    groups = groups_of(scene, ink, targets)
    for group, target in zip(groups, darkest_first(targets[: len(groups)]), strict=True):
        flat[group & (ink > MEMBER)] = target
    return _flat(scene, flat)


def black_and_white(scene: ColourScene) -> Edit:
    """Paint flat in pure black and pure white, neighbours in different ones where that can be."""
    sides = sides_apart(scene)
    is_light = light_side(scene) if sides is None else sides
    return _flat(scene, np.where(is_light[:, None], _WHITE, _BLACK))


def light_side(scene: ColourScene) -> NDArray[np.bool_]:
    """Split the entries by lightness at the clearest gap, and say which are on the light side.

    Ink that can be read on the background stays on the other side of it, and other lettering of
    the largest shape, as far as one split can do that.
    """
    lightness = scene.entries[:, 0]
    levels = np.unique(lightness)
    if levels.size == 1:
        return lightness > _EVEN_SPLIT
    splits = (levels[1:] + levels[:-1]) / 2
    sides = lightness[:, None] > splits[None]
    worth = np.diff(levels)
    lettering = (scene.text > MEMBER) & scene.foreground()
    if scene.background is not None:
        legible, visible = _standing_out(scene, scene.background)
        against = sides != sides[scene.background]
        weights = (0.02 + scene.shares + 0.5 * lettering) * legible
        worth = worth + _LEGIBLE_WORTH * (weights @ against) / max(float(weights.sum()), 1e-6)
        seen = scene.shares * visible
        seen = np.sqrt(seen / max(float(seen.sum()), 1e-6))
        worth = worth + _VISIBLE_WORTH * (seen @ against)
        lettering &= ~legible
    if lettering.any():
        shape = int((scene.shares * scene.foreground() * ~lettering).argmax())
        worth = worth + _LETTERING_WORTH * (sides != sides[shape])[lettering].mean(axis=0)
    is_light: NDArray[np.bool_] = lightness > splits[int(worth.argmax())]
    return is_light


def _standing_out(
    scene: ColourScene, background: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which entries can be read on the background, and which can be seen on it at all."""
    shown, lab = to_displayable(scene.entries), from_lch(scene.entries)
    legible = contrast_ratio(shown, shown[background]) >= LEGIBLE_SHAPE
    visible = np.linalg.norm(lab - lab[background], axis=-1) >= STANDS_OUT
    return legible, visible


def _flat(scene: ColourScene, colours: Colours) -> Edit:
    """Give all rows of an entry its colour."""
    return colours[scene.owner].astype(np.float32), scene.everything()
