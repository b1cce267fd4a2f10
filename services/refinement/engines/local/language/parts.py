"""Reads which part of the logo a wish is about, where the engine has no name for that part.

Operations know colours, text and background. "The orange star" is told by its colour; "the star"
cannot be picked out, and what is wished of it must not happen to the whole logo.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.ordinary_words import LOOKALIKES
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.tokens import Token, colour_of
from services.refinement.engines.local.language.wishes import Reading

_SHAPES: Final = words("square squares circle circles triangle triangles round")
_DETERMINERS: Final = words("the its that this these those")
_LEADING: Final = words(
    "please just maybe also and then now but only kindly could can would you i we want like to "
    "make turn set change paint color colour recolor recolour tint fill render lets let have get"
)
_NAMED_PARTS: Final = (
    words_of.TEXTS
    | words_of.BACKGROUNDS
    | words_of.FOREGROUNDS
    | words("logo image picture design")
)
_ENDING_NOUN: Final = words("on in of at to into for with and is are be should must around behind")
_BECOMING: Final = words("to into in a an be become is are should must be needs with for")
_CAUSING: Final = words("make turn paint color colour recolor recolour tint fill")
# Things that may be drawn in a logo, though the lexicon has their words for other ends.
_DRAWN: Final = words(
    "eyes eye hand hands leaf leaves roof roofs flag wheel wheels mug shirt phone"
)
# Nouns the lexicon has no operation for, and that still mean the whole logo, or how it seems.
_OF_ALL: Final = words(
    "logo image picture design mark vector lighting mood atmosphere output exposure curves "
    "ambience appearance render thumbnail preview printout scan artboard visual visuals "
    "composition branding version file look thing"
)
_PEOPLE_DO: Final = words(
    "would want wants like likes think thinks feel feels said says prefer prefers asked love "
    "also please"
)
_DESCRIBING: Final = words("little big small tiny main whole outer inner left right top bottom")
_SWAPPING: Final = words("swap change replace switch exchange turn")
_EXCHANGED: Final = words("for to with into by")
_LINES_AROUND: Final = words_of.OUTLINES | words_of.BORDERS
_AROUND_ALL: Final = "a line goes around the whole logo here, not around one part of it"
_GROUNDS: Final = {"dark": "charcoal", "light": "offwhite", "pale": "offwhite"}
_GROUND_BEFORE: Final = 4
_COLOURED_WITHIN: Final = 8


def with_known_parts(tokens: Sequence[Token]) -> list[Token]:
    """Let "the blue square" be the blue parts, and leave out the colour a background had."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if _is_old_background(tokens, at):
            continue
        ground = _ground_under_text(tokens, at)
        if ground is not None:
            left.append(token._replace(word=ground))
            continue
        is_part = _is_coloured_noun(tokens, at)
        left.append(token._replace(word="parts") if is_part else token)
    return left


def read_unknown_part(clause: Clause, reading: Reading) -> bool:
    """Refuse what is wished of a part that cannot be picked out; say whether that was all."""
    mood = clause.mood
    if mood.forbids or mood.guards or mood.keeps or mood.removes or mood.adds:
        return False
    if clause.licence not in {Licence.ORDER, Licence.FRAGMENT}:
        return False
    if _sizes_a_coloured_part(clause):
        reading.refuse(clause, words_of.PARTS_MOVED)
        return True
    noun = _object_of(clause)
    if noun is None:
        return False
    reading.refuse(
        clause,
        f'this engine cannot pick out "the {noun}": it knows colours, text and background',
    )
    return True


def read_partial_line(clause: Clause, reading: Reading) -> bool:
    """Refuse an outline "around the text only"; say whether that was it."""
    if not clause.has(_LINES_AROUND) or not clause.has(words_of.ONLY) or clause.mood.forbids:
        return False
    around = next((at for at, word in enumerate(clause.words) if word in {"around", "round"}), None)
    if around is None or not words_of.TEXTS & set(clause.words[around:]):
        return False
    reading.refuse(clause, _AROUND_ALL)
    return True


