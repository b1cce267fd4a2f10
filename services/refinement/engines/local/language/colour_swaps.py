"""Reads colours that are to take the place of others: "change A to B", "B instead of A"."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.colour_mentions import (
    MODIFIERS,
    ON,
    Mention,
    is_scoping,
    use_modifier,
)
from services.refinement.engines.local.language.wishes import Reading
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.operations import (
    Replace,
)

PAIR: Final = 2


_BECOMING: Final = frozenset(
    {"with", "to", "into", "for", "by", "->", "=>", "\u2192", "becomes", "become", "in", "as", "="}
)


_COPULAS: Final = frozenset({"increase", "closer", "slightly", "of", "to"}) | frozenset(
    {
        "should",
        "exactly",
        "precisely",
        "specifically",
        "strictly",
        "definitely",
        "really",
        "must",
        "be",
        "is",
        "are",
        "a",
        "an",
        "some",
        "turn",
        "go",
        "completely",
        "all",
        "can",
        "could",
        "needs",
        "need",
        "more",
        "like",
        "have",
        "the",
    }
)


def read_swaps(clause: Clause, mentions: list[Mention], reading: Reading) -> bool:
    """Read "replace A with B", "change A to B", "make the A parts B", "B instead of A"."""
    plain = [mention for mention in mentions if mention.part is None]
    if len(plain) < PAIR or clause.mood.guards or (clause.mood.forbids and not clause.has(ON)):
        return False
    if "insteadof" in clause.words:
        return _read_instead(clause, plain, reading)
    if len(plain) == PAIR and "where" in clause.words[plain[0].index : plain[1].index]:
        # "Red where it is blue now"
        _replace(clause, plain[1], plain[0], reading)
        return True
    if len(plain) == PAIR and _is_for(clause, plain[0], plain[1]):
        # "Use #cc0000 for the red"
        _replace(clause, plain[1], plain[0], reading)
        return True
    done = False
    index = 0
    while index + 1 < len(plain):
        one, other = plain[index], plain[index + 1]
        if _becomes(clause, one, other) or _goes_on(clause, one, other, reading):
            _replace(clause, one, other, reading)
            done = True
            index += PAIR
        else:
            index += 1
    if (
        not done
        and len(plain) == PAIR
        and clause.has(frozenset({"swap", "exchange", "swapping", "switch", "swapped"}))
    ):
        _replace(clause, plain[0], plain[1], reading)
        _replace(clause, plain[1], plain[0], reading)
        done = True
    return done


def _is_for(clause: Clause, one: Mention, other: Mention) -> bool:
    """Say whether one colour is to be used for another that is there."""
    between = clause.words[one.index + 1 : other.index]
    is_there = is_scoping(clause, other.index) or one.name.startswith("#")
    return between[:1] == ("for",) and set(between) <= {"for", "the", "all"} and is_there


def _read_instead(clause: Clause, plain: list[Mention], reading: Reading) -> bool:
    place = clause.words.index("insteadof")
    before = [mention for mention in plain if mention.index < place]
    after = [mention for mention in plain if mention.index > place]
    if before and after:
        _replace(clause, after[0], before[-1], reading)
    elif len(after) >= PAIR:
        _replace(clause, after[0], after[1], reading)
    else:
        return False
    return True


def _becomes(clause: Clause, one: Mention, other: Mention) -> bool:
    words = clause.words
    between = words[one.index + 1 : other.index]
    own = {word for word in between if word not in MODIFIERS}
    if "where" in own:
        return False
    # "The yellow could be replaced by orange"
    is_swapped = bool(own & words_of.SWAPPING and own & _BECOMING)
    if is_swapped or own & {"->", "=>", "=", "\u2192", "becomes", "become"}:
        return True
    if own & {"and", "&", ",", "+", "or"}:
        return False
    before = set(words[: one.index])
    # "Pink to coral", "the grey parts black"
    are_parts = bool(own & words_of.PARTS) and own <= words_of.PARTS | {":"}
    if are_parts or (between in {("to",), ("back", "to")} and "close" not in before):
        return True
    swaps = bool(before & words_of.SWAPPING) or "from" in before
    if swaps and own & _BECOMING:
        return True
    allowed = words_of.PARTS | words_of.COLOUR_NOUNS | _COPULAS
    is_part = is_scoping(clause, one.index) or clause.after(one.index) in words_of.PARTS
    if not own <= allowed:
        return False
    if own & {"should", "must", "be", "needs", "could"}:
        return True
    # "Could the blue go slightly more turquoise"
    return is_part and ("go" in own or (swaps and "it" not in before))


def _goes_on(clause: Clause, one: Mention, other: Mention, reading: Reading) -> bool:
    """Say whether a clause is another replacement: "... and the white parts black"."""
    last = reading.wishes[-1].operation if reading.wishes else None
    between = frozenset(clause.words[one.index + 1 : other.index])
    return (
        isinstance(last, Replace)
        and bool(clause.joined)
        and (is_scoping(clause, one.index) or bool(between & _BECOMING))
        and between <= words_of.PARTS | words_of.COLOUR_NOUNS | _COPULAS | _BECOMING
    )


def _replace(clause: Clause, one: Mention, other: Mention, reading: Reading) -> None:
    clause.used.update((one.index, other.index))
    if one.paint == other.paint:
        # "White should be pure white" is not about a colour that takes the place of another.
        reading.understood += 1
        return
    use_modifier(clause, one)
    use_modifier(clause, other)
    for mention in (one, other):
        if clause.before(mention.index) in SENSES:
            clause.used.add(mention.index - 1)
    reading.wish(clause, Replace(source=family_of(one.name), target=other.paint))
