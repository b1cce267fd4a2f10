"""Brings what stands behind a thing before it: "frame around it, black, thin", "text, white"."""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.tokens import Token, colour_of, end_of, start_of
from services.refinement.engines.local.language.unknown_parts import says_how

_ENDS: Final = frozenset(".;!?\n:")
_PAUSES: Final = frozenset({",", "(", ")", "but", "and", "then"})
_LINES: Final = words_of.BORDERS | words_of.OUTLINES
_DRAWN: Final = _LINES | words_of.SHADOWS
_NAMED: Final = words_of.TEXTS | words_of.BACKGROUNDS | words_of.FOREGROUNDS
_CLOSING: Final = _ENDS | {","}
_PLACING: Final = words(
    "around behind under it the whole thing logo everything all please yes text name letters now "
    "outside on in of picture image this that edge edges padding"
)
_WEAKENING: Final = words("only just a an one very really super quite pretty please nice bit so ok")
_ARTICLES: Final = words("the a an my our your please just also and")
_DENYING: Final = words_of.NEGATED | words_of.REMOVE | words_of.KEEPING | {"donttouch", "lacking"}
_AMOUNTS: Final = words(
    "more less a bit much slightly little lot very far way even dampen increase"
)


def with_adjectives_first(tokens: list[Token]) -> list[Token]:
    """Let what is said behind a line or shadow describe it: "frame around it, black, thin"."""
    left = list(tokens)
    at = 0
    while at < len(left):
        if left[at].word in _DRAWN and not _is_denied(left, at):
            end = at + 1
            while end < len(left) and left[end].word in _PLACING:
                end += 1
            described: list[Token] = []
            last = end
            while last < len(left) and left[last].word in _PAUSES:
                opening = last + 1
                while opening < len(left) and left[opening].word in _PAUSES:
                    opening += 1
                segment_end = _segment_end(left, opening)
                said = _description(left[opening:segment_end])
                if not said:
                    break
                described += said
                last = segment_end
                if last < len(left) and left[last].word == ")":
                    last += 1
            if described:
                closing = left[last - 1].end
                head = left[at]
                moved = [Token(one.word, head.start, head.start) for one in _ordered(described)]
                kept = left[at:end]
                kept[-1] = kept[-1]._replace(end=closing)
                left[at:last] = [*moved, *kept]
                at += len(moved)
        at += 1
    return left


def _ordered(described: Sequence[Token]) -> list[Token]:
    """Return adjectives with colours last, as they stand before a noun."""
    return sorted(described, key=lambda one: colour_of(one.word) is not None)


def _segment_end(tokens: Sequence[Token], at: int) -> int:
    return end_of(tokens, at, _CLOSING | {"(", ")"})


def _description(segment: Sequence[Token]) -> list[Token]:
    """Return the adjectives of words that only describe; nothing if they say more."""
    said = [token for token in segment if token.word not in _WEAKENING]
    has_content = any(
        _is_adjective(token.word) or colour_of(token.word) is not None for token in said
    )
    only_describes = all(
        _is_adjective(token.word)
        or colour_of(token.word) is not None
        or token.word in words_of.SLIGHT | words_of.STRONG
        for token in said
    )
    return said if has_content and only_describes else []


def _is_adjective(word: str) -> bool:
    return word in SENSES and SENSES[word].form in {"plain", "fault"}


def _is_denied(tokens: Sequence[Token], at: int) -> bool:
    start = start_of(tokens, at, _CLOSING)
    return any(token.word in _DENYING for token in tokens[start:at])


def with_values(tokens: list[Token]) -> list[Token]:
    """Let a comma give a value to what stands alone before it: "text, white", "lines, thicker"."""
    left: list[Token] = []
    for at, token in enumerate(tokens):
        if token.word == "," and at and _is_alone(tokens, at):
            end = _segment_end(tokens, at + 1)
            said = tokens[at + 1 : end]
            gives = said and all(
                says_how(one.word)
                or one.word in _AMOUNTS | words_of.SLIGHT | words_of.STRONG | {"please"}
                for one in said
            )
            if gives:
                continue
        left.append(token)
    return left


def _is_alone(tokens: Sequence[Token], at: int) -> bool:
    """Say whether only a part of the logo is named before a place in its sentence."""
    if tokens[at - 1].word not in _NAMED | _LINES | {"lines", "corners", "edges", "strokes"}:
        return False
    start = at - 1
    while start and tokens[start - 1].word in _ARTICLES:
        start -= 1
    return start == 0 or tokens[start - 1].word in _ENDS
