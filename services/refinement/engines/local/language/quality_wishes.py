"""Reads wishes about qualities: lighter, less busy, not warm enough, more contrast."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, RESOLVED_BY, SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.colour_counts import COLOURS_IF_FEWER
from services.refinement.engines.local.language.directions import direction_of
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.parts import refuse_part
from services.refinement.engines.local.language.quantities import AMOUNT_MAX, amount_in
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.styles import RECIPES
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.operations import (
    Contrast,
    Flatten,
    Lightness,
    LimitColours,
    Operation,
    Padding,
    Roundness,
    Saturation,
    Sharpness,
    Simplify,
    Smoothness,
    Warmth,
    Weight,
)

_SCOPED: Final[dict[str, type[Lightness] | type[Saturation] | type[Warmth]]] = {
    "lightness": Lightness,
    "saturation": Saturation,
    "warmth": Warmth,
}
_UNSCOPED: Final[dict[str, type[Contrast] | type[Sharpness] | type[Padding]]] = {
    "contrast": Contrast,
    "sharpness": Sharpness,
    "padding": Padding,
}
_NOT_ADDED: Final = {
    "simplicity": "detail cannot be added by this engine",
    "flatness": "gradients cannot be added by this engine",
    "roundness": "corners can only be rounded by this engine, not made sharper",
    "smoothness": "edges can only be evened out by this engine, not made rough",
    "colours": "colours cannot be added in number by this engine: name the ones to use",
}
_NARRATORS: Final = frozenset({"we", "our", "my", "he", "she", "his", "her", "us"})
_TOLD_WORDS_MIN: Final = 5
# Sizes are read with the canvas; "fine", but for lines, says nothing.
_NOT_HERE: Final = frozenset({"", "size"})
_ON_GROUNDS: Final = frozenset({"on", "for", "against", "over", "onto", "both", "in"})
_OWNERS: Final = frozenset({"our", "my", "your", "their", "her", "his", "a", "an"})
_ON_PARTS: Final = frozenset({"dark", "light", "very", "really", "on", "in", "some"})
# A plain "cool" or "hot" is praise unless it is about colours.
_COLOUR_ONLY: Final = frozenset({"cool", "hot", "coolest", "fresh", "chill"})
_STILL: Final = frozenset({"still", "stay", "stays", "remain", "remains"})
_DESCRIBED: Final = (
    words_of.TEXTS
    | words_of.FOREGROUNDS
    | words("line lines stroke strokes hairlines corner corners edge edges border outline")
)
_CONSEQUENCES: Final = words(
    "lostlook hardtoread illegible unreadable invisible legible readable visible standout "
    "legibility readability visibility indistinct distinguishable"
)


# They can be coloured or drawn finer on their own by no operation of this engine.
LINE_THINGS: Final = (
    words_of.BORDERS
    | words_of.OUTLINES
    | words_of.SHADOWS
    | words("gradient gradients glow bevel corner corners edge edges line lines stroke strokes")
    | words("boldtext strokeweight hairlines contour contours linework")
)
_LINES: Final = words(
    "line lines stroke strokes outline outlines linework hairlines contour boldtext strokeweight"
)
_SPACED: Final = words("letters letter text words lettering type wordmark kern lines line")
_FRAMES: Final = words_of.BORDERS | words_of.SHADOWS
_OF_THEM: Final = words("the its this that these those all our of")


def read_qualities(clause: Clause, family: str | None, reading: Reading) -> None:
    """Read each quality word of a clause, about its part of the logo or a family of colours."""
    seen: set[tuple[str, int]] = set()
    for index, word in enumerate(clause.words):
        if word not in SENSES or index in clause.used or not _is_said(clause, index):
            continue
        if word in _CONSEQUENCES and seen:
            # "so thin that it gets lost": what is wrong has been said.
            continue
        if word in _CONSEQUENCES and clause.mood.keeps and reading.wishes:
            # "Mirror it but keep the text readable" keeps what is so.
            clause.used.add(index)
            reading.understood += 1
            continue
        quality, turn = _resolved(clause, index, family)
        if quality in _NOT_HERE:
            continue
        direction = direction_of(clause, index) * turn
        clause.used.add(index)
        if direction == 0:
            if clause.mood.forbids or clause.mood.guards:
                reading.refuse(clause, ASKED_NOT_TO)
            continue
        if (quality, direction) not in seen and (quality, -direction) not in seen:
            seen.add((quality, direction))
            _wish(clause, quality, direction, family, reading)
            is_problem = word in _CONSEQUENCES or clause.licence is Licence.COMPLAINT
            if is_problem and quality == "contrast":
                reading.eased.append(reading.wishes[-1])


def _is_said(clause: Clause, index: int) -> bool:
    """Say whether a word is about the logo, and does not only measure or compare."""
    word = clause.words[index]
    if word in words_of.BESIDE_ONLY and _only_measures(clause, index):
        return False
    if word in _CONSEQUENCES and clause.has(_STILL):
        # "It must still be readable" keeps what is so.
        return False
    if word == "happy" and clause.after(index) in {"with", "about", "to", "if", "for"}:
        return False
    if word in _COLOUR_ONLY and not _is_of_colour(clause, index):
        return False
    if _is_told(clause, index) or _tells_which(clause, index) or _is_of_grounds(clause, index):
        return False
    if SENSES[word].form == "noun" and "for" in clause.words[max(0, index - 3) : index]:
        # "for the meeting room"
        return False
    if clause.before(index) == "from":
        # "From dark text to white text"
        return False
    return "than" not in clause.words[:index]


def _is_told(clause: Clause, index: int) -> bool:
    """Say whether a clause only tells a story: it has words of its own, and none that wish."""
    sense, mood = SENSES[clause.words[index]], clause.mood
    if sense.form not in {"plain", "noun"} or mood.too or mood.lacks or mood.forbids:
        return False
    if mood.complains and not (mood.wishes or mood.lessens) and clause.has(_NARRATORS):
        return True
    strange = sum(word.isalpha() and not is_known(word) for word in clause.words)
    return mood.is_neutral and strange > 1 and len(clause.words) > _TOLD_WORDS_MIN


def _is_of_grounds(clause: Clause, index: int) -> bool:
    """Say whether an adjective tells where the logo is used: "on dark backgrounds"."""
    following = clause.after(index)
    if SENSES[clause.words[index]].form == "plain" and _is_before_place(clause, index):
        return True
    if following == "background":
        return clause.before(index) in {"a", "any"} and clause.before(index, 2) in _ON_GROUNDS
    if following not in {"backgrounds", "surfaces", "paper", "screens"}:
        return False
    return not _ON_GROUNDS.isdisjoint(clause.words[max(0, index - 2) : index])


def _is_before_place(clause: Clause, index: int) -> bool:
    """Say whether a word describes where the logo gets lost: "on our dark site"."""
    if not clause.has(_CONSEQUENCES) and clause.licence is not Licence.STATEMENT:
        return False
    at = index - 1
    while at > 0 and clause.words[at] in words_of.SCOPING | _OWNERS:
        at -= 1
    following = clause.after(index)
    is_noun = following.isalpha() and following not in SENSES and following not in words_of.PARTS
    return at >= 0 and clause.words[at] in _ON_GROUNDS - {"for", "both"} and is_noun


def _tells_which(clause: Clause, index: int) -> bool:
    """Say whether an adjective only says which parts are meant: "lighten the dark parts"."""
    if clause.words[index].endswith("est") and clause.before(index) in words_of.SCOPING:
        return True
    if SENSES[clause.words[index]].form != "plain":
        return False
    before, following = clause.before(index), clause.after(index)
    if following in words_of.PARTS:
        return before in words_of.SCOPING | _ON_PARTS
    if colour_of(following) is not None if following else False:
        following = clause.after(index, 2)
    mood = clause.mood
    judged = mood.removes or mood.too or clause.has(words_of.JUDGING)
    return before in words_of.SCOPING and following in _DESCRIBED and not judged


def _wish(
    clause: Clause, quality: str, direction: int, family: str | None, reading: Reading
) -> None:
    amount = amount_in(clause)
    if quality == "saturation" and direction < 0 and clause.mood.removes and not clause.mood.adds:
        amount = min(2 * amount, AMOUNT_MAX)
    signed = direction * amount
    scope = clause.area or family
    part = _line_thing(clause) if scope is None or clause.has(_FRAMES) else None
    if part is not None and (quality in _SCOPED or (quality == "weight" and part not in _LINES)):
        refuse_part(clause, part, reading)
    elif quality in _SCOPED:
        reading.wish(clause, _SCOPED[quality](amount=signed, scope=scope))
    elif quality == "padding" and (scope == "text" or clause.has(_SPACED)):
        reading.refuse(clause, words_of.LETTERS_ANEW)
    elif quality in _UNSCOPED:
        reading.wish(clause, _UNSCOPED[quality](amount=signed))
    elif quality == "weight":
        reading.wish(clause, Weight(amount=signed, scope="text" if scope == "text" else None))
    elif quality == "roundness" and scope == "text":
        reading.refuse(clause, words_of.LETTERS_ANEW)
    elif quality == "pop":
        _pop(clause, direction, family, reading)
    elif direction < 0:
        reading.refuse(clause, _NOT_ADDED[quality])
    else:
        reading.wish(clause, _positive(quality, amount))


def _line_thing(clause: Clause) -> str | None:
    """Return the line or shadow that alone a clause is about: "lighten the outline"."""
    places = [at for at, word in enumerate(clause.words) if word in LINE_THINGS]
    return next(
        (
            clause.words[at]
            for at in places
            if clause.before(at) in _OF_THEM or clause.words[at] in _FRAMES
        ),
        None,
    )


def _positive(quality: str, amount: float) -> Operation:
    match quality:
        case "simplicity":
            return Simplify(amount=amount)
        case "flatness":
            return Flatten()
        case "roundness":
            return Roundness(amount=amount)
        case "smoothness":
            return Smoothness(amount=amount)
        case _:
            return LimitColours(count=COLOURS_IF_FEWER)


def _pop(clause: Clause, direction: int, family: str | None, reading: Reading) -> None:
    """Read "make it pop", a recipe; of one colour it is more of it, the contrary is less colour."""
    if family is not None:
        amount = direction * amount_in(clause)
        reading.wish(clause, Saturation(amount=amount, scope=family))
        return
    if direction < 0:
        reading.wish(clause, Saturation(amount=-amount_in(clause), scope=clause.area))
    else:
        reading.wish(clause, *RECIPES["pop"], source="style:pop")


def _resolved(clause: Clause, index: int, family: str | None) -> tuple[str, int]:
    """Return the quality a word means beside the nouns of its clause, and -1 if it turns round."""
    word = clause.words[index]
    quality = SENSES[word].quality
    if word == "bright" and clause.mood.removes and clause.has(words_of.COLOUR_NOUNS):
        # "No bright colours" are loud ones, and no wish for dark ones.
        return "saturation", 1
    options = RESOLVED_BY.get(quality)
    if options is None:
        return quality, 1
    nouns = {
        NOUN_KINDS[one]: at
        for at, one in enumerate(clause.words)
        if one in NOUN_KINDS and one != word and at not in clause.used
    }
    nouns |= {NOUN_KINDS[one]: index for one in clause.referents if NOUN_KINDS[one] != "contrast"}
    if family is not None:
        nouns.setdefault("colour", index)
    if clause.area == "text":
        nouns.setdefault("text", index)
    for noun, meant, turn in options:
        if not noun or noun in nouns:
            if noun == "contrast":
                clause.used.add(nouns[noun])
            return meant, turn
    return quality, 1


def _only_measures(clause: Clause, index: int) -> bool:
    """Say whether an adjective only weakens or strengthens another: "a soft, light pastel"."""
    following = clause.after(index)
    return following in words_of.LOOKS and clause.words[index] in words_of.SLIGHT


def _is_of_colour(clause: Clause, index: int) -> bool:
    return (
        clause.has(words_of.COLOUR_NOUNS)
        or clause.after(index) in {"it", "down", "off", "the", "blue", "things", "everything"}
        or clause.mood.too
        or clause.before(index) in {"more", "less"}
    )
