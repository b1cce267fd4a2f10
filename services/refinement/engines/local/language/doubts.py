"""Drops steps that a word of their clause speaks against, rather than risk a wrong direction.

A colour of the past, a shadow "back a touch", what is said of one place or of one of some colours:
such a step would do what was not wished, or do it to the whole logo. The clause is left as not
understood.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import Reading
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Duotone,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Operation,
    Outline,
    Recolour,
    Saturation,
    Shades,
    Shadow,
    Warmth,
)

_TURNERS: Final = words("back away off out down past stop enough less")
_DRAWING: Final = words("add put give draw apply include insert with place use want need around")
# What stands right behind these is what there was.
_OLD: Final = words(
    "from insteadof not without no away was were off than against past over lose remove hate stop "
    "except isnot donttouch enough dampen"
)
_NEW: Final = words(
    "to into in make use with but becomes become be is are go , for of should please -> = : want "
    "on prefer try something"
)
_WANTED_SO: Final = re.compile(
    r"\b(?:is what (?:we|i)|supposed to be|meant to be"
    r"|intended|intentional|deliberate|on purpose)\b"
)
# A place within the logo, or one letter of it.
_PLACE: Final = re.compile(
    r"^(?:the )?(?:left|right|top|bottom)\b(?! (?:and|corner))"
    r"|\b(?:left|right|top|bottom|upper|lower|middle|one)(?:most)?[ -]"
    r"(?:half|side|part|bit|third|one|end|edge|letter|word|line)\b"
    r"|\b(?:at|towards|near|in|on) the (?:top|bottom|left|right)\b"
    r"|\b(?:first|last|second|third|single|capital|initial) (?:letter|word|line|character)\b"
)
_ADDED: Final = words("add put give draw apply include insert")
_WITHIN: Final = words("on of in at above under inside below behind next")
_WHOLE: Final = words_of.COLOUR_NOUNS | words(
    "logo image picture design file whole overall rest colour contrast version inside outside"
)
_NAMED: Final = words_of.BACKGROUNDS | words_of.TEXTS
_STEPPING: Final = frozenset({"up", "down", "increase"})
_SEEN: Final = words("visible readable legible standout work works show legibility visibility")
_ORDINALS: Final = words("second third other extra last")
_COUNTED: Final = words("one two three some")
_OLD_WITHIN: Final = 5
_LINES: Final = (Shadow, Outline, Border, Recolour)
_PAINTING: Final = (Lightness, Saturation, Warmth, Recolour)


def drop_doubtful(clause: Clause, known: int, reading: Reading) -> None:
    """Drop steps that a word speaks against: a colour of the past, a shadow "back a touch"."""
    names_one = (
        _names_one_of_some(clause.words)
        or _is_not_that(clause.words)
        or _is_split(clause.words)
        or _is_wanted_so(clause)
    )
    doubted = [
        wish for wish in reading.wishes[known:] if names_one or _is_doubtful(clause, wish.operation)
    ]
    if doubted:
        reading.wishes[known:] = [one for one in reading.wishes[known:] if one not in doubted]
        reading.unmatched.append(clause.phrase)


def _is_doubtful(clause: Clause, operation: Operation) -> bool:
    is_of_place = isinstance(operation, _PAINTING) and _is_of_place(clause, operation)
    is_of_line = isinstance(operation, _LINES) and _names_own_line(clause)
    if is_of_place or (is_of_line and getattr(operation, "scope", None) is None):
        return True
    match operation:
        case Shadow() | Outline() | Border():
            return _is_line_doubtful(clause)
        case Recolour() | Duotone():
            is_whole = isinstance(operation, Recolour) and operation.scope is None
            is_old = any(_is_old(clause, colour) for colour in operation.colours)
            return is_old or (is_whole and _is_recolour_doubtful(clause))
        case LimitColours():
            # "Go two shades down on the blue"
            return clause.has(_STEPPING) and any(colour_of(word) for word in clause.words)
        case Look():
            return _is_old_look(clause, operation)
        case Background() if clause.has(_SEEN):
            # "It needs to be visible on black"
            return not clause.has(words_of.BACKGROUNDS)
        case Background() | Monochrome() | Shades():
            return operation.colour is not None and _is_old(clause, operation.colour)
        case _:
            return False


def _is_line_doubtful(clause: Clause) -> bool:
    """Say whether a shadow or line that would be drawn is spoken of in another way."""
    is_drawn = clause.has(_DRAWING) or clause.mood.up
    is_judged = clause.has(_TURNERS) or _is_judged_after(clause.words)
    return (is_judged and not is_drawn) or (clause.mood.down and not clause.mood.adds)


def _is_recolour_doubtful(clause: Clause) -> bool:
    """Say whether a colour for all of the logo is one step of it, or said of one part."""
    return (
        clause.mood.lacks
        or clause.has(_STEPPING)
        or clause.words[-1] == "back"
        or (clause.words[-1] in _NAMED and clause.words[-2:-1] == ("the",))
        or _only_compares(clause.words)
    )


def _names_one_of_some(all_words: Sequence[str]) -> bool:
    """Say whether only one of some colours is meant: "one of the blues", "the darkest blue"."""
    return any(
        (before in _ORDINALS or (before in SENSES and before.endswith("est")))
        and colour_of(word) is not None
        for before, word in itertools.pairwise(all_words)
    ) or any(
        first in _COUNTED and second == "of" and colour_of(word) is not None
        for first, second, word in zip(all_words, all_words[1:], all_words[3:], strict=False)
    )


def _is_not_that(all_words: Sequence[str]) -> bool:
    """Say whether a clause says of what something is not so: "it's not the icon that's light"."""
    is_denied = all_words[:3] == ("it", "is", "not") or all_words[:2] == ("it", "isnot")
    return is_denied and "that" in all_words[3:]


def _is_old_look(clause: Clause, operation: Look) -> bool:
    """Say whether a look is named only as what it is not to be: "more modern than vintage"."""
    places = [
        at for at, word in enumerate(clause.words) if words_of.LOOKS.get(word) == operation.look
    ]
    return bool(places) and all(_is_old_at(clause.words, at) for at in places)


def _only_compares(all_words: Sequence[str]) -> bool:
    """Say whether a colour is where or how much, and not what: "bit more in the blue"."""
    start = all_words[0] in {"bit", "more", "less", "slightly", "much"}
    place = any(
        before in {"in", "on", "of"} and article == "the" and colour_of(word) is not None
        for before, article, word in zip(all_words, all_words[1:], all_words[2:], strict=False)
    )
    is_each = any(
        first == "for" and second in {"everything", "anything", "all"} and colour_of(word)
        for first, second, word in zip(all_words, all_words[1:], all_words[2:], strict=False)
    )
    is_more = any(
        first in {"more", "less"} and colour_of(word) is not None
        for first, word in itertools.pairwise(all_words)
    )
    return is_each or is_more or (start and (place or "like" in all_words[1:3]))


def _is_old(clause: Clause, colour: str) -> bool:
    """Say whether a clause names a colour only as the one to get away from."""
    places = [at for at, word in enumerate(clause.words) if colour_of(word) == colour]
    return bool(places) and all(_is_old_at(clause.words, at) for at in places)


def _is_old_at(all_words: Sequence[str], at: int) -> bool:
    for word in all_words[max(0, at - _OLD_WITHIN) : at][::-1]:
        if word in _OLD:
            return True
        if word in _NEW:
            return False
    return False


def _is_split(all_words: Sequence[str]) -> bool:
    """Say whether a clause tells what only some wish: "half of us want it darker"."""
    return all_words[0] == "half" and bool({"want", "wants", "like", "prefer"} & {*all_words})


def _is_wanted_so(clause: Clause) -> bool:
    """Say whether what would be a fault is meant: "it is supposed to be sombre"."""
    said = _WANTED_SO.search(clause.phrase.lower())
    if said is None or "too" in clause.words:
        return False
    is_fault = any(word in SENSES and SENSES[word].form == "fault" for word in clause.words)
    return is_fault or said[0].startswith(("int", "del", "on"))


def _is_of_place(clause: Clause, operation: Operation) -> bool:
    """Say whether a step for all of it was wished for a place within: "top darker"."""
    scope = getattr(operation, "scope", None)
    if scope not in {None, "text"}:
        return False
    if _PLACE.search(clause.phrase.lower()):
        return True
    is_part_of = clause.words[0] == "the" and clause.after(0, 2) in _WITHIN
    noun = clause.after(0)
    named = noun in SENSES or noun in _WHOLE or colour_of(noun or "-") is not None
    return scope is None and is_part_of and not named


def _names_own_line(clause: Clause) -> bool:
    """Say whether a line that is there is named by its colour: "the black outline"."""
    lines = words_of.OUTLINES | words_of.BORDERS | words_of.SHADOWS
    return not clause.has(_ADDED) and any(
        first in {"the", "that", "this"} and colour_of(second) is not None and third in lines
        for first, second, third in zip(
            clause.words, clause.words[1:], clause.words[2:], strict=False
        )
    )


def _is_judged_after(all_words: Sequence[str]) -> bool:
    """Say whether something is said of a line that is there: "shadow a bit strong"."""
    lines = words_of.OUTLINES | words_of.BORDERS | words_of.SHADOWS
    place = next((at for at, word in enumerate(all_words) if word in lines), len(all_words))
    return any(word in SENSES for word in all_words[place + 1 :])
