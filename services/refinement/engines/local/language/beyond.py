"""Reads what is understood and needs another kind of engine: new letters, things, styles."""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.ordinary_words import FILLER
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.styles import STYLES
from services.refinement.engines.local.language.tokens import QUOTATION, colour_of
from services.refinement.engines.local.language.unknown_parts import is_thing
from services.refinement.engines.local.language.wishes import Reading

NO_OPPOSITE: Final = "no operation is the opposite of a style"


_PUTTING: Final = words(
    "add include insert introduce draw put place incorporate adding including attach"
)


_TAKING: Final = words_of.REMOVE - frozenset(
    {"no", "without", "gone", "zero", "unnecessary", "lost", "none", "unneeded", "rid", "clear"}
)


_WORDING: Final = words(
    "change replace different new another update edit rename say says reads read "
    "write fix switch swap add use set in to capitalise uppercase remove move put "
    "below above capitalize other bigger smaller larger spell spelled nicer better"
)


# Who is seen in the logo, and how.
_SOMEBODY: Final = frozenset({"he", "him"})
_SEEMING: Final = frozenset({"look", "looks", "smile", "seem", "seems"})
_DRAWN_HERE: Final = words_of.SHADOWS | words_of.OUTLINES | words_of.BORDERS | words_of.GRADIENTS
_SAME: Final = frozenset({"same", "asis", "identical"})
_NAME_THE_COLOUR: Final = "colours cannot be taken over from another part: name the colour"
_REWRITING: Final = words("change update fix correct edit replace rewrite swap put add write")
_CONTENTS: Final = words(
    "phone telephone address website url email date year price hours postcode zip number"
)
_OWNERS: Final = words("my our your new")
_FONTS: Final = words("font fonts typeface typography")


def read_unsupported(clause: Clause, reading: Reading) -> bool:
    """Read what is understood and needs another kind of engine; say whether that was all."""
    words, mood = clause.words, clause.mood
    if mood.forbids or mood.guards:
        return False
    if clause.has(_SOMEBODY) and clause.has(_SEEMING):
        # "Make him look fierce"
        reading.refuse(clause, words_of.DRAWN_ANEW)
        return True
    reason = _reason_against(clause)
    if reason is not None:
        is_opposite = reason == words_of.DRAWN_ANEW and mood.lessens
        reading.refuse(clause, NO_OPPOSITE if is_opposite else reason)
        return True
    has_operation = any(
        word in SENSES or word in words_of.LOOKS or colour_of(word) is not None for word in words
    )
    if clause.has(words_of.TEXTS) and not clause.has(_DRAWN_HERE):
        changes_font = clause.has(_FONTS) and clause.has(_WORDING) and not has_operation
        changes_words = (
            (clause.has(_WORDING) or QUOTATION in words)
            and not has_operation
            and not clause.has(words_of.COLOUR_NOUNS)
        )
        is_taken_out = mood.removes and _is_object(clause, words_of.TEXTS)
        if is_taken_out or changes_font or changes_words:
            reading.refuse(
                clause, words_of.THINGS_REMOVED if is_taken_out else words_of.LETTERS_ANEW
            )
            return True
    if _puts_something(clause) or _exchanges_something(clause):
        reading.refuse(clause, words_of.THINGS_ADDED)
        return True
    if clause.has(_TAKING) and _names_unknown(clause, _TAKING):
        reading.refuse(clause, words_of.THINGS_REMOVED)
        return True
    return False


def _matches_another(clause: Clause) -> bool:
    """Say whether a colour is to be that of another part: "the same colour as the letters"."""
    if not clause.mood.wishes or not clause.has(_SAME) or not clause.has(words_of.COLOUR_NOUNS):
        return False
    at = next(n for n, word in enumerate(clause.words) if word in _SAME)
    rest = clause.words[at:]
    names_colour = any(colour_of(word) is not None for word in clause.words)
    return "donttouch" not in clause.words and not names_colour and bool({"as", "like"} & {*rest})


def _changes_content(clause: Clause) -> bool:
    """Say whether what is written is to be another: "change the phone number to ..."."""
    for at, word in enumerate(clause.words):
        if word not in _REWRITING:
            continue
        ahead = [one for one in clause.words[at + 1 :] if one not in words_of.SCOPING | _OWNERS]
        if ahead[:1] and ahead[0] in _CONTENTS:
            return True
    return False


def _reason_against(clause: Clause) -> str | None:
    """Return why what a clause asks for is not done here, if a word or its object says so."""
    for index, word in enumerate(clause.words):
        reason = words_of.UNSUPPORTED.get(word)
        is_use = "for" in clause.words[max(0, index - 2) : index]
        if reason is None or index in clause.used or is_use:
            continue
        if not _says_something_else(clause, word):
            return reason
    if any(word in _FONTS and clause.before(at) in STYLES for at, word in enumerate(clause.words)):
        # "A more elegant font"
        return words_of.LETTERS_ANEW
    if _changes_content(clause):
        return words_of.LETTERS_ANEW
    return _NAME_THE_COLOUR if _matches_another(clause) else None


def _says_something_else(clause: Clause, word: str) -> bool:
    """Say whether a word stands for what is done here: "the edges look like a staircase"."""
    if word == "restyled":
        return any(one in SENSES and SENSES[one].form == "fault" for one in clause.words)
    moves = word in {"move", "moving", "layout", "composition"}
    return moves and "centre" in clause.words


def _is_object(clause: Clause, group: frozenset[str]) -> bool:
    """Say whether the first noun after a removing verb is of a group: "drop the tagline"."""
    verb = next((at for at, word in enumerate(clause.words) if word in words_of.REMOVE), None)
    if verb is None:
        return False
    for word in clause.words[verb + 1 :]:
        if word in group:
            return True
        if word not in FILLER and word not in words_of.SCOPING:
            return False
    return False


def _puts_something(clause: Clause) -> bool:
    if not clause.has(_PUTTING) or clause.mood.lacks:
        return False
    return _names_unknown(clause, _PUTTING)


def _exchanges_something(clause: Clause) -> bool:
    """Say whether one thing is to become another: "replace the tree with a mountain"."""
    if any(colour_of(word) for word in clause.words) or clause.mood.lessens:
        return False
    verbs = frozenset({"replace", "swap", "exchange", "substitute", "turn", "change", "transform"})
    if not clause.has(verbs) or not clause.has(frozenset({"with", "into", "for", "to", "by"})):
        return False
    return _names_unknown(clause, verbs)


def _names_unknown(clause: Clause, verbs: frozenset[str]) -> bool:
    """Say whether the object of a verb is something that the grammar has no word for."""
    start = next(at for at, word in enumerate(clause.words) if word in verbs)
    for word in clause.words[start + 1 :]:
        if word in {"to", "on", "around", "from", "behind", "in", "for", "so", "under", "with"}:
            return False
        if word in words_of.FOREGROUNDS:
            return True
        if word in words_of.BACKGROUNDS | words_of.PARTS | words_of.TEXTS:
            return False
        sense = SENSES.get(word)
        if sense is not None and sense.form == "noun":
            return False
        is_strange = not is_known(word) or is_thing(word)
        if is_strange and colour_of(word) is None and word.isalpha():
            return True
    return False
