"""Cuts a prompt into words: contractions spelt out, typing errors repaired, phrases made one word.

Every token knows where in the prompt it came from, so that people are shown their own words.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from services.refinement.engines.local.language.code_words import ABBREVIATED, spelt_out_orders
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.phrases import (
    PHRASE_STARTS,
    PHRASE_WORDS_MAX,
    PHRASES,
)
from services.refinement.engines.local.language.spelling import repaired
from services.refinement.engines.local.named_colours import NAMED, family_of

PROMPT_LENGTH_MAX: Final = 2000
COLOUR_WORDS_MAX: Final = 3
# No look around a word goes further, so that reading stays linear.
RUN_WORDS_MAX: Final = 40

HUES: Final = words(
    "red orange yellow green blue purple pink brown gray grey black white teal beige"
)

# Alternatives are bounded or plain runs, so that no input makes them go back far.
_TOKEN: Final = re.compile(
    r"rgb\(\d{1,3}, ?\d{1,3}, ?\d{1,3}\)"
    r"|#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b"
    r"|(?<![\w.])[+-]?\d{1,9}(?:[.,]\d{1,9})?|\d{1,9}"
    r"|[\"\u201c][^\"\u201c\u201d\n]{3,80}[\"\u201d]"
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*"
    r"|->|=>|\+\+|--|[^\w\s]|\n"
)
# What somebody quotes is a name or a text: its words ask for nothing.
QUOTATION: Final = "quotation"
_QUOTES: Final = frozenset({'"', "\u201c"})
_CONTRACTED: Final = {
    "won't": ("will", "not"),
    "can't": ("can", "not"),
    "cannot": ("can", "not"),
    "cant": ("can", "not"),
    "shan't": ("shall", "not"),
    "wont": ("will", "not"),
    "dont": ("do", "not"),
    "doesnt": ("does", "not"),
    "didnt": ("did", "not"),
    "isnt": ("is", "not"),
    "arent": ("are", "not"),
    "shouldnt": ("should", "not"),
    "couldnt": ("could", "not"),
    "wouldnt": ("would", "not"),
    "wasnt": ("was", "not"),
    "hasnt": ("has", "not"),
    "havent": ("have", "not"),
    "aint": ("is", "not"),
    "ain't": ("is", "not"),
    "let's": ("lets",),
    "its": ("its",),
    "thats": ("that", "is"),
    "theres": ("there", "is"),
    "im": ("i", "am"),
    "id": ("i", "would"),
    "ive": ("i", "have"),
    "theyre": ("they", "are"),
    "teh": ("the",),
    "hte": ("the",),
    "adn": ("and",),
    "nad": ("and",),
    "mkae": ("make",),
    "amke": ("make",),
    "wiht": ("with",),
    "jsut": ("just",),
    "taht": ("that",),
    "cna": ("can",),
    "yuo": ("you",),
    "wanna": ("want", "to"),
    "gonna": ("going", "to"),
    "gotta": ("got", "to"),
    "lotta": ("lot", "of"),
    "outta": ("out", "of"),
    "pls": ("please",),
    "plz": ("please",),
    "plse": ("please",),
    "ppl": ("people",),
    "coz": ("because",),
    "cuz": ("because",),
    "backgroud": ("background",),
    "shd": ("should",),
    "shuld": ("should",),
    "tho": ("though",),
    "ad": ("add",),
    "abit": ("a", "bit"),
    "alot": ("a", "lot"),
    "alil": ("a", "little"),
    "lil": ("little",),
    "waaay": ("way",),
    "waay": ("way",),
    "sooo": ("so",),
    "soo": ("so",),
    "tooo": ("too",),
    "toooo": ("too",),
    "thx": ("thanks",),
    "u": ("you",),
    "ur": ("your",),
    "em": ("them",),
    "n": ("and",),
    "\u00b0": ("degrees",),
    "percent": ("%",),
    "pct": ("%",),
    "1st": ("first",),
}
_ENDINGS: Final = {
    "n't": "not",
    "'s": "is",
    "'re": "are",
    "'d": "would",
    "'ll": "will",
    "'ve": "have",
    "'m": "am",
    "'em": "them",
}
# A possessive looks like "is": after these it is one.
_IS_BEFORE: Final = words("it that there what here he she how where who everything something this")
# Marks between words that belong together; a hyphen with blanks around it is a dash.
_JOINING: Final = frozenset("-'\"`*\u2019\u201c\u201d\u2018_~")
# Two words that make the name of a colour and are something else far more often.
_NOT_A_COLOUR: Final = frozenset({"offblack"})


class Token(NamedTuple):
    """A word, and where in the prompt it starts and ends."""

    word: str
    start: int
    end: int


def tokens_of(prompt: str) -> tuple[Token, ...]:
    """Return the words of a prompt, at most `PROMPT_LENGTH_MAX` characters of it."""
    found: list[Token] = []
    prompt = prompt[:PROMPT_LENGTH_MAX].replace(" - ", " ; ")
    for match in _TOKEN.finditer(prompt):
        start, end = match.span()
        found.extend(Token(word, start, end) for word in _spelt_out(match[0].lower()))
    words = spelt_out_orders(repaired([token.word for token in found]))
    return _merged([token._replace(word=word) for token, word in zip(found, words, strict=True)])


def start_of(tokens: Sequence[Token], at: int, ends: Collection[str]) -> int:
    """Return where the run of words between marks starts that a place is in, within a reach."""
    start = at
    while start and at - start < RUN_WORDS_MAX and tokens[start - 1].word not in ends:
        start -= 1
    return start


def end_of(tokens: Sequence[Token], at: int, ends: Collection[str]) -> int:
    """Return where the run of words between marks ends that a place is in, within a reach."""
    end = at
    while end < len(tokens) and end - at < RUN_WORDS_MAX and tokens[end].word not in ends:
        end += 1
    return end


def colour_of(word: str) -> str | None:
    """Return the name in the table, or `#rrggbb`, that a word stands for."""
    if word.startswith("#") and len(word) > 1:
        return word if len(word) == len("#rrggbb") else "#" + "".join(2 * c for c in word[1:])
    if word in NAMED:
        return word
    if word.endswith("s") and word[:-1] in NAMED:
        return word[:-1]
    return _tinted(word)


def _tinted(word: str) -> str | None:
    """Return the colour that "bluish", "bluer" or "reddish" lean to."""
    for ending in ("ish", "er", "y"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _STEM_LENGTH_MIN:
            continue
        for name in (stem, stem + "e", stem[:-1], stem[:-1] + "e"):
            if name in _PLAIN_HUES and len(name) + 1 >= len(stem):
                return name
    return None


_STEM_LENGTH_MIN: Final = 3
_PLAIN_HUES: Final = words("red orange yellow green blue purple pink brown gray grey golden")


def _spelt_out(word: str) -> tuple[str, ...]:
    word = word.replace("\u2019", "'")
    known = _CONTRACTED.get(word) or ABBREVIATED.get(word)
    if known is not None:
        return known
    if word[0] in _QUOTES and len(word) > 1:
        return (QUOTATION,)
    if word.startswith("rgb("):
        return (_hex_of(word),)
    if "'" not in word:
        return (word,)
    if word.endswith("n't"):
        return (word[:-3], "not")
    stem, _, ending = word.partition("'")
    if not stem:
        return ("'",)
    if ending == "s" and stem not in _IS_BEFORE:
        return (stem,)
    spoken = _ENDINGS.get("'" + ending)
    return (stem,) if spoken is None else (stem, spoken)


def _is_painted(tokens: Sequence[Token], index: int, length: int, word: str) -> bool:
    """Say whether a name and the hue after it are one colour: "mint green", "rust red"."""
    if index + length >= len(tokens) or word not in NAMED or word in HUES:
        return False
    hue = tokens[index + length].word
    if hue not in HUES:
        return False
    before = tokens[index - 1].word if index else ""
    return family_of(word) == family_of(hue) or before not in {"the", "all", "its"}


def _hex_of(word: str) -> str:
    channels = (min(int(part), 255) for part in word[4:-1].split(","))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _merged(tokens: Sequence[Token]) -> tuple[Token, ...]:
    plain = [token for token in tokens if token.word not in _JOINING]
    merged: list[Token] = []
    index = 0
    while index < len(plain):
        length, word = _longest(plain, index)
        first, last = plain[index], plain[index + length - 1]
        merged.append(Token(word, first.start, last.end))
        index += length
    return tuple(merged)


def _longest(tokens: Sequence[Token], index: int) -> tuple[int, str]:
    """Return how many tokens the longest phrase or colour at an index takes, and its word."""
    first = tokens[index].word
    if first in PHRASE_STARTS:
        ahead = tuple(token.word for token in tokens[index : index + PHRASE_WORDS_MAX])
        for length in range(len(ahead), 1, -1):
            word = PHRASES.get(ahead[:length])
            if word is not None:
                return length, word
    joined = first
    found = (1, first)
    for length in range(2, min(COLOUR_WORDS_MAX, len(tokens) - index) + 1):
        following = tokens[index + length - 1].word
        if not following.isalpha():
            break
        joined += "gray" if following == "grey" else following
        if (joined in NAMED and joined not in _NOT_A_COLOUR) or (
            joined.endswith("s") and joined[:-1] in NAMED
        ):
            found = (length, joined)
    if _is_painted(tokens, index, found[0], found[1]):
        return found[0] + 1, found[1]
    if found[0] == 1:
        return 1, PHRASES.get((first,), first)
    return found
