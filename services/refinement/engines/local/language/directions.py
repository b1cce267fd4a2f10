"""Says which way a word about a quality goes in its clause: the sense of negation and complaint.

Nothing here may turn a wish round by mistake: where a clause could be read both ways, the answer is
0, and the wish is refused or left out.
"""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words

_ADVERBS: Final = words_of.SLIGHT | words_of.STRONG | frozenset({"a", "of", "the"})
# Nouns that mean other things as often: they need a word that says more or less.
_VAGUE: Final = words(
    "room air life space gap clearance buffer impact presence definition energy punch "
    "juice spice distance texture textures details detail elements decoration weight"
)
_ORDERED: Final = frozenset({"blur", "clutter"})
_BEFORE_ORDER: Final = words("please just can could you to and also then") | {""}
_OBJECTS: Final = words("it the this that these all everything by slightly (")
_WEAK: Final = frozenset({"less"})
_LOOKBACK: Final = 4
_APPROVING: Final = words("fine ok okay alright perfect great")
_SHARED: Final = words("saturation contrast lightness warmth")
# They turn the sense of what they stand beside, and are read before, or not at all.
_TURNERS: Final = words("back away off out down under against past over stop enough below behind")


def direction_of(clause: Clause, index: int) -> int:
    """Return 1 for more of what a word says, -1 for less, 0 where nothing is asked or allowed."""
    sense = SENSES[clause.words[index]]
    mood = clause.mood
    if mood.guards:
        # "don't lose the contrast", "without making it darker", "not too dark"
        return 0
    local = _local_turn(clause, index)
    match sense.form:
        case "fault":
            return _of_fault(clause, index, sense.direction, local)
        case "explicit":
            return _of_explicit(clause, index, sense.direction, local)
        case "noun":
            return _of_noun(clause, index, sense.direction, local)
        case _:
            return _of_plain(clause, index, local)


def _of_fault(clause: Clause, index: int, direction: int, local: int) -> int:
    """Nobody wishes for a fault, but "harder edges" may be; forbidding one asks for nothing."""
    mood = clause.mood
    if _is_ordered(clause, index):
        return 0 if mood.forbids or mood.removes else direction
    is_complaint = mood.too or (mood.complains and not mood.wishes)
    if clause.words[index].endswith("er") and not (is_complaint or mood.removes or mood.forbids):
        return -direction if local < 0 or mood.lacks else direction
    if mood.lacks and "enough" in clause.words:
        return 0
    if mood.forbids and not mood.down:
        return 0
    if local > 0 and not mood.complains:
        return direction
    return -direction


def _is_ordered(clause: Clause, index: int) -> bool:
    """Say whether a fault is a verb here that somebody orders: "blur the edges"."""
    is_verb = clause.words[index] in _ORDERED and clause.before(index) in _BEFORE_ORDER
    after = clause.after(index)
    return is_verb and (after in _OBJECTS or after[:1].isdecimal())


def _of_explicit(clause: Clause, index: int, direction: int, local: int) -> int:
    mood = clause.mood
    if mood.forbids or mood.removes:
        return 0
    if local < 0:
        return -direction
    if mood.lacks:
        return direction
    if mood.too:
        return -direction
    if mood.complains and not mood.wishes and "than" in clause.words:
        return 0
    if mood.down and _has_before(clause, index, words_of.LESS - _WEAK):
        return 0
    return direction


def _of_noun(clause: Clause, index: int, direction: int, local: int) -> int:
    mood = clause.mood
    if mood.lacks:
        return direction
    if mood.forbids and not mood.down:
        return 0
    signs = [word[0] for word in clause.words if word[-1].isdecimal() and word[0] == "-"]
    is_directed = mood.up or mood.adds
    if _is_stated(clause, index) and not (is_directed or mood.down):
        return 0
    if signs or "-" in clause.words or mood.lessens or local < 0:
        # A negative number says less, as in a list of settings.
        return -direction
    is_vague = clause.words[index] in _VAGUE
    # "Saturation under control": which way it goes has not been understood.
    is_turned = bool(_TURNERS & {*clause.words})
    if is_directed or is_turned or (mood.wishes and not is_vague):
        return direction if is_directed or not is_turned else 0
    if mood.complains and clause.has(words_of.JUDGING):
        return 0
    return 0 if mood.complains or is_vague else direction


def _is_stated(clause: Clause, index: int) -> bool:
    """Say whether a noun is only approved or measured: "contrast fine", "saturation 80%"."""
    if clause.has(_APPROVING) and "too" not in clause.words:
        return True
    is_share = "%" in clause.words and SENSES[clause.words[index]].quality in _SHARED
    return is_share and not {"+", "-"} & {*clause.phrase}


def _of_plain(clause: Clause, index: int, local: int) -> int:
    mood = clause.mood
    sense = SENSES[clause.words[index]]
    direction = sense.direction
    if mood.lacks:
        return direction
    if mood.forbids and not mood.down:
        if sense.is_praise and mood.complains and not mood.wishes:
            return direction
        return 0
    if local < 0 or mood.too or mood.down or mood.removes:
        return -direction
    if mood.complains and not mood.wishes and not mood.up:
        return 0 if sense.is_praise else -direction
    if clause.has(words_of.JUDGING) and not mood.wishes and not sense.is_praise:
        return -direction
    return direction


def _local_turn(clause: Clause, index: int) -> int:
    """Return 1 or -1 where "more" or "less" stands right before a word, adverbs between them."""
    for word in clause.words[max(0, index - _LOOKBACK) : index][::-1]:
        if word in {"less", "reduce", "dampen"}:
            return -1
        if word in {"more", "increase"}:
            return 1
        if word not in _ADVERBS:
            return 0
    return 0


def _has_before(clause: Clause, index: int, group: frozenset[str]) -> bool:
    return any(word in group for word in clause.words[:index])