def _object_of(clause: Clause) -> str | None:
    """Return the noun that a wish is about, if the grammar has no word for it."""
    at = 0
    while at < len(clause.words) and clause.words[at] in _LEADING:
        at += 1
    if at >= len(clause.words) or clause.words[at] not in _DETERMINERS:
        return None
    at += 1
    if clause.words[at : at + 1] and clause.words[at] in words_of.COLOUR_NOUNS:
        # "The colour of the star"
        if clause.words[at + 1 : at + 3] != ("of", "the"):
            return None
        at += 3
    while at < len(clause.words) and clause.words[at] in _DESCRIBING:
        at += 1
    if at >= len(clause.words):
        return None
    noun, following = clause.words[at], clause.words[at + 1 :]
    if not _is_noun(noun, following[0] if following else "") or _is_compound(following):
        return None
    if following[:1] and following[0] in _PEOPLE_DO:
        # "The partners would like the blue darker"
        return None
    is_first = not following and clause.words[0] in _CAUSING
    return noun if is_first or any(_says_how(word) for word in following) else None


def _sizes_a_coloured_part(clause: Clause) -> bool:
    """Say whether what a colour picks out is to have another size: "the red triangle bigger"."""
    return any(
        colour_of(word) is not None
        and clause.after(at) == "parts"
        and clause.before(at) in _DETERMINERS
        and clause.after(at, 2) in SENSES
        and SENSES[clause.after(at, 2)].quality == "size"
        for at, word in enumerate(clause.words)
    )


def _is_compound(following: Sequence[str]) -> bool:
    """Say whether a noun only describes one that is known: "the bakery name", "the Acme logo"."""
    for word in following:
        if word in _NAMED_PARTS:
            return True
        if not word.isalpha() or word in _ENDING_NOUN or _says_how(word):
            return False
    return False


def _says_how(word: str) -> bool:
    return (
        word in SENSES
        or colour_of(word) is not None
        or word in words_of.LOOKS
        or word in words_of.MORE
        or word in words_of.LESS
    )


def _is_noun(word: str, following: str) -> bool:
    """Say whether a word after a determiner is a thing: no name of the whole, nor an adjective."""
    if word in _SHAPES:
        ends = not following or not following.isalnum() or following in _BECOMING
        return ends or _says_how(following)
    is_thing = word in LOOKALIKES or word in _DRAWN or not is_known(word)
    is_other = word in _OF_ALL or word in SENSES or colour_of(word) is not None
    return word.isalpha() and is_thing and not is_other


def _is_coloured_noun(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a word is the noun of "the COLOUR NOUN", which its colour picks out."""
    before = [token.word for token in tokens[max(0, at - 3) : at]]
    if not before or colour_of(before[-1]) is None or not (_DETERMINERS & set(before[-3:-1])):
        return False
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    goes_on = not following or not following.isalnum() or following in _BECOMING
    return (goes_on or _says_how(following)) and _is_noun(tokens[at].word, following)


def _ground_under_text(tokens: Sequence[Token], at: int) -> str | None:
    """Return the colour of the ground in "light blue text on a dark background", if this is it."""
    if at < _GROUND_BEFORE or tokens[at].word not in _GROUNDS:
        return None
    coloured, text, on, article = (token.word for token in tokens[at - _GROUND_BEFORE : at])
    after = [token.word for token in tokens[at + 1 : at + 3]]
    is_ground = bool(after) and after[0] in words_of.BACKGROUNDS
    is_end = len(after) <= 1 or not after[-1].isalnum() or after[-1] in {"please", "and"}
    is_wished = colour_of(coloured) is not None and text in words_of.TEXTS
    is_placed = on in {"on", "against", "over"} and article in {"a", "an"}
    return _GROUNDS[tokens[at].word] if is_ground and is_end and is_wished and is_placed else None


def _is_old_background(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a colour is what a background had: "swap the navy background for sand"."""
    ahead = [token.word for token in tokens[at + 1 : at + 2 + _COLOURED_WITHIN]]
    before = [token.word for token in tokens[max(0, at - 3) : at]]
    return (
        colour_of(tokens[at].word) is not None
        and len(ahead) > 1
        and ahead[0] in words_of.BACKGROUNDS
        and ahead[1] in _EXCHANGED
        and bool(_SWAPPING & set(before))
        and any(colour_of(word) is not None for word in ahead[1:])
    )
