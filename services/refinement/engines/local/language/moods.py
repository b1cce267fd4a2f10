"""Says which way the words of a clause turn the others: less, not, too, keep, should."""

import itertools
from collections.abc import Sequence
from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words

OFF: Final = frozenset({"off", "away", "out"})
# "The red has to go"
_BEFORE_GO: Final = words("should must needs has to can could might")
_BEFORE_BE: Final = words("will may might can to could not too")
_TAKING: Final = words("take takes taking taken get leave put")
_COURTESY: Final = words("please thanks now then thx entirely completely altogether again")


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """Which way the words of a clause turn the others.

    `guards` is a forbidden change ("don't lose"), `forbids` a forbidden state ("not too dark").
    """

    keeps: bool = False
    up: bool = False
    down: bool = False
    removes: bool = False
    adds: bool = False
    forbids: bool = False
    guards: bool = False
    too: bool = False
    lacks: bool = False
    complains: bool = False
    wishes: bool = False

    @property
    def is_neutral(self) -> bool:
        """Whether the words say nothing of a direction."""
        return self == _NEUTRAL

    @property
    def lessens(self) -> bool:
        """Whether what is named is to become less."""
        return self.down or self.removes or self.too


_NEUTRAL: Final = Mood()


def mood_of(words: Sequence[str]) -> Mood:
    """Return which way the words of a clause turn the others."""
    found = set(words)
    turns = bool(found & words_of.TURNING)
    up = bool(found & words_of.MORE) or ("up" in found and (turns or words[0] == "up"))
    is_quality = any(word in SENSES and SENSES[word].form != "noun" for word in words)
    up = up or (len(words) > 1 and words[-1] == "up" and not is_quality)
    brings_back = "back" in found and bool(found & {"bring", "put"})
    up = up or brings_back
    down = bool(found & words_of.LESS) or (
        turns and bool(found & {"down", "back"}) and not brings_back
    )
    # "Cool it down" is a word of its own; "contrast down" is not.
    down = down or (len(words) > 1 and words[-1] == "down" and not is_quality)
    forbids = bool(found & words_of.NEGATED)
    negates = forbids or bool(found & {"no", "without"})
    removes = bool(found & words_of.REMOVE) or (
        last_but_courtesy(words) == "go" and bool(_BEFORE_GO & set(words[1:-1]))
    )
    is_state = bool(found & (words_of.COMPLAINING - {"being", "be"}))
    last = last_but_courtesy(words)
    removes = removes or (last in OFF and len(words) > 1 and not is_quality and not is_state)
    removes = removes or _takes_off(words)
    is_subjunctive = _is_subjunctive(words)
    wishes = bool(found & words_of.WISHING) or is_subjunctive
    complains = _has_copula(words) and not wishes
    lacks = bool(found & words_of.LACKING) or (forbids and "enough" in found)
    too = bool(found & {"too", "overly"}) and not _only_adds(words)
    if lacks or ((too or complains) and not forbids and found & words_of.LOW):
        return Mood(lacks=True, up=True, complains=complains, wishes=True)
    if complains and found & words_of.HIGH and not forbids:
        too = True
    if forbids and found & {"so", "that", "as", "such"} and found & {"so", "as", "that", "such"}:
        return Mood(down=True, complains=complains, wishes=wishes)
    if forbids and too:
        return Mood(forbids=True, guards=True)
    changes = up or down or turns or bool(found & (words_of.REMOVE - {"without", "no", "unless"}))
    return Mood(
        keeps=(bool(found & words_of.KEEPING) and not (forbids and found & {"keep", "leave"}))
        or _keeps_same(words),
        up=up,
        down=down,
        removes=removes,
        adds=bool(found & words_of.ADDING),
        forbids=forbids,
        guards=(negates and changes and not ("no" in found and not forbids and not up and not down))
        or "donttouch" in found,
        too=too or (complains and "so" in words[1:]),
        complains=complains,
        wishes=wishes,
    )


def _only_adds(words: Sequence[str]) -> bool:
    """Say whether a "too" at the end means "also": "soften the edges here too"."""
    says_how = any(word in SENSES and SENSES[word].form == "explicit" for word in words)
    asks = says_how or bool(words_of.WISHING & set(words))
    return last_but_courtesy(words) == "too" and list(words).count("too") == 1 and asks


def _is_subjunctive(words: Sequence[str]) -> bool:
    """Say whether a bare "be" wishes: "the text be in white"."""
    return words[1:-1].count("be") == 1 and not any(
        word in words_of.COMPLAINING - {"be"} or word in words_of.NEGATED or word in _BEFORE_BE
        for word in words
    )


def _has_copula(words: Sequence[str]) -> bool:
    """Say whether a clause says how something is; "a retro look" does not."""
    main = words[: words.index("where")] if "where" in words[1:] else words
    return any(
        word in words_of.COMPLAINING
        and not (
            word in {"look", "feel"}
            and at
            and (at == len(words) - 1 or words[at - 1] in {"a", "an", "the", "this", "that"})
        )
        for at, word in enumerate(main)
    )


def last_but_courtesy(words: Sequence[str]) -> str:
    """Return the last word of a clause that says something: "border off please"."""
    for word in reversed(words):
        if word not in _COURTESY:
            return word
    return ""


def _takes_off(words: Sequence[str]) -> bool:
    """Say whether a verb and its particle take something away: "take the shadow off it"."""
    verb = next((at for at, word in enumerate(words) if word in _TAKING), None)
    return verb is not None and any(word in OFF for word in words[verb + 2 :])


def _keeps_same(words: Sequence[str]) -> bool:
    """Say whether a clause asks for the same of something: "same shapes"."""
    return any(
        word == "same" and following in words_of.ASPECTS
        for word, following in itertools.pairwise(words)
    )
