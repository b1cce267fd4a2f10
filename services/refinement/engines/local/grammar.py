"""Reads a prompt: words to clauses, clauses to wishes.

The grammar is direction x attribute x scope, clause by clause. Getting a direction wrong is worse
than missing a wish: what is negated, complained about or asked to go never becomes its opposite.
"""

import re
from typing import Final, TypeAlias

import msgspec

from services.refinement.engines.local import vocabulary as words_of
from services.refinement.engines.local.named_colours import NAMED, family_of
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
from services.refinement.engines.local.spelling import repaired

Words: TypeAlias = tuple[str, ...]
Scoped: TypeAlias = type[Lightness] | type[Saturation] | type[Warmth]

_PROMPT_LENGTH_MAX: Final = 2000
_TOKEN: Final = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|\d+%|[a-z0-9']+|[,.;:!?()&\n]")
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


class _Mood(msgspec.Struct, frozen=True, kw_only=True):
    """Which way the words of a clause turn the others."""

    keeps: bool = False
    up: bool = False
    down: bool = False
    removes: bool = False
    forbids: bool = False
    guards: bool = False
    too: bool = False
    complains: bool = False
    wishes: bool = False


class _Clause(msgspec.Struct, frozen=True, kw_only=True):
    words: Words
    is_joined: bool
    mood: _Mood = _Mood()

    @property
    def text(self) -> str:
        """The clause in the user's words: names that were put together are taken apart again."""
        return " ".join(words_of.SPOKEN.get(word, word) for word in self.words)

    def before(self, index: int) -> str:
        return self.words[index - 1] if index else ""


class _Hit(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    attribute: str
    direction: int
    form: str


def read(prompt: str, theme: str) -> Reading:
    """Read a prompt; `theme` only says which colours "the brand's" are."""
    reading = Reading()
    mood = _Mood()
    for plain in _clauses(prompt.lower()[:_PROMPT_LENGTH_MAX]):
        own = _mood(plain.words)
        if plain.is_joined and own == _Mood() and not _has_explicit(plain.words):
            # "less saturated and contrasty", "remove the shadow and the gradients"
            own = _inherited(mood, plain.words)
        mood = own
        clause = msgspec.structs.replace(plain, mood=mood)
        before = _extent(reading)
        _read_clause(clause, theme, reading)
        if _extent(reading) == before and not _is_empty(clause.words):
            reading.unmatched.append(clause.text)
    return reading


def _read_clause(clause: _Clause, theme: str, reading: Reading) -> None:
    if clause.mood.keeps and _read_keeping(clause.words, reading):
        return
    if _read_swap(clause, reading) or _read_colour_count(clause, reading):
        return
    _read_looks(clause, reading)
    hits = _hits(clause.words)
    colours = _colours(clause.words)
    reason = _unsupported(clause.words)
    if reason is not None and not any(hit.attribute == "shadowlessness" for hit in hits):
        reading.refused.append((clause.text, reason))
        return
    if any(word in words_of.BACKGROUNDS for word in clause.words):
        _read_background(clause, hits, reading)
        return
    if colours and _read_shades(clause, hits, reading):
        return
    scope = family_of(colours[0][1]) if colours and hits else None
    for hit in hits:
        _read_hit(clause, hit, scope, reading)
    if colours and not hits:
        _read_bare_colours(clause, reading)
    if "onbrand" in clause.words:
        _read_theme(clause, theme, reading)


def _clauses(text: str) -> list[_Clause]:
    # Phones write apostrophes the typographer's way.
    plain = text.replace("-", " ").replace("\u2019", "'")
    words = repaired(_merged(tuple(_TOKEN.findall(plain))))
    clauses: list[_Clause] = []
    current: list[str] = []
    joined = False
    for index, word in enumerate(words):
        if word in words_of.OPENING and current:
            clauses.append(_Clause(words=tuple(current), is_joined=joined))
            current, joined = [word], False
            continue
        is_mark = not word[0].isalnum() and word[0] != "#"
        if not is_mark and word not in words_of.SPLITTING:
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
    up = bool(found & words_of.MORE) or (turns and "up" in found)
    down = bool(found & words_of.LESS) or (turns and bool(found & {"down", "back"}))
    forbids = any(word in words_of.NEGATED - {"no"} or word.endswith("n't") for word in words)
    too = bool(found & {"too", "overly"})
    complains = bool(found & words_of.COMPLAINING) and not found & words_of.WISHING
    removes = bool(found & words_of.REMOVE) or "no" in found
    lacks = bool(found & words_of.LACKING) or (forbids and "enough" in found)
    if lacks or ((too or complains) and found & words_of.LOW):
        # "lacks contrast", "not warm enough", "the contrast is too low"
        return _Mood(up=True, complains=complains, wishes=True)
    if complains and found & words_of.HIGH and not forbids:
        return _Mood(too=True, complains=True)
    if forbids and found & {"so", "as"}:
        return _Mood(down=True, complains=complains)
    negates = forbids or bool(found & {"no", "without"})
    return _Mood(
        keeps=bool(found & words_of.KEEPING) or (negates and bool(found & words_of.CHANGING)),
        up=up,
        down=down,
        removes=removes,
        forbids=forbids,
        guards=negates and (up or down or turns or bool(found & words_of.REMOVE - {"without"})),
        too=too and not forbids,
        complains=complains,
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
        if word in words_of.ATTRIBUTES and not _describes(words, index):
            attribute, direction, form = words_of.ATTRIBUTES[word]
            hits.append(_Hit(index=index, attribute=attribute, direction=direction, form=form))
    return hits


def _describes(words: Words, index: int) -> bool:
    """Say whether an adjective belongs to a shadow or gradient: "remove the dark shadow"."""
    noun = words_of.ATTRIBUTES.get(words[index + 1]) if index + 1 < len(words) else None
    form = words_of.ATTRIBUTES[words[index]][2]
    return form == "plain" and noun is not None and noun[0] in {"flatness", "shadowlessness"}


def _direction(clause: _Clause, hit: _Hit) -> int:
    """Return which way a hit goes: 1, -1, or 0 where nothing is asked or all is forbidden."""
    mood, previous = clause.mood, clause.before(hit.index)
    if mood.guards:
        # "don't lose the gradients", "without reducing the contrast"
        return 0
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


def _read_hit(clause: _Clause, hit: _Hit, scope: str | None, reading: Reading) -> None:
    direction = _direction(clause, hit)
    if direction == 0:
        if clause.mood.forbids or clause.mood.guards:
            reading.refused.append((clause.text, "the prompt asks not to"))
        return
    amount = _amount(clause.words)
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
    reading.families |= {family_of(name) for _, name in colours}
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
    reading.wishes.append((Replace(source=family_of(source), target=target), clause.text))
    return True


def _read_colour_count(clause: _Clause, reading: Reading) -> bool:
    words, mood = clause.words, clause.mood
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


def _read_looks(clause: _Clause, reading: Reading) -> None:
    mood = clause.mood
    for word in clause.words:
        if word not in words_of.LOOKS:
            continue
        if mood.forbids or mood.guards or mood.removes or mood.down or mood.too:
            reading.refused.append((clause.text, "the prompt asks not to"))
        else:
            look = words_of.LOOKS[word]
            reading.wishes.append((Look(look=look), clause.text))


def _read_background(clause: _Clause, hits: list[_Hit], reading: Reading) -> None:
    """Read "on a navy background", "make the background white"; other colours are the logo's."""
    mood = clause.mood
    place = next(at for at, word in enumerate(clause.words) if word in words_of.BACKGROUNDS)
    colours = _colours(clause.words)
    own = [name for at, name in colours if place - 2 <= at < place] or [
        name for at, name in colours if at > place
    ]
    if own and not (mood.removes or mood.forbids or mood.down or mood.guards):
        reading.wishes.append((Background(colour=own[-1]), clause.text))
        others = tuple(name for _, name in colours if name != own[-1])
        if others:
            reading.wishes.append((Recolour(colours=others), clause.text))
    for hit in hits:
        _read_hit(clause, hit, "background" if hit.attribute in _SCOPED else None, reading)


def _read_shades(clause: _Clause, hits: list[_Hit], reading: Reading) -> bool:
    """Read "lighter shades of brown", "a darker blue"; "make the blue darker" is a scope."""
    index, name = _colours(clause.words)[0]
    before = [hit for hit in hits if hit.attribute == "lightness" and hit.index < index]
    if not before or _is_scoping(clause.words, index):
        return False
    if clause.mood.removes or clause.mood.forbids or clause.mood.guards:
        return False
    amount = _direction(clause, before[0]) * _amount(clause.words)
    reading.wishes.append((Shades(colour=name, amount=amount), clause.text))
    return True


def _read_bare_colours(clause: _Clause, reading: Reading) -> None:
    names = tuple(name for _, name in _colours(clause.words))
    mood = clause.mood
    if mood.guards or (mood.forbids and not mood.removes):
        reading.refused.append((clause.text, "the prompt asks not to"))
    elif mood.down or mood.removes or mood.too or (mood.complains and not mood.wishes):
        strength = _amount(clause.words) * (2.0 if mood.removes else 1.0)
        reading.wishes.extend(
            (Saturation(amount=-min(strength, _AMOUNT_MAX), scope=family_of(name)), clause.text)
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
