"""Cuts a prompt into clauses and says which way the words of each turn the others.

A clause that has no direction of its own takes the one before it, where they are joined: "less
saturated and contrasty", "don't make it darker or busier", "remove the shadow and the gradients".
"""

import copy
from collections.abc import Sequence
from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.moods import (
    OFF,
    Mood,
    last_but_courtesy,
    mood_of,
)
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import Token, colour_of

_CUT: Final = "|"
# Longer ones are cut, so that reading stays linear whatever a prompt is made of.
CLAUSE_WORDS_MAX: Final = 40
_SOFT: Final = frozenset({"and", "&", "or", "nor", ",", "+", "/", "plus"})
_HARD: Final = frozenset(
    {"but", "then", "also", "while", "yet", "however", "because", "though", "although", "whereas"}
)
_OPENING: Final = frozenset(
    {"without", "with", "except", "donttouch", "when", "whenever", "otherwise"}
)
_IMPERATIVES: Final = words(
    "make remove add change replace keep ditch put give use leave swap rotate flip "
    "crop lose reduce increase turn simplify preserve kill"
)
# After these an imperative is no new clause: "please make", "I want you to make".
_LEADING: Final = words(
    "to please can could would should not you we i and or just must will let lets "
    "never do us help it ever they may might that which the a his her also then then "
    "be only all some with"
)
_SKIPPED_BEFORE_COLOUR: Final = words(
    "a an some little the touch hint bit slightly dark light deep pale bright soft of "
    "pure off very accents"
)
_PAIRING: Final = frozenset(
    {
        "replace",
        "swap",
        "replaced",
        "substitute",
        "replacing",
        "swapped",
        "swapping",
        "exchange",
        "trade",
        "go",
        "stick",
        "start",
        "started",
        "going",
        "switch",
        "work",
        "works",
        "fill",
        "filled",
        "paint",
        "cover",
        "painted",
    }
)
# "Not too bold, just somewhat thicker": these say that what was forbidden is over.
_BREAKING: Final = frozenset({"yes", "just", "only", "rather", "instead", "please", "simply"})
_KEY_WORDS_MAX: Final = 2
_KEYS: Final = (
    words_of.TEXTS
    | words_of.BACKGROUNDS
    | words_of.FOREGROUNDS
    | words_of.SHADOWS
    | words_of.GRADIENTS
    | words_of.BORDERS
    | words_of.OUTLINES
    | words("lines line corners edges strokes")
)
_AMOUNTS: Final = frozenset({"more", "less", "fewer"})
_REPLACED_MAX: Final = 4
_CONDITIONS: Final = frozenset({"if", "when", "whenever"})
_CONDITION_MIN: Final = 3
_AFTER_SO: Final = words(
    "could can please no i we you it they the let lets maybe would should just that take remove "
    "try perhaps think if there my our their its"
)
_BEFORE_DEGREE: Final = (
    words_of.COMPLAINING | words_of.NEGATED | words("it this that them everything all why is")
)
_CANVAS_ORDERS: Final = frozenset(word for word in words_of.CANVAS_VERBS if not word.endswith("ed"))
_OTHERS: Final = frozenset({"rest", "everything", "else", "all"})
_FINITE: Final = (
    words_of.SWAPPING
    | words_of.TURNING
    | words(
        "try go prefer maybe let use using make making give please should must can could would "
        "need needs want keep put is are looks feels be set get add would"
    )
)


class Clause:
    """A clause being read: its words, its mood, and which words are accounted for."""

    def __init__(self, *, tokens: Sequence[Token], joined: str, prompt: str) -> None:
        self.words: tuple[str, ...] = tuple(token.word for token in tokens)
        self.start = tokens[0].start
        self.speaker = ""
        self.decides = False
        self.joined = joined
        self.phrase = " ".join(prompt[tokens[0].start : tokens[-1].end].split())
        self.mood = mood_of(self.words)
        self.used: set[int] = set()
        self.area: str | None = None
        self.referent: str | None = None
        self.referents: frozenset[str] = frozenset()
        self.part: str | None = None
        self.named: tuple[str, ...] = ()
        self.licence: Licence = Licence.FRAGMENT

    def without(self, places: frozenset[int]) -> "Clause":
        """Return the clause as it would be without some of its words."""
        other = copy.copy(self)
        other.words = tuple(word for at, word in enumerate(self.words) if at not in places)
        other.mood = mood_of(other.words) if other.words else Mood()
        other.used = set()
        return other

    def has(self, *groups: frozenset[str]) -> bool:
        """Say whether any word is in one of the groups."""
        return any(word in group for word in self.words for group in groups)

    def find(self, group: frozenset[str]) -> list[int]:
        """Return where the words of a group are, but for those accounted for."""
        return [
            index
            for index, word in enumerate(self.words)
            if word in group and index not in self.used
        ]

    def before(self, index: int, distance: int = 1) -> str:
        """Return the word so far before an index, or nothing."""
        return self.words[index - distance] if index >= distance else ""

    def after(self, index: int, distance: int = 1) -> str:
        """Return the word so far after an index, or nothing."""
        return self.words[index + distance] if index + distance < len(self.words) else ""


