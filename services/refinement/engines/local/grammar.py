"""Reads a prompt: words to clauses, clauses to wishes.

The grammar is direction x attribute x scope, clause by clause. Getting a direction wrong is worse
than missing a wish: what is negated, complained about or asked to go never becomes its opposite.
"""

import re
from typing import Final, Literal, TypeAlias, cast

import msgspec

from services.refinement.engines.local import vocabulary as words_of
from services.refinement.engines.local.named_colours import NAMED
from services.refinement.engines.local.operations import (
    Background,
    Contrast,
    Flatten,
    Lightness,
    LimitColours,
    Look,
    Operation,
    Recolour,
    RemoveShadow,
    Replace,
    Saturation,
    Shades,
    Simplify,
    Warmth,
)

Words: TypeAlias = tuple[str, ...]
Scoped: TypeAlias = type[Lightness] | type[Saturation] | type[Warmth]

_PROMPT_LENGTH_MAX: Final = 2000
_TOKEN: Final = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|\d+%|[a-z0-9']+|[,.;:!?()&\n]")
_TYPO_LENGTH_MIN: Final = 5
_COLOURS_IF_FEWER: Final = 3
_AMOUNT_MAX: Final = 2.5
_SCOPED: Final[dict[str, Scoped]] = {
    "lightness": Lightness,
    "saturation": Saturation,
    "warmth": Warmth,
}
_NOT_ADDED: Final = {
    "simplicity": "detail cannot be added by this engine",
    "flatness": "gradients cannot be added by this engine",
    "shadowlessness": "shadows cannot be added by this engine",
}


class Reading(msgspec.Struct, kw_only=True):
    """Everything found in a prompt; filled clause by clause."""

    wishes: list[tuple[Operation, str]] = msgspec.field(default_factory=list)
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list)
    unmatched: list[str] = msgspec.field(default_factory=list)
    aspects: set[str] = msgspec.field(default_factory=set)
    families: set[str] = msgspec.field(default_factory=set)


class _Clause(msgspec.Struct, frozen=True, kw_only=True):
    words: Words
    is_joined: bool

    @property
    def text(self) -> str:
        return " ".join(self.words)


class _Mood(msgspec.Struct, frozen=True, kw_only=True):
    """Which way the words of a clause turn the others."""

    keeps: bool = False
    up: bool = False
    down: bool = False
    removes: bool = False
    forbids: bool = False
    too: bool = False
    complains: bool = False
    wishes: bool = False


