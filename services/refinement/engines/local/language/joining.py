"""Puts the wishes of a whole prompt together: what says one thing, and what only says why."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.wishes import Reading, Wish
from services.refinement.engines.local.named_colours import FAMILIES
from services.refinement.engines.local.operations import (
    Background,
    Contrast,
    Duotone,
    Lightness,
    LimitColours,
    Monochrome,
    Operation,
    Outline,
    Padding,
    Recolour,
    Replace,
    Saturation,
    Shades,
    Sharpness,
    Simplify,
    Smoothness,
    Upscale,
    Warmth,
    Weight,
)

_IMPOSSIBLE: Final = frozenset({words_of.LETTERS_ANEW, words_of.PARTS_MOVED})
# How much less of a colour it is to be where it is to go.
_REMOVAL: Final = -2.0
_REMEDIES: Final = (
    *(Recolour, Background, Monochrome, Duotone, Replace, Outline, Shades),
    *(Lightness, Weight, Contrast, Sharpness),
)
_EDGES: Final = frozenset({"edge", "edges", "outlines", "contours", "curves", "lines"})
_REFERRING: Final = frozenset({"that", "them", "those", "these", "this"})
# Colours with these beside them are wished for together.
_ROLES: Final = frozenset({"primary", "secondary", "accent", "accents", "main"})


def settled(reading: Reading) -> list[Wish]:
    """Return the wishes of a reading, joined, and without those that others make idle."""
    # "The name gets lost, make it larger": the remedy was named, though it is none of ours.
    has_impossible = any(reason in _IMPOSSIBLE for _, reason in reading.refused)
    return _concrete(_joined(reading.wishes), reading.eased, has_impossible=has_impossible)


def _concrete(wishes: list[Wish], eased: list[Wish], *, has_impossible: bool) -> list[Wish]:
    """Leave out what only says why, or how it should feel, beside wishes that say what to do."""
    remedies = [wish for wish in wishes if isinstance(wish.operation, _REMEDIES)]
    if has_impossible or any(wish not in eased for wish in remedies):
        wishes = [wish for wish in wishes if wish not in eased]
    repainted = {scope for wish in wishes for scope in _repainted_by(wish.operation)}
    wishes = [
        wish
        for wish in wishes
        if not isinstance(wish.operation, Lightness | Saturation | Warmth)
        or wish.operation.scope not in repainted
        or wish.operation.scope is None
    ]
    if any(isinstance(wish.operation, Upscale) for wish in wishes):
        wishes = [wish for wish in wishes if not _is_size(wish)]
    if any(isinstance(wish.operation, Smoothness) for wish in wishes):
        wishes = [wish for wish in wishes if not _cleans_edges(wish)]
    if any(not wish.source.startswith("style:") for wish in wishes):
        wishes = [wish for wish in wishes if not wish.source.startswith("style:")]
    return wishes


def _cleans_edges(wish: Wish) -> bool:
    """Say whether cleaning is that of edges: "clean up the jagged edges", "clean that up"."""
    spoken = wish.phrase.lower().split()
    of_edges = bool(_EDGES & set(spoken)) or not _REFERRING.isdisjoint(spoken)
    cleans = any(word.startswith("clean") for word in spoken)
    return isinstance(wish.operation, Simplify) and cleans and of_edges


def _is_size(wish: Wish) -> bool:
    """Say whether less room was only made of "in a larger size", where the picture is meant."""
    is_closer = isinstance(wish.operation, Padding) and wish.operation.amount < 0
    return is_closer and "size" in wish.phrase.lower().split()


def _repainted_by(operation: Operation) -> tuple[str | None, ...]:
    """Return the part that gets a new colour, of which nothing else need be said."""
    match operation:
        case Background():
            return ("background",)
        case Recolour(scope=str() as scope):
            return (scope,)
        case Replace(source=source):
            return (source,)
        case _:
            return ()


def _joined(wishes: list[Wish]) -> list[Wish]:
    """Join wishes that say one thing together: "two colours only: navy and white"."""
    joined: list[Wish] = []
    for wish in wishes:
        previous = joined[-1].operation if joined else None
        own = wish.operation
        one, other = (previous, own) if isinstance(own, Recolour) else (own, previous)
        whole = _together(one, other, wish.phrase)
        if whole is None and joined:
            whole = _balanced(joined[-1], wish)
        if whole is None:
            joined.append(wish)
            continue
        phrase = f"{joined[-1].phrase} {wish.phrase}"
        if joined[-1].phrase == wish.phrase:
            phrase = wish.phrase
        joined[-1] = Wish(operation=whole, phrase=phrase, source=wish.source)
    return joined


def _balanced(one: Wish, other: Wish) -> Replace | None:
    """Return what "less beige, more blue" comes to: the one takes the place of the other."""
    fades, uses = one.operation, other.operation
    if not (isinstance(fades, Saturation) and isinstance(uses, Recolour)):
        return None
    is_pair = (
        fades.amount < 0
        and fades.scope in FAMILIES
        and uses.scope is None
        and len(uses.colours) == 1
        and one.phrase.lower().startswith("less ")
        and other.phrase.lower().startswith("more ")
    )
    return Replace(source=str(fades.scope), target=uses.colours[0]) if is_pair else None


def _together(
    one: object, other: object, phrase: str
) -> Duotone | Monochrome | Replace | Recolour | None:
    if not isinstance(other, Recolour):
        return None
    colours = other.colours
    if other.scope is not None and getattr(one, "scope", None) != other.scope:
        return None
    match one:
        case Recolour(scope=None) if other.scope is None and _ROLES & set(phrase.split()):
            return Recolour(colours=tuple(dict.fromkeys((*one.colours, *colours))))
        case LimitColours(count=count) if count == len(colours) == len(("paper", "ink")):
            return Duotone(colours=(colours[0], colours[1]))
        case Saturation(amount=amount, scope=str() as family) if (
            amount <= _REMOVAL and family in FAMILIES and len(colours) == 1
        ):
            # "Get rid of the red, use teal"
            return Replace(source=family, target=colours[0])
        case Monochrome(colour=None) if len(colours) == 1:
            return Monochrome(colour=colours[0])
        case _:
            return None