def clauses_of(tokens: Sequence[Token], prompt: str) -> list[Clause]:
    """Return the clauses of a prompt, each with its mood."""
    clauses: list[Clause] = []
    current: list[Token] = []
    joined = ""
    for index, token in enumerate(tokens):
        separator = _separator(tokens, index, current)
        if separator is not None:
            if current:
                clauses.append(Clause(tokens=current, joined=joined, prompt=prompt))
                current, joined = [], "" if separator == _CUT else separator
            elif separator not in _SOFT or not joined:
                joined = separator
        if separator is None or separator == _CUT:
            current.append(token)
    if current:
        clauses.append(Clause(tokens=current, joined=joined, prompt=prompt))
    _pass_on(clauses)
    return clauses


def _separator(tokens: Sequence[Token], index: int, current: Sequence[Token]) -> str | None:
    """Return what ends the clause before a word, or None where it goes on.

    A soft separator is the word itself; `_CUT` is none: the word opens the next clause.
    """
    word = tokens[index].word
    if word == "and" and any(token.word == "between" for token in current[-_REPLACED_MAX:]):
        return None
    if word in _SOFT:
        binds = (word == "," and _is_replaced(current)) or _binds(tokens, index, current)
        return None if binds else word
    if word == ":" and _is_key(current):
        return None
    if _is_called(word, current):
        return None
    if word == "(":
        return word
    if word in _HARD or _is_mark(word) or (current and _concludes(tokens, index)):
        return ""
    return _CUT if current and _is_cut(tokens, index, current) else None


def _is_called(word: str, current: Sequence[Token]) -> bool:
    """Say whether a bracket belongs to what stands before it: a call, "flip" with its way."""
    return word == "(" and [one.word in words_of.CANVAS_VERBS for one in current] == [True]


def _is_cut(tokens: Sequence[Token], index: int, current: Sequence[Token]) -> bool:
    """Say whether a word opens a clause without any mark before it."""
    word = tokens[index].word
    if _ends_condition(tokens, index, current) or len(current) >= CLAUSE_WORDS_MAX:
        return True
    if word == "with" and _binds(tokens, index, current):
        return False
    return _opens(word, current)


def _ends_condition(tokens: Sequence[Token], index: int, current: Sequence[Token]) -> bool:
    """Say whether what follows from a condition starts: "when I print it | it is just mush"."""
    following = tokens[index + 1].word if index + 1 < len(tokens) else ""
    return (
        len(current) >= _CONDITION_MIN
        and current[0].word in _CONDITIONS
        and tokens[index].word in {"it", "they", "i", "we"}
        and following in _FINITE | {"can", "gets", "get"}
    )


def _concludes(tokens: Sequence[Token], index: int) -> bool:
    """Say whether "so" opens a clause: "it goes on black, so make it white"."""
    following = tokens[index + 1].word if index + 1 < len(tokens) else ""
    if tokens[index].word != "so":
        return False
    if index and tokens[index - 1].word in _BEFORE_DEGREE:
        # "It is so red", "not so red"
        return False
    if index > 1 and tokens[index - 2].word in {"is", "are", "was"}:
        # "Why is it so yellow?"
        return following in _AFTER_SO - {"that", "the"}
    return following in _AFTER_SO | _IMPERATIVES or colour_of(following) is not None


def _is_key(current: Sequence[Token]) -> bool:
    """Say whether a colon gives a value to what stands before it: "background: white"."""
    words_max = _KEY_WORDS_MAX + (bool(current) and current[0].word in words_of.ONLY)
    return 0 < len(current) <= words_max and any(
        token.word in _KEYS | words_of.PARTS
        or (token.word in SENSES and SENSES[token.word].form == "noun")
        for token in current
    )


def _is_mark(word: str) -> bool:
    return not (word[-1].isalnum() or word[0] in "#%=" or word in {"->", "\u2192"})


def _binds(tokens: Sequence[Token], index: int, current: Sequence[Token]) -> bool:
    """Say whether a word that splits elsewhere holds colours or a replacement together here."""
    if not current:
        return False
    word = tokens[index].word
    if word == "with" and any(token.word in _PAIRING for token in current):
        return True
    if _colour_at_end(current) is None:
        return False
    following = [token.word for token in tokens[index + 1 : index + 6]]
    if following[:1] in (["and"], ["&"], ["or"]):
        following = following[1:]
    for candidate in following:
        if colour_of(candidate) is not None:
            return not (candidate in SENSES and SENSES[candidate].form == "explicit")
        swaps = candidate == "the" and any(one.word in {"swap", "exchange"} for one in current)
        if not swaps and (candidate not in _SKIPPED_BEFORE_COLOUR or candidate == "the"):
            return False
    return False


