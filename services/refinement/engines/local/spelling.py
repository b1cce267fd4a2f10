"""Puts typing errors right, towards words the engine acts on and nothing else."""

from typing import Final

from services.refinement.engines.local import vocabulary as words_of
from services.refinement.engines.local.named_colours import NAMED

_TYPO_LENGTH_MIN: Final = 5
_LEXICON: Final = (
    frozenset(words_of.ATTRIBUTES)
    | frozenset(NAMED)
    | frozenset(words_of.LOOKS)
    | (
        frozenset(
            {"background", "remove", "reduce", "increase", "replace", "without", "color", "colors"}
        )
    )
)
_KNOWN: Final = frozenset().union(
    _LEXICON,
    words_of.PLAIN_WORDS,
    words_of.UNSUPPORTED,
    words_of.ASPECTS,
    words_of.AMOUNTS,
    words_of.PHRASES.values(),
    words_of.MORE,
    words_of.LESS,
    words_of.REMOVE,
    words_of.NEGATED,
    words_of.COMPLAINING,
    words_of.WISHING,
    words_of.KEEPING,
    words_of.CHANGING,
    words_of.SWAPPING,
    words_of.PARTS,
    words_of.SPLITTING,
    words_of.COLOUR_NOUNS,
    words_of.NUMBERS,
)


def repaired(words: tuple[str, ...]) -> tuple[str, ...]:
    """Replace words one slip away from a word of the lexicon with the same initial."""
    return tuple(_repair(word) for word in words)


def _repair(word: str) -> str:
    if len(word) < _TYPO_LENGTH_MIN or word in _KNOWN or not word.isalpha():
        return word
    near = sorted(
        known
        for known in _LEXICON
        if known[0] == word[0] and len(known) >= _TYPO_LENGTH_MIN and _is_one_slip(word, known)
    )
    return near[0] if near else word


def _is_one_slip(word: str, known: str) -> bool:
    """Say whether one letter is missing, extra, wrong, or two neighbours changed places."""
    if abs(len(word) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    one, other = word[start:], known[start:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[:2] == other[1::-1] and one[2:] == other[2:])
    )
