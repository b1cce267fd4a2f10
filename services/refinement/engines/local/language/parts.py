"""Reads which part of the logo a wish is about, where the engine has no name for that part.

Operations know colours, text and background. "The orange star" is told by its colour; "the star"
cannot be picked out, and what is wished of it, or of "it" thereafter, is refused.
"""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import Token, colour_of
from services.refinement.engines.local.language.unknown_parts import (
    bare_part_of,
    is_thing,
    says_how,
    unknown_part_of,
)
from services.refinement.engines.local.language.wishes import Reading

_DETERMINERS: Final = words("the its that this these those")
_BECOMING: Final = words("to into in a an be become is are should must be needs with for")
_PRONOUNS: Final = words("it they them its their")
_ELSEWHERE: Final = words("everything overall whole entire logo image picture design all rest")
_OWN_NOUNS: Final = (
    words_of.SHADOWS | words_of.OUTLINES | words_of.BORDERS | words_of.GRADIENTS | NOUN_KINDS.keys()
)
_ADDING_ON: Final = words(
    "too also very much more less a bit little not be should must is are look looks please just "
    "so and way far even could would can"
)
_SWAPPING: Final = words("swap change replace switch exchange turn")
_EXCHANGED: Final = words("for to with into by")
_LINES_AROUND: Final = words_of.OUTLINES | words_of.BORDERS
_AROUND_ALL: Final = "a line goes around the whole logo here, not around one part of it"
_GROUNDS: Final = {"dark": "charcoal", "light": "offwhite", "pale": "offwhite"}
_GROUND_BEFORE: Final = 4
_COLOURED_WITHIN: Final = 8
_SHARED_WITHIN: Final = 6


def with_known_parts(tokens: Sequence[Token]) -> list[Token]:
    """Let "the blue square" be the blue parts, and leave out the colour a background had."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if _is_old_background(tokens, at):
            continue
        if token.word == "leaves" and at and tokens[at - 1].word in _DETERMINERS:
            left.append(token._replace(word="leaf"))
            continue
        ground = _ground_under_text(tokens, at)
        if ground is not None:
            left.append(token._replace(word=ground))
            continue
        is_part = _is_coloured_noun(tokens, at)
        left.append(token._replace(word="parts") if is_part else token)
    return _with_shared_colour(left)


def _with_shared_colour(tokens: list[Token]) -> list[Token]:
    """Give both of two parts their colour: "the blue parts and the red parts green"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        left.append(token)
        ahead = tokens[at + 1 : at + 2 + _SHARED_WITHIN]
        said = [one.word for one in ahead]
        if (
            token.word == "parts"
            and said[:1] in (["and"], ["&"])
            and said[3:4] == ["parts"]
            and said[1] in _DETERMINERS
            and colour_of(said[2]) is not None
        ):
            target = next((one for one in ahead[4:] if one.word not in _BECOMING), None)
            if target is not None and colour_of(target.word) is not None:
                left.append(target._replace(start=token.start, end=token.end))
    return left


def read_unknown_part(clause: Clause, reading: Reading) -> bool:
    """Refuse what is ordered of a part that cannot be picked out; say whether that was all."""
    mood = clause.mood
    if mood.forbids or mood.guards or mood.keeps or mood.removes or mood.adds:
        return False
    if clause.licence not in {Licence.ORDER, Licence.FRAGMENT}:
        return False
    if _sizes_a_coloured_part(clause):
        reading.refuse(clause, words_of.PARTS_MOVED)
        return True
    noun = unknown_part_of(clause)
    if noun is None:
        return False
    refuse_part(clause, noun, reading)
    return True


def take_from_part(clause: Clause, known: int, reading: Reading) -> None:
    """Drop the wishes after the known ones, if their clause says them of an unknown part.

    A complaint or a story may name anything, so only one that led to something is looked at.
    """
    if len(reading.wishes) == known or clause.part is not None:
        return
    noun = unknown_part_of(clause)
    if noun is not None:
        del reading.wishes[known:]
        refuse_part(clause, noun, reading)


def goes_on_about_part(clause: Clause, previous: Clause) -> bool:
    """Say whether a clause is about the unknown part of the one before: "make it gold"."""
    if clause.area is not None or clause.has(_ELSEWHERE):
        return False
    if clause.has(_PRONOUNS) or _PRONOUNS & {*clause.phrase.lower().split()}:
        # "Tone it down" is one word by now.
        return True
    said = [word for word in clause.words if says_how(word) or word in words_of.SLIGHT]
    is_bare = bool(said) and all(
        says_how(word) or word in words_of.SLIGHT | words_of.STRONG | _ADDING_ON
        for word in clause.words
    )
    is_joined = bool(clause.joined) or clause.words[0] in {"too", "also"}
    if bare_part_of(previous) is not None:
        # "The crown | could use more contrast", "in the star | use gold"
        names_own = any(clause.before(at) in _DETERMINERS for at in clause.find(_OWN_NOUNS))
        return bool(said) and not names_own
    return is_bare and is_joined and not clause.has(_OWN_NOUNS)


def refuse_part(clause: Clause, noun: str, reading: Reading) -> None:
    """Note that what is said of a part is not done, and how a part can be named."""
    clause.part = noun
    reading.refuse(
        clause,
        f'this engine cannot pick out "the {noun}": it knows colours ("the red parts"), text, '
        "background and foreground",
    )


def read_partial_line(clause: Clause, reading: Reading) -> bool:
    """Refuse an outline "around the text only"; say whether that was it."""
    if not clause.has(_LINES_AROUND) or not clause.has(words_of.ONLY) or clause.mood.forbids:
        return False
    around = next((at for at, word in enumerate(clause.words) if word in {"around", "round"}), None)
    if around is None or not words_of.TEXTS & set(clause.words[around:]):
        return False
    reading.refuse(clause, _AROUND_ALL)
    return True


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


def _is_coloured_noun(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a word is the noun of "the COLOUR NOUN", which its colour picks out."""
    before = [token.word for token in tokens[max(0, at - 3) : at]]
    if not before or colour_of(before[-1]) is None or not (_DETERMINERS & set(before[-3:-1])):
        return False
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    goes_on = not following or not following.isalnum() or following in _BECOMING
    goes_on = goes_on or (
        following in {"and", "&"} and at + 2 < len(tokens) and tokens[at + 2].word in _DETERMINERS
    )
    return (goes_on or says_how(following)) and is_thing(tokens[at].word, following)


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
