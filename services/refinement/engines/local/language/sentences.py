"""Where sentences start and end among the words of a prompt."""

from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language.tokens import Token

SENTENCE_ENDS: Final = frozenset(".!?;\n")


def word_at(tokens: Sequence[Token], at: int) -> str:
    """Return the word at a place, or nothing where there is none."""
    return tokens[at].word if 0 <= at < len(tokens) else ""


def sentence_around(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return where the sentence around a place starts and ends."""
    start = end = at
    while start and tokens[start - 1].word not in SENTENCE_ENDS:
        start -= 1
    while end < len(tokens) and tokens[end].word not in SENTENCE_ENDS:
        end += 1
    return start, end
