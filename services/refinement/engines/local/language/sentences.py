"""Where sentences start and end among the words of a prompt."""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language.tokens import Token

SENTENCE_ENDS: Final = frozenset(".!?;\n")
# Bounded, so that reading stays linear whatever a prompt is made of.
_WORDS_MAX: Final = 40


def word_at(tokens: Sequence[Token], at: int) -> str:
    """Return the word at a place, or nothing where there is none."""
    return tokens[at].word if 0 <= at < len(tokens) else ""


def sentence_around(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return where the sentence around a place starts and ends, within some words of it."""
    start = end = at
    first, last = max(0, at - _WORDS_MAX), min(len(tokens), at + _WORDS_MAX)
    while start > first and tokens[start - 1].word not in SENTENCE_ENDS:
        start -= 1
    while end < last and tokens[end].word not in SENTENCE_ENDS:
        end += 1
    return start, end
