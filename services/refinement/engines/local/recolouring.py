"""Gives a logo other colours: which entries carry its colour, and what each of them becomes.

Every function returns the rows as they would become, and how much each entry is concerned.
"""

from typing import Final, TypeAlias

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
)
from services.refinement.engines.local.colour_scene import (
    MEMBER,
    SHARE_MIN,
    ColourScene,
)
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.strict import strictly
from services.refinement.engines.local.toning import lightened, shaded

Edit: TypeAlias = tuple[Colours, Weights]

_CHROMATIC: Final = 0.03
_FAMILY_SHARE_MIN: Final = 0.04
_SHADES_RATE: Final = 1.25
_LIGHT_GROUND: Final = 0.6
_SAME_AS_GROUND: Final = 0.04
# Differences in lightness that stay, of colours and of white and black.
_SPREAD: Final = 0.8
_NEUTRAL_SPREAD: Final = 0.5
_WHITE_FROM: Final = 0.93
_BLACK_TO: Final = 0.25
_DARKEST: Final = 0.06
_LIGHTEST: Final = 0.985
# A target this near the paper is there already, and only shapes on other shapes take it.
_PAPER_DISTANCE: Final = 0.12
_ON_PAPER_CONTRAST: Final = 2.0
# This far from the background in OKLab, a shape stands on it; nearer ones lie inside others.
STANDS_OUT: Final = 0.17
_ANOTHER_GROUND: Final = 0.3
_HALF: Final = 0.5
_LIGHTNESS_MATTERS: Final = 1.25
_SAME_COLOUR: Final = 0.03
_TEXT_STANDS_OUT: Final = 0.03


def recoloured(
    scene: ColourScene, colours: tuple[str, ...], scope: str | None, ground: Colours
) -> Edit:
    """Colour the logo, or what `scope` says, dark in the dark targets and light in the light ones.

    Args:
        scene: the colours as they are.
        colours: names of the table, or `#rrggbb`, the main one first.
        scope: as in `operations`.
        ground: 1 x 3, OKLCH, what the logo is going to be seen on.
    """
    targets = [named(colour) for colour in dict.fromkeys(colours)]
    members = _concerned(scene, scope, targets)
    if scope in (None, "foreground") and len(targets) > 1:
        return _dealt(scene, members, targets, ground), members
    edited = _grouped(scene, members, targets)
    if scope is None and len(targets) == 1 and _trades_places(scene, targets[0], ground):
        gaps = (scene.foreground() & ~(members > MEMBER)) & (
            scene.ground() | (_whiteness(scene.entries) > _HALF)
        )
        inside = gaps[scene.owner]
        edited[inside] = ground
        members = np.where(gaps, 1, members).astype(np.float32)
    return edited, members


def replaced(scene: ColourScene, source: str, target: str) -> Edit:
    """Turn one family, strictly, into a colour, with its differences in lightness."""
    members = decided(scene.members(source))
    members = strictly(scene.entries, scene.shares, members, source)
    return towards(scene, members, named(target)), members


def in_shades(scene: ColourScene, colour: str, amount: float) -> Edit:
    """Lighten or darken what is already in the colour; a logo that is not gets coloured first."""
    members = decided(membership(scene.entries, family_of(colour)) * scene.foreground())
    rate = amount * _SHADES_RATE
    if scene.share_of(members) >= _FAMILY_SHARE_MIN:
        return lightened(scene.rows, rate), members
    subject = subject_of(scene)
    return lightened(towards(scene, subject, named(colour)), rate), subject


def subject_of(scene: ColourScene) -> Weights:
    """Return the entries that carry the logo's colour: the colourful ones, or else all ink.

    A tile of colour under white ink is the subject although it is the background.
    """
    colourful = ramp(scene.entries[:, 1], _CHROMATIC * 0.6, _CHROMATIC * 1.3)
    ink = ink_of(scene)
    colourful_ink = decided(colourful * ink)
    if scene.share_of(colourful_ink) >= SHARE_MIN:
        return colourful_ink
    whiteness = scene.share_of(scene.foreground() * _whiteness(scene.entries))
    if scene.share_of(colourful) >= SHARE_MIN and whiteness >= SHARE_MIN:
        return decided(colourful)
    return ink


