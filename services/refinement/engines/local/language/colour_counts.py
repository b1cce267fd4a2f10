"""Reads how many colours there are to be: "two-tone", "in one colour", "fewer colours"."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.colour_mentions import mentions_in
from services.refinement.engines.local.language.colour_swaps import PAIR
from services.refinement.engines.local.language.directions import direction_of
from services.refinement.engines.local.language.quantities import amount_in
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.operations import (
    Duotone,
    LimitColours,
    Look,
    Monochrome,
    Recolour,
    Shades,
)

COLOURS_IF_FEWER: Final = 3


_MONOCHROME: Final = frozenset({"onetone", "monochrome", "monochromatic", "mono", "monotone"})


_THOSE: Final = frozenset({"those", "these"})


_NONE_NAMED: Final = "the prompt names no colours before: say which"


_LIMIT_WORDS_MAX: Final = 4


_DUOTONE: Final = frozenset({"twotone", "duotone", "duotoned", "bicolor", "bicolour"})


def recolour(clause: Clause, colours: tuple[str, ...], scope: str | None, reading: Reading) -> None:
    """Note colours for the logo or a part of it, with those the clause named for it before."""
    last = reading.wishes[-1] if reading.wishes else None
    if (
        last is not None
        and last.phrase == clause.phrase
        and isinstance(last.operation, Recolour)
        and last.operation.scope == scope
    ):
        colours = last.operation.colours + colours
        reading.wishes.pop()
    unique = tuple(dict.fromkeys(colours))
    reading.wish(clause, Recolour(colours=unique, scope=scope))


def read_counts(clause: Clause, reading: Reading) -> bool:
    """Read how many colours there are to be: "two-tone", "in one colour", "fewer colours"."""
    mood = clause.mood
    if clause.has(_MONOCHROME, _DUOTONE, frozenset({"shadesof"})):
        return _read_tones(clause, reading)
    count = _count(clause) or _count_of_limit(clause, reading)
    is_told = count is not None and _only_counts(clause)
    if is_told or (count is None and not _asks_for_fewer(clause)):
        return False
    for at in clause.find(words_of.COLOUR_NOUNS):
        clause.used.add(at)
    if mood.forbids and not mood.guards and count is None:
        return False
    if mood.guards and count is None:
        reading.refuse(clause, ASKED_NOT_TO)
        return True
    if count == 1:
        reading.wish(clause, Monochrome())
        return False
    clause.used.update(
        at
        for at, word in enumerate(clause.words)
        if word in SENSES
        and SENSES[word].quality in {"simplicity", "flatness"}
        and count
        and word != "flat"
    )
    names = [mention.paint for mention in mentions_in(clause)]
    if count == PAIR and len(names) == PAIR:
        clause.used.update(range(len(clause.words)))
        reading.wish(clause, Duotone(colours=(names[0], names[1])))
        return True
    if count is None and any(isinstance(one.operation, LimitColours) for one in reading.wishes):
        # "They can do four colours, so reduce them": how many has been said.
        reading.understood += 1
        return False
    reading.wish(clause, LimitColours(count=count or COLOURS_IF_FEWER))
    return False


def _refers_to_named(clause: Clause) -> bool:
    if not clause.has(words_of.ONLY) or clause.has(words_of.COLOUR_NOUNS):
        return False
    return any(
        word in _THOSE and (not clause.after(at) or clause.after(at) in words_of.NUMBERS)
        for at, word in enumerate(clause.words)
    )


def read_named(clause: Clause, reading: Reading) -> bool:
    """Read "use just those two": the colours that were named before, and no others."""
    mood = clause.mood
    if not _refers_to_named(clause) or mood.forbids or mood.guards or mentions_in(clause):
        return False
    wished = reading.wishes[-1].operation if reading.wishes else None
    if isinstance(wished, Recolour) and wished.scope is None:
        reading.wish(clause, LimitColours(count=len(wished.colours)))
    elif len(clause.named) == PAIR:
        reading.wish(clause, Duotone(colours=(clause.named[0], clause.named[1])))
    elif clause.named:
        reading.wish(clause, Recolour(colours=clause.named))
        reading.wish(clause, LimitColours(count=len(clause.named)))
    else:
        reading.refuse(clause, _NONE_NAMED)
    return True


def _read_tones(clause: Clause, reading: Reading) -> bool:
    mood = clause.mood
    mentions = mentions_in(clause)
    names = [mention.paint for mention in mentions]
    lightness = [
        at
        for at, word in enumerate(clause.words)
        if word in SENSES and SENSES[word].quality == "lightness" and at not in clause.used
    ]
    if "shadesof" in clause.words and names and lightness and not clause.has(_MONOCHROME):
        at = lightness[0]
        way = direction_of(clause, at)
        clause.used.update([at, *(mention.index for mention in mentions)])
        if way:
            reading.wish(clause, Shades(colour=names[0], amount=way * amount_in(clause)))
        return True
    if "shadesof" in clause.words and not names:
        return False
    clause.used.update(clause.find(_MONOCHROME | _DUOTONE | frozenset({"shadesof"})))
    clause.used.update(mention.index for mention in mentions)
    if mood.guards or mood.forbids or mood.removes:
        reading.refuse(clause, ASKED_NOT_TO)
    elif clause.has(_DUOTONE):
        if len(names) >= PAIR:
            reading.wish(clause, Duotone(colours=(names[0], names[1])))
        else:
            reading.wish(clause, LimitColours(count=PAIR))
    elif len(names) >= PAIR:
        recolour(clause, tuple(names), None, reading)
    elif names and family_of(names[0]) == "gray":
        reading.wish(clause, Look(look="grayscale"))
    else:
        reading.wish(clause, Monochrome(colour=names[0] if names else None))
    return True


def _count_of_limit(clause: Clause, reading: Reading) -> int | None:
    """Return the number in "too many colours, max two", where the colours were named before."""
    last = reading.wishes[-1].operation if reading.wishes else None
    is_limit = clause.has(words_of.ONLY, frozenset({"max", "most", "maximum"}))
    if not (isinstance(last, LimitColours) and is_limit) or len(clause.words) > _LIMIT_WORDS_MAX:
        return None
    return next((words_of.NUMBERS[one] for one in clause.words if one in words_of.NUMBERS), None)


def _only_counts(clause: Clause) -> bool:
    """Say whether a clause only tells how many there are: "the four colours look childish"."""
    tells = clause.licence in {Licence.COMPLAINT, Licence.STATEMENT}
    is_limit = clause.has(words_of.LESS, words_of.ONLY, frozenset({"limit", "max", "enough"}))
    return tells and not (clause.mood.wishes or is_limit)


def _count(clause: Clause) -> int | None:
    """Return the number of colours that a clause asks for."""
    words = clause.words
    for at, word in enumerate(words):
        number = words_of.NUMBERS.get(word)
        if number is None or at in clause.used:
            continue
        for distance in range(1, 4):
            following = clause.after(at, distance)
            if following in words_of.COLOUR_NOUNS - {"shade", "shades", "tint", "tints"}:
                clause.used.add(at)
                return number
            if following and colour_of(following) is not None:
                break
        is_limit = clause.has(words_of.LESS, words_of.ONLY, frozenset({"limit", "max", "down"}))
        if is_limit and clause.has(words_of.COLOUR_NOUNS) and clause.after(at) not in {"%", "x"}:
            return number
    return None


def _asks_for_fewer(clause: Clause) -> bool:
    if "fewercolours" in clause.words:
        return True
    senses = [
        word
        for at, word in enumerate(clause.words)
        if word in SENSES and at not in clause.used and SENSES[word].quality != "simplicity"
    ]
    if senses or mentions_in(clause):
        return False
    places = [
        at
        for at, word in enumerate(clause.words)
        if word in {"colors", "colours", "hues", "tones", "shades"}
    ]
    if not places or clause.area is not None:
        return False
    near = set(clause.words[max(0, places[0] - 3) : places[0]])
    return (
        bool(
            near
            & {
                "fewer",
                "less",
                "too",
                "reduce",
                "limit",
                "restrict",
                "many",
                "reduced",
                "limited",
                "simplify",
                "minimal",
            }
        )
        and not clause.mood.guards
    )
