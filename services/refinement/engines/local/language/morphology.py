"""What English makes of adjectives, verbs and nouns, so that tables of words stay short."""

from typing import Final

_VOWELS: Final = frozenset("aeiou")
_SHORT_WORD_MAX: Final = 5
# Words with these endings are compared with "more"; forms of them would only invite false repairs.
_LONG_ENDINGS: Final = (
    *("ed", "ing", "ful", "ous", "ic", "ist", "able", "ible", "al", "ive", "ent", "ant", "less"),
    *("esome", "ore", "ace", "out", "ies", "ott", "ular", "ate", "ize"),
)
_COMPARED_LENGTH_MAX: Final = 7
# What the rules make by accident: words of their own.
_ACCIDENTS: Final = frozenset(
    (
        "business",
        "finish",
        "otter",
        "weakness",
        "happiness",
        "sadness",
        "hotter",
        "hottest",
        "matter",
    )
)


def words(text: str) -> frozenset[str]:
    """Return the words of a text that is a list of them."""
    return frozenset(text.split())


def comparatives(adjective: str) -> frozenset[str]:
    """Return "darker" and "darkest" for "dark", with the spelling that such words have."""
    if not _is_compared(adjective):
        return frozenset()
    stem = _stem(adjective)
    return frozenset((stem + "er", stem + "est")) - _ACCIDENTS


def shades(adjective: str) -> frozenset[str]:
    """Return what is weakly so: "darkish" for "dark"."""
    if not _is_compared(adjective) or adjective.endswith("y"):
        return frozenset()
    return frozenset((_stem(adjective) + "ish",)) - _ACCIDENTS


def qualities(adjective: str) -> frozenset[str]:
    """Return the noun of a quality: "darkness" for "dark"."""
    if not _is_compared(adjective):
        return frozenset()
    stem = adjective[:-1] + "i" if _ends_in_y(adjective) else adjective
    return frozenset((stem + "ness",)) - _ACCIDENTS


def verb_forms(verb: str) -> frozenset[str]:
    """Return "darken", "darkens", "darkened" and "darkening" for "darken"."""
    if _ends_in_y(verb):
        return frozenset((verb, verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"))
    stem = _stem(verb) if len(verb) <= _SHORT_WORD_MAX else verb.removesuffix("e")
    hisses = verb.endswith(("s", "sh", "ch", "x", "z"))
    return frozenset((verb, verb + ("es" if hisses else "s"), stem + "ed", stem + "ing"))


def plurals(noun: str) -> frozenset[str]:
    """Return "edge" and "edges" for "edge"."""
    if _ends_in_y(noun):
        return frozenset((noun, noun[:-1] + "ies"))
    hisses = noun.endswith(("s", "sh", "ch", "x"))
    return frozenset((noun, noun + ("es" if hisses else "s")))


def all_verb_forms(text: str) -> frozenset[str]:
    """Return the forms of every verb in a list."""
    return frozenset().union(*(verb_forms(verb) for verb in text.split()))


def all_plurals(text: str) -> frozenset[str]:
    """Return the forms of every noun in a list."""
    return frozenset().union(*(plurals(noun) for noun in text.split()))


def _is_compared(adjective: str) -> bool:
    return len(adjective) <= _COMPARED_LENGTH_MAX and not adjective.endswith(_LONG_ENDINGS)


def _ends_in_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in _VOWELS


def _stem(word: str) -> str:
    if word.endswith("e"):
        return word[:-1]
    if _ends_in_y(word):
        return word[:-1] + "i"
    is_short = (
        len(word) <= _SHORT_WORD_MAX
        and word[-1] not in _VOWELS | frozenset("wxy")
        and word[-2:-1] in _VOWELS
        and word[-3:-2] not in _VOWELS
    )
    return word + word[-1] if is_short else word
