"""Sounds and common slips of short words, by which misspelt ones are told.

Short words are near to many others, so they are repaired by what they sound like ("wite", "doun")
or where two letters have changed places ("drak"), and never by another letter in the place of one:
that would make "thick" of "thin".
"""

import re
from typing import Final

from services.refinement.engines.local.language.morphology import words

SHORT_LENGTH_MIN: Final = 4

# Words whose meaning is no direction, or a direction that a slip must find again.
COMMON: Final = words(
    "little please should would could make with less more much down very just that "
    "this them they want need have look looks bit brown black white green the and "
    "remove without around behind letters thing things everything colour color again"
)
# Tints: words of their own, and one slip from the names of other colours.
TINTS: Final = words(
    "reddish bluish blueish greenish yellowish purplish pinkish brownish orangish orangey greyish "
    "grayish whitish blackish goldish bluer redder greener pinker browner greyer yellower blacker "
    "whiter"
)
# Short words that two letters in wrong order still tell.
_SWAPPED: Final = words(
    "dark blue pink gold grey gray bold thin more less make text name line font icon logo with "
    "down tone edge crop flip flat warm cool soft round light black white green brown thick "
    "just that this them should"
)
# Short words that one missing letter still tells.
_SHORTENED: Final = words("black white green brown light thick beige cream sharp")
_ABBREVIATED: Final = {
    "les": "less",
    "mor": "more",
    "mroe": "more",
    "blu": "blue",
    "mak": "make",
    "makee": "make",
    "colous": "colours",
    "th": "the",
    "tex": "text",
    "dul": "dull",
    "dis": "this",
    "dat": "that",
    "da": "the",
    "wid": "with",
    "wif": "with",
    "den": "then",
    "shud": "should",
    "cud": "could",
    "wud": "would",
    "becos": "because",
    "bcos": "because",
    "bcoz": "because",
    "bc": "because",
    "wat": "what",
    "sumthing": "something",
    "evrything": "everything",
    "baground": "background",
    "bakgrund": "background",
}
_SOUNDS: Final = (
    (re.compile("ight"), "it"),
    (re.compile("ite$"), "it"),
    (re.compile("ph"), "f"),
    (re.compile("wh"), "w"),
    (re.compile("ow"), "ou"),
    (re.compile("ck|c(?=[ktaour]|$)"), "k"),
    (re.compile(r"([^aeiou])\1+"), r"\1"),
)


def sound_of(word: str) -> str:
    """Return what a word sounds like, so that "wite" and "white" are the same."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def short_word_meant(word: str) -> str | None:
    """Return the short word that a slip has made another of, if it can be told."""
    if word in _ABBREVIATED:
        return _ABBREVIATED[word]
    if len(word) < SHORT_LENGTH_MIN:
        return None
    meant = {known for known in _SWAPPED if _is_swapped(word, known)}
    meant |= {known for known in _SHORTENED if _lacks_one(word, known)}
    return meant.pop() if len(meant) == 1 else None


def _is_swapped(word: str, known: str) -> bool:
    """Say whether two neighbouring letters have changed places."""
    if len(word) != len(known) or word == known:
        return False
    at = next(n for n, (one, other) in enumerate(zip(word, known, strict=True)) if one != other)
    return word == known[:at] + known[at : at + 2][::-1] + known[at + 2 :]


def _lacks_one(word: str, known: str) -> bool:
    """Say whether a letter within a word is missing."""
    return len(word) + 1 == len(known) and any(
        word == known[:at] + known[at + 1 :] for at in range(1, len(known))
    )
