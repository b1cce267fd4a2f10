"""Puts typing errors right, towards words the engine acts on and nothing else.

A word is repaired if it sounds like a word of the lexicon, or is one slip (two from nine letters
on) from one that has the same first letter, or the same first two letters swapped, unless it is an
ordinary word itself. Where it could be two words of different sense ("thinker") it stays as it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA, LCSseq

from services.refinement.engines.local.language import vocabulary
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.misspelt import (
    COMMON,
    SHORT_LENGTH_MIN,
    TINTS,
    short_word_meant,
    sound_of,
)
from services.refinement.engines.local.language.ordinary_words import FILLER, LOOKALIKES
from services.refinement.engines.local.language.phrases import PHRASES
from services.refinement.engines.local.language.styles import STYLES
from services.refinement.engines.local.named_colours import NAMED

_TYPO_LENGTH_MIN: Final = 5
_TARGET_LENGTH_MIN: Final = 4
_TWO_SLIPS_LENGTH_MIN: Final = 9
_SPOKEN_LENGTH_MIN: Final = 6
_WORDS_REMEMBERED_MAX: Final = 4096
_TABLES: Final[tuple[Iterable[str], ...]] = (
    *(SENSES, NOUN_KINDS, STYLES, vocabulary.LOOKS, vocabulary.CANVAS_VERBS),
    *(vocabulary.UNSUPPORTED, vocabulary.TEXTS, vocabulary.BACKGROUNDS, vocabulary.FOREGROUNDS),
    *(vocabulary.SHADOWS, vocabulary.GRADIENTS, vocabulary.OUTLINES, vocabulary.BORDERS),
    (
        *vocabulary.COLOUR_NOUNS,
        *("remove", "removed", "removing", "delete", "eliminate", "replace", "replacing", "switch"),
        *("recolor", "recolour", "replaced"),
        *("without", "increase", "reduce", "replace", "slightly", "please", "transparent"),
        *("change", "decrease", "everything", "except", "higher", "lower", "duotone"),
        *("monochrome", "monochromatic", "preserve", "instead", "colour", "vertically"),
    ),
)
# What must not be repaired, besides the lexicon.
_OTHER: Final[tuple[Iterable[str], ...]] = (
    *(
        vocabulary.REMOVE,
        vocabulary.SWAPPING,
        FILLER,
        LOOKALIKES,
        TINTS,
        NAMED,
        vocabulary.MORE,
        vocabulary.LESS,
        vocabulary.NEGATED,
    ),
    *(vocabulary.ADDING, vocabulary.ONLY, vocabulary.TURNING, vocabulary.COMPLAINING),
    *(vocabulary.WISHING, vocabulary.JUDGING, vocabulary.PRAISING, vocabulary.KEEPING),
    *(vocabulary.USING, vocabulary.LACKING, vocabulary.PARTS, vocabulary.SLIGHT),
    *(vocabulary.STRONG, vocabulary.NUMBERS, vocabulary.ASPECTS, vocabulary.EDGES_EMPTY),
    *(vocabulary.LOW, vocabulary.HIGH, vocabulary.SCOPING),
    (word for phrase in PHRASES for word in phrase),
)


def repaired(words: Sequence[str]) -> list[str]:
    """Replace misspelt words by the words of the lexicon they are near to."""
    return [_repair(word) for word in words]


def _targets() -> Mapping[str, tuple[str, ...]]:
    """Return the words to repair towards, by their first letter; the longer colours are joined."""
    grouped: dict[str, set[str]] = defaultdict(set)
    common = {word for word in COMMON if len(word) >= _TYPO_LENGTH_MIN}
    for word in {word for table in _TABLES for word in table} | NAMED.keys() | common:
        is_slip = word.endswith("s") and word in SENSES and word[:-1] in SENSES
        if len(word) >= _TARGET_LENGTH_MIN and word.isalpha() and not is_slip:
            grouped[word[0]].add(word)
    return {initial: tuple(sorted(group)) for initial, group in grouped.items()}


def _sounding() -> Mapping[str, tuple[str, ...]]:
    """Return the words of the lexicon, and those of its phrases, by what they sound like."""
    grouped: dict[str, set[str]] = defaultdict(set)
    spoken = {word for phrase in PHRASES for word in phrase if len(word) >= _SPOKEN_LENGTH_MIN}
    targets = {word for group in _TARGETS.values() for word in group} | COMMON
    for word in targets | (spoken - vocabulary.REMOVE):
        if len(word) >= _TARGET_LENGTH_MIN and word.isalpha():
            grouped[sound_of(word)].add(word)
    return {sound: tuple(sorted(group)) for sound, group in grouped.items()}


_TARGETS: Final = _targets()
_SOUNDING: Final = _sounding()
_KNOWN: Final = frozenset(word for table in (*_TABLES, *_OTHER) for word in table)


def is_known(word: str) -> bool:
    """Say whether a word is one that the grammar or plain English has."""
    return word in _KNOWN


@lru_cache(maxsize=_WORDS_REMEMBERED_MAX)
def _repair(word: str) -> str:
    if word in _KNOWN or not word.isascii() or not word.isalpha() or _is_plural_of_known(word):
        return word
    short = short_word_meant(word)
    if short is not None or len(word) < SHORT_LENGTH_MIN:
        return short or word
    alike = _SOUNDING.get(sound_of(word), ())
    if alike:
        return _meant(word, alike) or word
    if len(word) < _TYPO_LENGTH_MIN:
        return word
    slips = 2 if len(word) >= _TWO_SLIPS_LENGTH_MIN else 1
    near = [
        (distance, known)
        for initial in {word[0], word[1]}
        for known in _TARGETS.get(initial, ())
        if abs(len(known) - len(word)) <= slips
        and (initial == word[0] or known[:2] == word[1::-1])
        and (distance := OSA.distance(word, known, score_cutoff=slips)) <= slips
    ]
    if not near:
        return word
    least = min(near)[0]
    return _meant(word, tuple(known for distance, known in near if distance == least)) or word


def _meant(word: str, candidates: Sequence[str]) -> str | None:
    """Return the word meant by one that may be several; None if they would act differently.

    A word without a direction goes before those with one.
    """
    idle = [known for known in candidates if known not in SENSES]
    senses = {(SENSES[known].quality, SENSES[known].direction) for known in candidates if not idle}
    if len(senses) > 1:
        return None
    # A letter is left out more often than another put in its place: "shado" is no "shade".
    return min(idle or candidates, key=lambda known: (-_shared(word, known), known))


def _shared(word: str, known: str) -> int:
    """Return how many letters of a word another has in the same order."""
    return LCSseq.similarity(word, known)


def _is_plural_of_known(word: str) -> bool:
    return word.endswith("s") and word[:-1] in _KNOWN