class _Hit(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    attribute: str
    direction: int
    form: str


def read(prompt: str, theme: str) -> Reading:
    """Read a prompt; `theme` only says which colours "the brand's" are."""
    reading = Reading()
    mood = _Mood()
    for clause in _clauses(prompt.lower()[:_PROMPT_LENGTH_MAX]):
        own = _mood(clause.words)
        if clause.is_joined and own == _Mood() and not _has_explicit(clause.words):
            # "less saturated and contrasty", "remove the shadow and the gradients"
            own = _inherited(mood, clause.words)
        mood = own
        before = _extent(reading)
        _read_clause(clause, mood, theme, reading)
        if _extent(reading) == before and not _is_empty(clause.words):
            reading.unmatched.append(clause.text)
    return reading


def _read_clause(clause: _Clause, mood: _Mood, theme: str, reading: Reading) -> None:
    if mood.keeps and _read_keeping(clause.words, reading):
        return
    if _read_swap(clause, reading) or _read_colour_count(clause, mood, reading):
        return
    _read_looks(clause, mood, reading)
    hits = _hits(clause.words)
    colours = _colours(clause.words)
    reason = _unsupported(clause.words)
    if reason is not None and not any(hit.attribute == "shadowlessness" for hit in hits):
        reading.refused.append((clause.text, reason))
        return
    if any(word in words_of.BACKGROUNDS for word in clause.words):
        _read_background(clause, mood, hits, reading)
        return
    amount = _amount(clause.words)
    if colours and _read_shades(clause, mood, hits, amount, reading):
        return
    scope = _family(colours[0][1]) if colours and hits else None
    for hit in hits:
        _read_hit(clause, mood, hit, amount, scope, reading)
    if colours and not hits:
        _read_bare_colours(clause, mood, amount, reading)
    if "onbrand" in clause.words:
        _read_theme(clause, theme, reading)


def _clauses(text: str) -> list[_Clause]:
    words = _repaired(_merged(tuple(_TOKEN.findall(text.replace("-", " ").replace("’", "'")))))  # noqa: RUF001 - typed by phones
    clauses: list[_Clause] = []
    current: list[str] = []
    joined = False
    for index, word in enumerate(words):
        is_mark = not word[0].isalnum() and word[0] != "#"
        if not is_mark and word not in words_of.SPLITTING and word != "&":
            current.append(word)
            continue
        if _binds(words, index, current):
            current.append(word)
            continue
        if current:
            clauses.append(_Clause(words=tuple(current), is_joined=joined))
            current = []
        joined = word in {"and", "&", "or", ","}
    if current:
        clauses.append(_Clause(words=tuple(current), is_joined=joined))
    return clauses


def _binds(words: Words, index: int, current: list[str]) -> bool:
    """Say whether a splitting word holds two colours, or a replacement, together."""
    word = words[index]
    if word == "with":
        return bool({"replace", "swap"} & set(current))
    if word not in {"and", "&", ",", "or"} or not current or _colour(current[-1]) is None:
        return False
    following = words[index + 1 : index + 3]
    return any(
        _colour(candidate) is not None and candidate not in words_of.ATTRIBUTES
        for candidate in following[:1]
    ) or (bool(following) and following[0] == "and" and _colour(following[-1]) is not None)


def _merged(words: Words) -> Words:
    merged: list[str] = []
    index = 0
    while index < len(words):
        for length in range(words_of.PHRASE_WORDS_MAX, 0, -1):
            phrase = words[index : index + length]
            if length == 1 or (len(phrase) == length and phrase in words_of.PHRASES):
                merged.append(words_of.PHRASES.get(phrase, phrase[0]))
                index += length
                break
    return tuple(merged)


def _mood(words: Words) -> _Mood:
    found = set(words)
    turns = bool(found & words_of.TURNING)
    forbids = bool(found & words_of.NEGATED - {"no"})
    not_enough = forbids and "enough" in found
    compares = forbids and bool(found & {"so", "as", "too"})
    changes = bool(found & words_of.CHANGING)
    return _Mood(
        keeps=bool(found & words_of.KEEPING)
        or (changes and (forbids or bool(found & {"without", "no"}))),
        up=not_enough
        or bool(found & words_of.MORE)
        or bool(found & words_of.LACKING)
        or (turns and "up" in found),
        down=not not_enough
        and (compares or bool(found & words_of.LESS) or (turns and bool(found & {"down", "back"}))),
        removes=bool(found & words_of.REMOVE) or "no" in found,
        forbids=forbids and not not_enough and not compares,
        too=bool(found & {"too", "overly"}) and not compares,
        complains=bool(found & words_of.COMPLAINING),
        wishes=bool(found & words_of.WISHING),
    )


def _inherited(mood: _Mood, words: Words) -> _Mood:
    """Removal passes on to nouns only: in "no gradients and flat colours" flat is a wish."""
    forms = {hit.form for hit in _hits(words)}
    if mood.removes and forms and forms != {"noun"}:
        return _Mood()
    return mood


def _has_explicit(words: Words) -> bool:
    return any(hit.form == "explicit" for hit in _hits(words))


def _hits(words: Words) -> list[_Hit]:
    hits = []
    for index, word in enumerate(words):
        if word in words_of.ATTRIBUTES:
            attribute, direction, form = words_of.ATTRIBUTES[word]
            hits.append(_Hit(index=index, attribute=attribute, direction=direction, form=form))
    return hits


def _direction(hit: _Hit, mood: _Mood, previous: str) -> int:
    """Return which way a hit goes: 1, -1, or 0 where nothing is asked or all is forbidden."""
    if hit.form == "fault":
        return hit.direction if previous == "more" else -hit.direction
    if hit.form == "explicit":
        turned = -hit.direction if previous == "less" else hit.direction
        return 0 if mood.forbids else turned
    if mood.too or mood.down or mood.removes:
        return -hit.direction
    if mood.forbids and not mood.up:
        return 0 if hit.form == "plain" else -hit.direction
    if hit.form == "noun":
        return hit.direction if mood.up or hit.attribute == "contrast" else 0
    if mood.complains and not mood.wishes and not mood.up:
        return -hit.direction
    return hit.direction


def _read_hit(  # noqa: PLR0917 - a step of `_read_clause`, split off for its length
    clause: _Clause, mood: _Mood, hit: _Hit, amount: float, scope: str | None, reading: Reading
) -> None:
    previous = clause.words[hit.index - 1] if hit.index else ""
    direction = _direction(hit, mood, previous)
    if direction == 0:
        if mood.forbids:
            reading.refused.append((clause.text, "the prompt asks not to"))
        return
    signed = direction * amount
    match hit.attribute:
        case "contrast":
            operation: Operation = Contrast(amount=signed)
        case "simplicity" if direction > 0:
            operation = Simplify(amount=amount)
        case "flatness" if direction > 0:
            operation = Flatten()
        case "shadowlessness" if direction > 0:
            operation = RemoveShadow()
        case "lightness" | "saturation" | "warmth":
            operation = _SCOPED[hit.attribute](amount=signed, scope=scope)
        case _:
            reading.refused.append((clause.text, _NOT_ADDED[hit.attribute]))
            return
    reading.wishes.append((operation, clause.text))


def _read_keeping(words: Words, reading: Reading) -> bool:
    """Note what is to be kept; "keep it simple" names nothing, and is read as a wish."""
    aspects = {words_of.ASPECTS[word] for word in words if word in words_of.ASPECTS}
    if any(word in words_of.BACKGROUNDS for word in words):
        aspects.add("background")
    colours = _colours(words)
    if colours:
        # "keep the brown tones" is about brown, not about all colours.
        aspects.discard("colors")
    reading.aspects |= aspects
    reading.families |= {_family(name) for _, name in colours}
    return bool(aspects or colours)


def _read_swap(clause: _Clause, reading: Reading) -> bool:
    """Read "replace A with B", "change A to B", "make the A parts B", "B instead of A"."""
    words = clause.words
    colours = _colours(words)
    if len(colours) != 2:  # noqa: PLR2004 - a swap has two sides
        return False
    (first, one), (second, other) = colours
    between = set(words[first + 1 : second])
    if "insteadof" in words:
        is_leading = words.index("insteadof") < first
        source, target = (one, other) if is_leading else (other, one)
    elif words_of.SWAPPING & set(words[:first]) and (
        between & {"with", "to", "into", "for", "by"}
        or ("make" in words[:first] and between <= words_of.PARTS and _is_scoping(words, first))
    ):
        source, target = one, other
    else:
        return False
    reading.wishes.append((Replace(source=_family(source), target=target), clause.text))
    return True


def _read_colour_count(clause: _Clause, mood: _Mood, reading: Reading) -> bool:
    words = clause.words
    has_noun = any(word in {"color", "colors", "colour", "colours"} for word in words)
    numbers = [words_of.NUMBERS[word] for word in words if word in words_of.NUMBERS]
    if "twotone" in words:
        count = 2
    elif has_noun and numbers and not mood.forbids:
        count = numbers[0]
    elif has_noun and not _hits(words) and not _colours(words) and mood.removes:
        reading.wishes.append((Look(look="grayscale"), clause.text))
        return True
    elif has_noun and not _hits(words) and not _colours(words) and (mood.down or mood.too):
        count = _COLOURS_IF_FEWER
    else:
        return False
    reading.wishes.append((LimitColours(count=count), clause.text))
    return True


def _read_looks(clause: _Clause, mood: _Mood, reading: Reading) -> None:
    for word in clause.words:
        if word not in words_of.LOOKS:
            continue
        if mood.forbids or mood.removes or mood.down or mood.too:
            reading.refused.append((clause.text, "the prompt asks not to"))
        else:
            look = cast(
                'Literal["black_and_white", "grayscale", "pastel", "sepia", "invert"]',
                words_of.LOOKS[word],
            )
            reading.wishes.append((Look(look=look), clause.text))


def _read_background(clause: _Clause, mood: _Mood, hits: list[_Hit], reading: Reading) -> None:
    colours = _colours(clause.words)
    if colours and not (mood.removes or mood.forbids or mood.down):
        reading.wishes.append((Background(colour=colours[0][1]), clause.text))
    for hit in hits:
        if hit.attribute in _SCOPED:
            _read_hit(clause, mood, hit, _amount(clause.words), "background", reading)
        else:
            _read_hit(clause, mood, hit, _amount(clause.words), None, reading)


def _read_shades(
    clause: _Clause, mood: _Mood, hits: list[_Hit], amount: float, reading: Reading
) -> bool:
    """Read "lighter shades of brown", "a darker blue"; "make the blue darker" is a scope."""
    index, name = _colours(clause.words)[0]
    before = [hit for hit in hits if hit.attribute == "lightness" and hit.index < index]
    if not before or _is_scoping(clause.words, index) or mood.removes or mood.forbids:
        return False
    previous = clause.words[before[0].index - 1] if before[0].index else ""
    direction = _direction(before[0], mood, previous)
    reading.wishes.append((Shades(colour=name, amount=direction * amount), clause.text))
    return True


def _read_bare_colours(clause: _Clause, mood: _Mood, amount: float, reading: Reading) -> None:
    names = tuple(name for _, name in _colours(clause.words))
    if mood.forbids and not mood.removes:
        reading.refused.append((clause.text, "the prompt asks not to"))
    elif mood.down or mood.removes or mood.too or (mood.complains and not mood.wishes):
        strength = 2.0 * amount if mood.removes else amount
        reading.wishes.extend(
            (Saturation(amount=-min(strength, _AMOUNT_MAX), scope=_family(name)), clause.text)
            for name in names
        )
    else:
        reading.wishes.append((Recolour(colours=names), clause.text))


def _read_theme(clause: _Clause, theme: str, reading: Reading) -> None:
    """Vague words are all that the theme's description may resolve."""
    words = _merged(tuple(_TOKEN.findall(theme.lower().replace("-", " "))))
    names = tuple(dict.fromkeys(name for _, name in _colours(words)))
    if names:
        reading.wishes.append((Recolour(colours=names), clause.text))
    else:
        reading.refused.append((clause.text, "the theme description names no colour"))


def _colours(words: Words) -> list[tuple[int, str]]:
    found = ((index, _colour(word)) for index, word in enumerate(words))
    return [(index, name) for index, name in found if name is not None]


def _colour(word: str) -> str | None:
    """Return the name in the table, or `#rrggbb`, that a word stands for."""
    if word.startswith("#"):
        return word if len(word) == len("#rrggbb") else "#" + "".join(2 * c for c in word[1:])
    if word in NAMED:
        return word
    return word[:-1] if word.endswith("s") and word[:-1] in NAMED else None


def _family(name: str) -> str:
    return name if name.startswith("#") else NAMED[name][1]


def _is_scoping(words: Words, index: int) -> bool:
    """Say whether a colour names a part of the picture, not a colour to be used."""
    before = words[max(0, index - 2) : index]
    after = words[index + 1 : index + 2]
    is_plural = words[index].endswith("s") and words[index] not in NAMED
    return (
        is_plural
        or (bool(words_of.SCOPING & set(before)) and "of" not in before)
        or bool(words_of.PARTS & set(after))
    )


def _amount(words: Words) -> float:
    amount = 1.0
    for word in words:
        if word.endswith("%"):
            amount = int(word[:-1][:3]) / 25
        else:
            amount *= words_of.AMOUNTS.get(word, 1.0)
    return min(max(amount, 0.25), _AMOUNT_MAX)


def _unsupported(words: Words) -> str | None:
    return next(
        (words_of.UNSUPPORTED[word] for word in words if word in words_of.UNSUPPORTED), None
    )


def _is_empty(words: Words) -> bool:
    return all(word in words_of.PLAIN_WORDS for word in words)


def _extent(reading: Reading) -> int:
    return len(reading.wishes) + len(reading.refused) + len(reading.aspects) + len(reading.families)


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


def _repaired(words: Words) -> Words:
    """Put typing errors right; only towards words of the lexicon, and with the same initial."""
    return tuple(_repair(word) for word in words)


def _repair(word: str) -> str:
    if len(word) < _TYPO_LENGTH_MIN or word in _KNOWN or not word.isalpha() or _colour(word):
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