def _colour_at_end(current: Sequence[Token]) -> str | None:
    for token in list(current)[-2:][::-1]:
        name = colour_of(token.word)
        if name is not None or token.word not in words_of.COLOUR_NOUNS:
            return name
    return None


def _opens(word: str, current: Sequence[Token]) -> bool:
    if word in SENSES and word.endswith("er") and _is_pair(current):
        return True
    if _is_balanced(word, current) or _is_next_part(word, current):
        return True
    return word in _OPENING or _starts_anew(word, current) or _is_contrasted(word, current)


def _is_replaced(current: Sequence[Token]) -> bool:
    """Say whether only what is to be replaced has been named: "instead of gold, use silver"."""
    return bool(current) and current[0].word == "insteadof" and len(current) <= _REPLACED_MAX


def _is_balanced(word: str, current: Sequence[Token]) -> bool:
    """Say whether "more" or "less" opens the other half: "less green more blue"."""
    amounts = [at for at, token in enumerate(current) if token.word in _AMOUNTS]
    return word in _AMOUNTS and bool(amounts) and amounts[-1] < len(current) - 1


def _is_next_part(word: str, current: Sequence[Token]) -> bool:
    """Say whether a part opens the next pair: "text brighter | background darker"."""
    last = current[-1].word
    return (
        word in _KEYS
        and last in SENSES
        and last.endswith("er")
        and any(token.word in _KEYS for token in current[-2:-1])
    )


def _is_pair(current: Sequence[Token]) -> bool:
    """Say whether a comparison and its noun are complete: "darker bg | lighter letters"."""
    compared = any(
        token.word in SENSES and SENSES[token.word].form == "explicit" for token in current
    )
    return compared and current[-1].word in _KEYS


def _starts_anew(word: str, current: Sequence[Token]) -> bool:
    if word not in _IMPERATIVES or len(current) <= 1 or current[-1].word in _LEADING:
        return False
    if _is_replaced(current):
        return False
    return not any(token.word in words_of.NEGATED for token in current[-4:])


def _is_contrasted(word: str, current: Sequence[Token]) -> bool:
    """Say whether "not" opens what is not wished for: "white not grey"."""
    if word != "not" or len(current) <= 1:
        return False
    last = current[-1].word
    return colour_of(last) is not None or last in SENSES or last in words_of.LOOKS


def _pass_on(clauses: Sequence[Clause]) -> None:
    previous: Clause | None = None
    for clause in clauses:
        if previous is not None and clause.joined in _SOFT:
            _inherit(previous, clause)
        previous = clause


def _inherit(previous: Clause, clause: Clause) -> None:
    before = previous.mood
    if clause.has(_FINITE) and not (clause.joined in {"or", "nor"} and before.forbids):
        return
    own = clause.mood
    if before.forbids and not before.lacks and not own.lacks:
        names_a_part = previous.words[0] == "without" and clause.has(_KEYS)
        is_contrary = clause.joined != "nor" and turns_back(previous, clause)
        is_other = clause.words[0] == "something" and clause.joined == ","
        if not (is_contrary or is_other or clause.has(_BREAKING) or names_a_part):
            clause.mood = msgspec.structs.replace(
                own, forbids=True, guards=before.guards or own.guards, too=False
            )
        return
    if (
        own.is_neutral
        and not (before.removes and clause.has(_BREAKING))
        and _is_inherited(previous, clause)
    ):
        clause.mood = before


def _is_inherited(previous: Clause, clause: Clause) -> bool:
    before = previous.mood
    forms = {SENSES[word].form for word in clause.words if word in SENSES}
    forms_before = {SENSES[word].form for word in previous.words if word in SENSES}
    if before.lacks:
        return True
    if before.removes and last_but_courtesy(previous.words) in OFF | {"none", "gone", "zero"}:
        # "bg none, text white": what stands behind a thing is about that alone.
        return False
    if "explicit" in forms:
        return False
    is_ground = clause.words[-1] in words_of.BACKGROUNDS and colour_of(clause.words[0]) is not None
    if before.removes and clause.joined == "," and is_ground:
        # "No gradient, white background" wishes for one.
        return False
    if before.keeps:
        if clause.joined == "," and clause.words[0] in _CANVAS_ORDERS:
            # "Leave the size, centre it"
            return False
        return not clause.has(_OTHERS) and (clause.has(frozenset(words_of.ASPECTS)) or not forms)
    # "No gradients and flat colours", "fewer colours, high contrast": these are wishes.
    return "plain" not in forms or (
        not before.removes and not forms_before.isdisjoint({"plain", "fault"})
    )


def turns_back(previous: Clause, clause: Clause) -> bool:
    """Say whether a clause wishes for the contrary of what the one before it forbids."""
    before = {SENSES[word].quality: SENSES[word] for word in previous.words if word in SENSES}
    own = {SENSES[word].quality: SENSES[word] for word in clause.words if word in SENSES}
    return any(
        quality in before and before[quality].direction != sense.direction
        for quality, sense in own.items()
    )