def ink_of(scene: ColourScene) -> Weights:
    """Return the foreground without what is paper in it: white parts, and gaps in the logo."""
    foreground = scene.foreground().astype(np.float32)
    ink = foreground
    ground = None if scene.background is None else scene.entries[scene.background]
    if ground is None or ground[0] > _LIGHT_GROUND:
        ink = foreground * (1 - _whiteness(scene.entries))
    if ground is not None:
        distance = np.linalg.norm(from_lch(scene.entries) - from_lch(ground), axis=-1)
        ink = ink * ramp(distance, _SAME_AS_GROUND / 2, _SAME_AS_GROUND)
    return ink if scene.share_of(ink) >= SHARE_MIN else foreground


def decided(members: Weights) -> Weights:
    """Make up one's mind about half-members: halves of two colours are mud."""
    return ramp(members, MEMBER, 0.65)


def towards(scene: ColourScene, members: Weights, target: Colours) -> Colours:
    """Move members to a colour; the largest becomes it exactly, the others lighter or darker."""
    concerned = scene.shares * members
    if not concerned.any():
        return scene.rows
    anchor = scene.entries[int(concerned.argmax())]
    is_neutral = target[1] < _CHROMATIC
    offset = (scene.rows[:, 0] - anchor[0]) * (_NEUTRAL_SPREAD if is_neutral else _SPREAD)
    if is_neutral:
        # Letters in white or black are white or black.
        offset = np.where(scene.text[scene.owner] > MEMBER, 0, offset)
    painted = np.tile(target, (len(scene.rows), 1)).astype(np.float32)
    if anchor[1] >= _CHROMATIC and not is_neutral:
        painted[:, 1] *= (scene.rows[:, 1] / anchor[1]).clip(0.75, 1.15)
    return shaded(painted, _placed(float(target[0]), offset, is_neutral=is_neutral))


def _trades_places(scene: ColourScene, target: Colours, ground: Colours) -> bool:
    """Say whether the logo takes the old background's colour on a new one: a knock-out.

    Gaps that showed the old background then show the new one.
    """
    if scene.background is None:
        return False
    old = scene.entries[scene.background][None]
    return (
        distances_to([target], old)[0] < _PAPER_DISTANCE
        and distances_to([ground[0]], old)[0] >= _ANOTHER_GROUND
    )


def _whiteness(entries: Colours) -> Weights:
    """Say how much each colour is white, cream included."""
    return ramp(entries[:, 0], 0.9, 0.97) * (1 - ramp(entries[:, 1], 0.02, 0.05))


def _placed(
    lightness: float, offset: NDArray[np.float32], *, is_neutral: bool
) -> NDArray[np.float32]:
    """Return a lightness for each offset from the target's, all of them inside what can be shown.

    Colours crowd together before the ends. White and black have no room behind them, so there what
    would lie beyond comes back on the near side: light details in a white shape become grey.
    """
    if is_neutral and (lightness > _WHITE_FROM or lightness < _BLACK_TO):
        low, high = min(_DARKEST, lightness), max(_LIGHTEST, lightness)
        placed = lightness + offset
        placed = np.where(placed > high, 2 * high - placed, placed)
        return np.where(placed < low, 2 * low - placed, placed).clip(0, 1).astype(np.float32)
    above, below = max(_LIGHTEST - lightness, 1e-3), max(lightness - _DARKEST, 1e-3)
    lighter = lightness + above * (1 - np.exp(-np.maximum(offset, 0) / above))
    darker = lightness - below * (1 - np.exp(np.minimum(offset, 0) / below))
    return np.where(offset > 0, lighter, darker).astype(np.float32)


def _concerned(scene: ColourScene, scope: str | None, targets: list[Colours]) -> Weights:
    """Return the entries to colour; one colour spares black ink, two or white and black do not."""
    if scope is None:
        is_hue = len(targets) == 1 and targets[0][1] >= _CHROMATIC
        return subject_of(scene) if is_hue else ink_of(scene)
    members = scene.members(scope)
    if scope == "foreground":
        return members * ink_of(scene)
    return strictly(scene.entries, scene.shares, decided(members), scope)


