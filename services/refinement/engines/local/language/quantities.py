"""How much a clause asks for, and which part of the logo it is about."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import colour_of

AMOUNT_MAX: Final = 2.5
_AMOUNT_MIN: Final = 0.25
_SLIGHT: Final = 0.5
_STRONG: Final = 1.7
_PERCENT_OF_ONE: Final = 25.0
_THINGS: Final = words_of.SHADOWS | words_of.OUTLINES | words_of.BORDERS | words_of.GRADIENTS
_PLACING: Final = frozenset({"on", "against", "over"})
_WHOLE: Final = words("it everything overall whole entire logo all them rest")


def amount_in(clause: Clause) -> float:
    """Return how strongly a clause wishes: 1 is ordinary, 0.5 slightly, 1.7 much, 2.5 the most."""
    percent = _percent(clause)
    if percent is not None:
        return min(max(percent / _PERCENT_OF_ONE, _AMOUNT_MIN), AMOUNT_MAX)
    slight = strong = 0
    for index, word in enumerate(clause.words):
        if word in words_of.BESIDE_ONLY and not _is_beside(clause, index):
            continue
        slight += word in words_of.SLIGHT
        strong += word in words_of.STRONG
    if slight:
        return _SLIGHT
    return min(_STRONG**strong, AMOUNT_MAX)


def number_at(word: str) -> float | None:
    """Return the number that a word writes in digits, if it does."""
    if not word[-1].isdecimal() or word.startswith("#"):
        return None
    return float(word.replace(",", "."))


def area_of(clause: Clause) -> str | None:
    """Return the part of the logo that a clause names: the last noun before its quality, or first.

    "In the text" and "the text" are the text, "the icon" is the foreground; the whole is None.
    """
    areas = [
        (index, area)
        for index, word in enumerate(clause.words)
        if (area := _area(word)) is not None
        and index not in clause.used
        and not (area == "background" and _is_place(clause, index))
    ]
    if not areas:
        return None
    quality = next((at for at, word in enumerate(clause.words) if word in SENSES), 0)
    before = [area for index, area in areas if index < quality]
    return before[-1] if before else areas[0][1]


def _is_place(clause: Clause, index: int) -> bool:
    """Say whether a background is one that the logo is seen on: "on a dark background"."""
    before = clause.words[max(0, index - 3) : index]
    return not _PLACING.isdisjoint(before) and "the" not in before and "a" in before


def names_area_first(clause: Clause) -> bool:
    """Say whether a clause is about a part from its start: "the text thicker ...", and darker."""
    area = next((at for at, word in enumerate(clause.words) if _area(word) is not None), None)
    quality = next((at for at, word in enumerate(clause.words) if word in SENSES), None)
    return area is not None and (quality is None or area < quality)


def names_the_whole(clause: Clause) -> bool:
    """Say whether a clause says outright that it is about everything."""
    return any(word in _WHOLE for word in clause.words)


def _area(word: str) -> str | None:
    if word in words_of.TEXTS:
        return "text"
    if word in words_of.BACKGROUNDS:
        return "background"
    return "foreground" if word in words_of.FOREGROUNDS else None


def _percent(clause: Clause) -> float | None:
    for index, word in enumerate(clause.words):
        if word == "%" and index:
            number = number_at(clause.words[index - 1])
            return None if number is None else abs(number)
    return None


def _is_beside(clause: Clause, index: int) -> bool:
    """Say whether a word stands right before what it strengthens or weakens."""
    for word in clause.words[index + 1 : index + 4]:
        if word in _THINGS or word in words_of.LOOKS:
            return True
        if word in SENSES and word not in words_of.BESIDE_ONLY:
            return True
        if word in words_of.MORE or word in words_of.LESS or word in {"too", "much"}:
            return True
        if word not in words_of.BESIDE_ONLY and colour_of(word) is None:
            return False
    return False
