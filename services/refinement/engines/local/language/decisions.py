"""Weighs opinions: what others say counts until the writer decides otherwise.

Of two people who say the opposite neither is right unless the writer says so; a later decision of
the writer takes the place of what others wished for the same.
"""

import re
from typing import Final

from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.wishes import Reading, Wish
from services.refinement.engines.local.operations import (
    Background,
    Duotone,
    Lightness,
    LimitColours,
    Look,
    Monochrome,
    Operation,
    Recolour,
    Saturation,
    Shades,
    TransparentBackground,
    Warmth,
)

_OVERRULED: Final = "a later sentence decides otherwise"
_UNDECIDED: Final = "opinions differ, and the prompt does not say which one counts"
_DECIDING: Final = words(
    "i we lets instead insteadof rather decided decision settled agreed prefer stick final "
    "go pick choose"
)
_BUT: Final = words("but though although however yet while whereas")
_CONSENTING: Final = words(
    "show try do humour guess agree okay ok fine fair understand happy know suppose see go paying"
)
_ADDING: Final = words("also additionally plus accent accents addition")
_COLOURING: Final = (Recolour, Monochrome, Duotone, Look, Shades, LimitColours)
_GROUNDS: Final = (Background, TransparentBackground)
_PRONOUNS: Final = frozenset({"he", "she", "they", "somebody"})
# The writer, within a few words.
_WE: Final = r"\b(?:i|we|i'm|we're)\b.{0,20}(?<!not )(?<!n't )(?<!cannot )"
_WE_WOULD: Final = r"\b(?:i|we)(?:'d| would|'ll| will)? "
_THAT: Final = r"(?:it|one|them|that|those|this|as)"
_DISAGREEING: Final = re.compile(
    "|".join(
        (
            _WE + r"\b(?:disagree|overrule|against (?:that|it)|talked (?:him|her|them) out)\b",
            _WE + r"\b(?:not agree|don't agree|decided against|not (?:going to|gonna|doing))\b",
            _WE_WOULD + r"(?:rather|prefer) (?:not|none|have none|have neither|leave it|keep it)\b",
            _WE_WOULD + r"(?:rather )?(?:keep|leave)\b.*\b" + _THAT + r"\b",
            _WE_WOULD + r"?(?:said|say|told (?:him|her|them)) no\b",
            r"\b(?:ignore|disregard|overrule|forget) (?:him|her|them|that|this|all that|those)\b",
            r"\b(?:he|she|they)(?:'s|'re| is| are) wrong\b",
            r"^(?:but )?(?:please )?(?:do not|don't)(?: please)?$",
            r"\b(?:is|are|looks?|already|it's|they're) (?:quite )?(?!not\b)\w+ enough\b",
            r"\b(?:never mind|nevermind|scrap that|forget it)\b",
            r"\b(?:do not|don't|won't|will not) do (?:that|it|so|this)\b",
            r"^(?:but |though )?i (?:do not|don't|am not)$",
        )
    )
)
# Of more opinions than that only the last are weighed, so that reading stays linear.
_OPINIONS_MAX: Final = 12


def is_decision(clause: Clause) -> bool:
    """Say whether a clause says what the writer has decided, beside what others wish."""
    spoken = {*clause.words, *clause.phrase.lower().replace("'", " ").split()}
    adds = bool(spoken & _ADDING) or clause.words[-1] == "too"
    return not clause.speaker and bool(spoken & _DECIDING) and not adds


def take_back_opinions(clause: Clause, reading: Reading) -> bool:
    """Read "I disagree": what others wished before is not wished; say whether that was it."""
    said = clause.phrase.lower().replace("\u2019", "'")
    if clause.speaker or not _DISAGREEING.search(said):
        return False
    opinions = [wish for wish in reading.wishes if wish.speaker][-_OPINIONS_MAX:]
    if not opinions:
        return False
    if any(isinstance(wish.operation, _GROUNDS) for wish in opinions):
        # "The boss wants it red behind the logo. I told him no, make it white."
        clause.area = "background"
    _drop(opinions, _OVERRULED, reading)
    return True


def oppose(clause: Clause, prompt: str, reading: Reading) -> None:
    """Drop what others wished where "but I ..." speaks against it and is not understood."""
    before = prompt[: clause.start].rstrip().rpartition(" ")[2].lower()
    consents = clause.has(_CONSENTING) and not clause.mood.forbids
    if clause.decides and before in _BUT and not consents:
        opinions = [wish for wish in reading.wishes if wish.speaker][-_OPINIONS_MAX:]
        _drop(opinions, _OVERRULED, reading)


def weigh(reading: Reading) -> None:
    """Drop wishes of others that the writer overrules, and those nobody has decided between."""
    placed = list(enumerate(reading.wishes))
    decisions = [(at, wish) for at, wish in placed if wish.decides][-_OPINIONS_MAX:]
    overruled = [
        wish
        for at, wish in placed
        if wish.speaker
        and any(
            at < later and _concern_the_same(wish.operation, decision.operation)
            for later, decision in decisions
        )
    ]
    _drop(overruled, _OVERRULED, reading)
    opinions = [wish for wish in reading.wishes if wish.speaker][-_OPINIONS_MAX:]
    undecided = [one for one in opinions if any(_contradict(one, other) for other in opinions)]
    _drop(undecided, _UNDECIDED, reading)
    unwished = [wish for wish in reading.wishes if _is_kept(wish.operation, reading)]
    _drop(unwished, "the prompt says to leave that as it is", reading)


def _is_kept(operation: Operation, reading: Reading) -> bool:
    whole = getattr(operation, "scope", None) is None
    return whole and type(operation).__name__ in reading.left_alone


def _drop(wishes: list[Wish], reason: str, reading: Reading) -> None:
    for wish in wishes:
        reading.wishes.remove(wish)
        if (wish.phrase, reason) not in reading.refused:
            reading.refused.append((wish.phrase, reason))


def _concern_the_same(one: Operation, other: Operation) -> bool:
    alike = getattr(one, "scope", None) == getattr(other, "scope", None)
    if isinstance(one, Look) and isinstance(other, Saturation | Warmth | Lightness):
        # "The kids wanted neon, I want something calmer"
        return alike
    for group in (_COLOURING, _GROUNDS):
        if isinstance(one, group) and isinstance(other, group):
            return alike
    return type(one) is type(other) and alike


def _contradict(one: Wish, other: Wish) -> bool:
    """Say whether two people wish for different things where only one can be."""
    if one.speaker == other.speaker or {one.speaker, other.speaker} & _PRONOUNS:
        return False
    first, second = one.operation, other.operation
    if not _concern_the_same(first, second):
        return False
    if isinstance(first, (*_COLOURING, *_GROUNDS)):
        return first != second
    ways = (getattr(first, "amount", 0.0), getattr(second, "amount", 0.0))
    return ways[0] * ways[1] < 0