def _dealt(
    scene: ColourScene, members: Weights, targets: list[Colours], ground: Colours
) -> Colours:
    """Deal members out to targets; one that is the paper's colour goes to shapes on shapes only."""
    distances = distances_to(targets, ground)
    paper = int(np.argmin(distances))
    if distances[paper] >= _PAPER_DISTANCE or scene.background is None:
        return _grouped(scene, members, targets)
    others = [target for place, target in enumerate(targets) if place != paper]
    shown, lab = to_displayable(scene.entries), from_lch(scene.entries)
    on_paper = contrast_ratio(shown, shown[scene.background]) >= _ON_PAPER_CONTRAST
    on_paper |= np.linalg.norm(lab - lab[scene.background], axis=-1) >= STANDS_OUT
    groups = groups_of(scene, members, targets)
    taking = np.zeros(len(members), dtype=np.bool_)
    if len(groups) == len(targets):
        place = sum(float(other[0]) < float(targets[paper][0]) for other in others)
        taking = groups[place] & ~on_paper
    edited = _grouped(scene, members * ~taking, others)
    inside = taking[scene.owner]
    edited[inside] = towards(scene, members * taking, targets[paper])[inside]
    return edited


def _grouped(scene: ColourScene, members: Weights, targets: list[Colours]) -> Colours:
    """Paint groups of members in targets, dark in dark; of too many targets the first count."""
    groups = groups_of(scene, members, targets)
    chosen = darkest_first(targets[: len(groups)])
    edited = scene.rows.copy()
    for group, target in zip(groups, chosen, strict=True):
        inside = group[scene.owner]
        edited[inside] = towards(scene, members * group, target)[inside]
    return edited


def groups_of(
    scene: ColourScene, members: Weights, targets: list[Colours]
) -> list[NDArray[np.bool_]]:
    """Put like members together, into as many groups as there are targets; the darkest first.

    Lettering may part from a shape of its colour, and then counts as the one that stands out. What
    is hardly a member goes along with the group it is nearest to.
    """
    inside = np.flatnonzero(members > MEMBER)
    if not inside.size:
        raise NotApplicable(reason="there is nothing to colour in the picture")
    places = from_lch(scene.entries) * np.array([_LIGHTNESS_MATTERS, 1, 1], dtype=np.float32)
    weights = np.sqrt(scene.shares + 1e-6)
    clusters = _alike(places, scene.text > MEMBER, inside)
    while len(clusters) > len(targets):
        one, other = _nearest_pair(
            np.array([np.average(places[own], axis=0, weights=weights[own]) for own in clusters]),
            np.array([weights[own].sum() for own in clusters]),
        )
        clusters[one] += clusters.pop(other)
    is_dark = scene.background is not None and scene.entries[scene.background, 0] < _LIGHT_GROUND
    lightness = (
        scene.entries[:, 0] + (_TEXT_STANDS_OUT if is_dark else -_TEXT_STANDS_OUT) * scene.text
    )
    clusters.sort(key=lambda own: float(np.average(lightness[own], weights=weights[own])))
    middles = np.array([np.average(places[own], axis=0, weights=weights[own]) for own in clusters])
    nearest = ((places[:, None] - middles[None]) ** 2).sum(axis=-1).argmin(axis=1)
    for group, own in enumerate(clusters):
        nearest[own] = group
    return [nearest == group for group in range(len(clusters))]


def _alike(
    places: Colours, lettering: NDArray[np.bool_], entries: NDArray[np.intp]
) -> list[list[int]]:
    """Put entries of one colour together, but not lettering with shapes."""
    clusters: list[list[int]] = []
    for entry in entries:
        for own in clusters:
            is_same = np.linalg.norm(places[own[0]] - places[entry]) < _SAME_COLOUR
            if is_same and lettering[own[0]] == lettering[entry]:
                own.append(int(entry))
                break
        else:
            clusters.append([int(entry)])
    return clusters


def distances_to(targets: list[Colours], ground: Colours) -> list[float]:
    """Return how far each target is from the ground, in OKLab."""
    return [float(np.linalg.norm(from_lch(target[None]) - from_lch(ground))) for target in targets]


def darkest_first(targets: list[Colours]) -> list[Colours]:
    """Return targets by lightness."""
    return sorted(targets, key=lambda target: float(target[0]))


def _nearest_pair(middles: Colours, weights: Weights) -> tuple[int, int]:
    """Return the two clusters whose union costs least (Ward)."""
    apart = ((middles[:, None] - middles[None]) ** 2).sum(axis=-1)
    cost = apart * (weights[:, None] * weights[None]) / (weights[:, None] + weights[None])
    cost[np.tril_indices(len(weights))] = np.inf
    one, other = np.unravel_index(int(cost.argmin()), cost.shape)
    return int(one), int(other)
