"""Reads wishes for a treatment that has a name: looks, styles, the colours of the brand."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.beyond import NO_OPPOSITE
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.styles import FAULTS, RECIPES, STYLES
from services.refinement.engines.local.language.tokens import colour_of, tokens_of
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.operations import (
    Background,
    Look,
    Recolour,
)

_NO_COLOUR_IN_THEME: Final = "the theme description names no colour"

_BARE_WORDS_MAX: Final = 3


def read_looks(clause: Clause, reading: Reading) -> None:
    """Read the looks a clause names: "pastel", "black and white", "vintage"."""
    mood = clause.mood
    for index, word in enumerate(clause.words):
        look = words_of.LOOKS.get(word)
        if look is None or index in clause.used:
            continue
        clause.used.add(index)
        if word in {"natural", "organic", "negative"} and not _is_look(clause, index):
            continue
        if mood.forbids or mood.guards or (mood.lessens and look != "grayscale"):
            reading.refuse(clause, ASKED_NOT_TO)
        elif mood.complains and not mood.wishes:
            continue
        else:
            # "soft pastels", "cool neon": what stands before the name belongs to it.
            clause.used.update(
                at
                for at in (index - 1, index - 2)
                if at >= 0
                and clause.words[at]
                in {
                    "soft",
                    "light",
                    "warm",
                    "cool",
                    "natural",
                    "gentle",
                    "subtle",
                    "muted",
                    "bright",
                    "pale",
                    "faded",
                    "full",
                }
            )
            reading.wish(clause, Look(look=look))
            if word == "neon" or look in {"pastel", "earthy"}:
                clause.used.update(
                    at
                    for at in (index + 1, index + 2)
                    if at < len(clause.words) and clause.words[at] in words_of.COLOUR_NOUNS
                )


def _is_look(clause: Clause, index: int) -> bool:
    return (
        clause.has(words_of.COLOUR_NOUNS, words_of.WISHING)
        or clause.before(index) == "more"
        or len(clause.words) <= _BARE_WORDS_MAX
    )


def read_styles(clause: Clause, reading: Reading) -> None:
    """Read the styles a clause names, and those it complains of."""
    mood = clause.mood
    for index, word in enumerate(clause.words):
        style = STYLES.get(word)
        if style is None or index in clause.used or word in SENSES:
            continue
        if word in {"current", "fun", "fancy", "slick", "hip", "young"} and mood.complains:
            continue
        clause.used.add(index)
        if has_wish(clause, reading) and not clause.has(frozenset({"and"})):
            # "darker shades would look more premium": the style is the reason.
            continue
        is_fault = word in FAULTS
        negated = mood.forbids or mood.guards or mood.lessens
        likes = mood.complains and not mood.wishes and not mood.up
        if is_fault:
            if not (mood.forbids and not mood.down):
                reading.wish(clause, *RECIPES[style], source=f"style:{style}")
        elif (mood.forbids and mood.complains and not mood.wishes) or mood.lacks:
            reading.wish(clause, *RECIPES[style], source=f"style:{style}")
        elif negated:
            reading.refuse(clause, ASKED_NOT_TO if mood.forbids else NO_OPPOSITE)
        elif not likes:
            reading.wish(clause, *RECIPES[style], source=f"style:{style}")


def read_theme(clause: Clause, theme: str, reading: Reading) -> None:
    """Vague words are all that the theme's description may resolve."""
    names = tuple(
        dict.fromkeys(
            name for token in tokens_of(theme) if (name := colour_of(token.word)) is not None
        )
    )
    if not names:
        reading.refuse(clause, _NO_COLOUR_IN_THEME)
    elif clause.area == "background":
        reading.wish(clause, Background(colour=names[0]), source="theme")
    else:
        scope = "text" if clause.area == "text" else None
        reading.wish(clause, Recolour(colours=names, scope=scope), source="theme")


def has_wish(clause: Clause, reading: Reading) -> bool:
    """Say whether something has been found in a clause."""
    return any(wish.phrase == clause.phrase for wish in reading.wishes)
