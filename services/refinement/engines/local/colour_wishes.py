"""Reads the colours of a clause: which part each is for, or which part each names.

A colour beside a noun belongs to it ("navy text", "the background white"); one with "the" before it,
or in the plural, names what has that colour; of two, one may take the other's place. What is left is
what the logo is to be coloured in.
"""

from typing import Final

import msgspec

from services.refinement.engines.local import vocabulary as words_of
from services.refinement.engines.local.attributes import SENSES
from services.refinement.engines.local.clauses import Clause
from services.refinement.engines.local.directions import direction_of
from services.refinement.engines.local.named_colours import NAMED, family_of
from services.refinement.engines.local.operations import (
    Background,
    Duotone,
    LimitColours,
    Look,
    Monochrome,
    Recolour,
    Replace,
    Saturation,
    Shades,
)
from services.refinement.engines.local.quantities import AMOUNT_MAX, amount_in, area_of
from services.refinement.engines.local.reading import ASKED_NOT_TO, Reading
from services.refinement.engines.local.spelling import is_known
from services.refinement.engines.local.tokens import colour_of

COLOURS_IF_FEWER: Final = 3
_PAIR: Final = 2
_ELSEWHERE: Final = "elsewhere"
_SHADE_OF_BLACK: Final = 0.45
_TINT_OF_WHITE: Final = 0.55
_BETWEEN_COLOUR_AND_NOUN: Final = frozenset(
    "colored coloured tinted toned color colour solid plain flat and & , on a an full pure".split()
)
_ON: Final = frozenset({"on", "onto", "against", "over", "atop", "behind"})
_NOT_PLACED: Final = frozenset({"based", "focus", "emphasis", "accent", "work", "rely", "hold",
                                "working", "depending", "keen", "more"})
# Things a logo goes on: their colours are not the picture's.
_WARES: Final = frozenset(
    "shirt shirts card cards poster screen screens mug packaging label letterhead banner flyer "
    "signs sign packages boxes paper bags cups".split()
)
_BECOMING: Final = frozenset(
    {"with", "to", "into", "for", "by", "->", "=>", "\u2192", "becomes", "become", "in", "as", "="}
)
_COPULAS: Final = frozenset(
    {"should", "must", "be", "is", "are", "a", "an", "some", "turn", "go", "completely", "all",
     "can", "could", "needs", "need", "more", "like", "have", "the"}
)
_MODIFIERS: Final = frozenset(
    "dark deep light pale bright soft vivid vibrant rich muted strong intense warm cool neon hot "
    "electric dusty bold".split()
)
_DARKENING: Final = frozenset({"dark", "deep"})
_LIGHTENING: Final = frozenset({"light", "pale", "soft"})
_LESSER: Final = frozenset({"only", "just"})
_MONOCHROME: Final = frozenset({"onetone", "monochrome", "monochromatic", "mono", "monotone"})
_DUOTONE: Final = frozenset({"twotone", "duotone", "duotoned", "bicolor", "bicolour"})


class Mention(msgspec.Struct, kw_only=True):
    """A colour in a clause: where, which, and the part of the logo that is to have it."""

    index: int
    name: str
    modifier: str = ""
    part: str | None = None

    @property
    def paint(self) -> str:
        """The colour itself: a name of the table, or `#rrggbb` for one like "dark teal"."""
        if self.name.startswith("#"):
            return self.name
        if self.modifier in _DARKENING:
            return _named_or_mixed("dark", self.name, "#000000", _SHADE_OF_BLACK)
        if self.modifier in _LIGHTENING:
            return _named_or_mixed("light", self.name, "#ffffff", _TINT_OF_WHITE)
        joined = self.modifier + self.name
        return joined if joined in NAMED else self.name


def mentions_in(clause: Clause) -> list[Mention]:
    """Return the colours of a clause that are not accounted for."""
    found = []
    for index, word in enumerate(clause.words):
        name = colour_of(word)
        if name is None or index in clause.used:
            continue
        if "than" in clause.words[:index] or (word in SENSES and name not in NAMED):
            continue
        before = clause.before(index)
        found.append(
            Mention(index=index, name=name, modifier=before if before in _MODIFIERS else "")
        )
    return found


def read_colours(clause: Clause, reading: Reading) -> str | None:
    """Read the colours of a clause; return the family its other wishes are about, if any."""
    if _read_counts(clause, reading):
        return None
    mentions = mentions_in(clause)
    if not mentions:
        return None
    _assign_parts(clause, mentions)
    if _read_swaps(clause, mentions, reading):
        return None
    rest = [mention for mention in mentions if not _read_part(clause, mention, reading)]
    rest = [mention for mention in rest if mention.index not in clause.used]
    if not rest:
        return None
    if _read_shades(clause, rest, reading):
        return None
    if _names_a_part(clause, rest):
        clause.used.update(mention.index for mention in rest)
        return family_of(rest[0].name)
    _read_plain(clause, rest, reading)
    return None


def _assign_parts(clause: Clause, mentions: list[Mention]) -> None:
    """Give each colour the part of the logo that the words beside it name."""
    claimed: set[int] = set()
    for mention in reversed(mentions):
        noun = _noun_after(clause, mention.index)
        if noun is not None:
            mention.part = _part(clause.words[noun])
            claimed.add(noun)
            continue
    for place, mention in enumerate(mentions):
        if mention.part is not None:
            continue
        start = mentions[place - 1].index if place else -1
        if _is_on(clause, mention.index):
            is_ware = not _ends_place(clause, mention.index)
            mention.part = _ELSEWHERE if is_ware else "background"
            continue
        nouns = [
            at
            for at in range(start + 1, mention.index)
            if at not in claimed and at not in clause.used and _part(clause.words[at]) is not None
        ]
        if nouns:
            mention.part = _part(clause.words[nouns[-1]])
        elif place and _is_listed(clause, mentions[place - 1].index, mention.index):
            mention.part = mentions[place - 1].part
    if len(mentions) == 1 and mentions[0].part is None:
        # "black for the background", "make it navy, the text I mean"
        after = [at for at in range(mentions[0].index + 1, len(clause.words))
                 if _part(clause.words[at]) is not None and at not in clause.used]
        if after and "for" in clause.words[mentions[0].index : after[0]]:
            mentions[0].part = _part(clause.words[after[0]])


def _noun_after(clause: Clause, index: int) -> int | None:
    for at in range(index + 1, len(clause.words)):
        word = clause.words[at]
        if _part(word) is not None and at not in clause.used:
            return at
        if word in {"on", "in"} or (colour_of(word) is None and word not in _BETWEEN_COLOUR_AND_NOUN):
            return None
    return None


def _is_on(clause: Clause, index: int) -> bool:
    for at in range(index - 1, max(index - 5, -1), -1):
        word = clause.words[at]
        if word in _ON:
            return clause.before(at) not in _NOT_PLACED
        if word not in _MODIFIERS | {"a", "an", "plain", "solid", "pure", "simple", "clean", "flat"}:
            return False
    return False


def _ends_place(clause: Clause, index: int) -> bool:
    """Say whether nothing is named that has the colour: "on black", and not "on black shirts"."""
    following = clause.after(index)
    return not following or is_known(following) and following not in _WARES


def _is_listed(clause: Clause, first: int, second: int) -> bool:
    return bool({"and", "&", ",", "+", "/", "or"} & set(clause.words[first + 1 : second])) or (
        second == first + 1
    )


def _part(word: str) -> str | None:
    if word in words_of.TEXTS:
        return "text"
    if word in words_of.BACKGROUNDS:
        return "background"
    return "foreground" if word in words_of.FOREGROUNDS else None


def _read_part(clause: Clause, mention: Mention, reading: Reading) -> bool:
    """Read the colour of a part; say whether the colour had one."""
    part, mood = mention.part, clause.mood
    if part is None:
        return False
    if part == _ELSEWHERE:
        clause.used.add(mention.index)
        return True
    names_only = _is_scoping(clause, mention.index) and (
        _has_free_senses(clause) or mood.complains or mood.lessens
    )
    describes = _noun_after(clause, mention.index) is not None and _has_free_senses(clause)
    if names_only or (describes and not clause.has(_ON)):
        # "darken the blue text": the colour only says which text.
        clause.used.add(mention.index)
        return True
    clause.used.add(mention.index)
    if mood.keeps and not mood.guards:
        return True
    if mood.guards or mood.forbids:
        reading.refuse(clause, ASKED_NOT_TO)
    elif mood.lessens or (mood.complains and not mood.wishes):
        return True
    else:
        _use_modifier(clause, mention)
        if part == "background":
            reading.wish(clause, Background(colour=mention.paint))
        else:
            _recolour(clause, (mention.paint,), part, reading)
    return True


def _recolour(clause: Clause, colours: tuple[str, ...], scope: str | None, reading: Reading) -> None:
    last = reading.wishes[-1] if reading.wishes else None
    if (
        last is not None
        and last.phrase == clause.phrase
        and isinstance(last.operation, Recolour)
        and last.operation.scope == scope
    ):
        colours = last.operation.colours + colours
        reading.wishes.pop()
    unique = tuple(dict.fromkeys(colours))
    reading.wish(clause, Recolour(colours=unique, scope=scope))


def _read_swaps(clause: Clause, mentions: list[Mention], reading: Reading) -> bool:
    """Read "replace A with B", "change A to B", "make the A parts B", "B instead of A"."""
    plain = [mention for mention in mentions if mention.part is None]
    if len(plain) < _PAIR or clause.mood.guards or (clause.mood.forbids and not clause.has(_ON)):
        return False
    if "insteadof" in clause.words:
        return _read_instead(clause, plain, reading)
    done = False
    index = 0
    while index + 1 < len(plain):
        one, other = plain[index], plain[index + 1]
        if _becomes(clause, one, other) or _goes_on(clause, one, other, reading):
            _replace(clause, one, other, reading)
            done = True
            index += _PAIR
        else:
            index += 1
    if not done and len(plain) == _PAIR and clause.has(
        frozenset({"swap", "exchange", "swapping", "switch", "swapped"})
    ):
        _replace(clause, plain[0], plain[1], reading)
        _replace(clause, plain[1], plain[0], reading)
        done = True
    return done


def _read_instead(clause: Clause, plain: list[Mention], reading: Reading) -> bool:
    place = clause.words.index("insteadof")
    before = [mention for mention in plain if mention.index < place]
    after = [mention for mention in plain if mention.index > place]
    if before and after:
        _replace(clause, after[0], before[-1], reading)
    elif len(after) >= _PAIR:
        _replace(clause, after[0], after[1], reading)
    else:
        return False
    return True


def _becomes(clause: Clause, one: Mention, other: Mention) -> bool:
    words = clause.words
    between = words[one.index + 1 : other.index]
    own = {word for word in between if word not in _MODIFIERS}
    if own & words_of.SWAPPING and own & _BECOMING:
        # "the yellow could be replaced by orange"
        return True
    if own & {"->", "=>", "\u2192", "becomes", "become"}:
        return True
    if own & {"and", "&", ",", "+", "or"}:
        return False
    before = set(words[: one.index])
    swaps = bool(before & words_of.SWAPPING) or "from" in before
    if swaps and own & _BECOMING:
        return True
    allowed = words_of.PARTS | words_of.COLOUR_NOUNS | _COPULAS
    is_part = _is_scoping(clause, one.index) or clause.after(one.index) in words_of.PARTS
    if own & {"should", "must", "be", "needs", "could"} and own <= allowed:
        return True
    return swaps and own <= allowed and is_part and "it" not in before


def _goes_on(clause: Clause, one: Mention, other: Mention, reading: Reading) -> bool:
    """Say whether a clause is another replacement: "... and the white parts black"."""
    last = reading.wishes[-1].operation if reading.wishes else None
    between = frozenset(clause.words[one.index + 1 : other.index])
    return (
        isinstance(last, Replace)
        and bool(clause.joined)
        and (_is_scoping(clause, one.index) or bool(between & _BECOMING))
        and between <= words_of.PARTS | words_of.COLOUR_NOUNS | _COPULAS | _BECOMING
    )


def _replace(clause: Clause, one: Mention, other: Mention, reading: Reading) -> None:
    clause.used.update((one.index, other.index))
    _use_modifier(clause, one)
    _use_modifier(clause, other)
    for mention in (one, other):
        if clause.before(mention.index) in SENSES:
            clause.used.add(mention.index - 1)
    reading.wish(clause, Replace(source=family_of(one.name), target=other.paint))


def _read_counts(clause: Clause, reading: Reading) -> bool:
    """Read how many colours there are to be: "two-tone", "in one colour", "fewer colours"."""
    mood = clause.mood
    if clause.has(_MONOCHROME, _DUOTONE, frozenset({"shadesof"})):
        return _read_tones(clause, reading)
    count = _count(clause)
    if count is None and not _asks_for_fewer(clause):
        return False
    for at in clause.find(words_of.COLOUR_NOUNS):
        clause.used.add(at)
    if mood.forbids and not mood.guards and count is None:
        return False
    if mood.guards and count is None:
        reading.refuse(clause, ASKED_NOT_TO)
        return True
    if count == 1:
        reading.wish(clause, Monochrome())
        return False
    clause.used.update(
        at for at, word in enumerate(clause.words)
        if word in SENSES and SENSES[word].quality in {"simplicity", "flatness"} and count
        and word != "flat"
    )
    names = [mention.paint for mention in mentions_in(clause)]
    if count == _PAIR and len(names) == _PAIR:
        clause.used.update(range(len(clause.words)))
        reading.wish(clause, Duotone(colours=(names[0], names[1])))
        return True
    reading.wish(clause, LimitColours(count=count or COLOURS_IF_FEWER))
    return False


def _read_tones(clause: Clause, reading: Reading) -> bool:
    mood = clause.mood
    mentions = mentions_in(clause)
    names = [mention.paint for mention in mentions]
    lightness = [
        at for at, word in enumerate(clause.words)
        if word in SENSES and SENSES[word].quality == "lightness" and at not in clause.used
    ]
    if "shadesof" in clause.words and names and lightness and not clause.has(_MONOCHROME):
        at = lightness[0]
        way = direction_of(clause, at)
        clause.used.update([at, *(mention.index for mention in mentions)])
        if way:
            reading.wish(clause, Shades(colour=names[0], amount=way * amount_in(clause)))
        return True
    if "shadesof" in clause.words and not names:
        return False
    clause.used.update(clause.find(_MONOCHROME | _DUOTONE | frozenset({"shadesof"})))
    clause.used.update(mention.index for mention in mentions)
    if mood.guards or mood.forbids or mood.removes:
        reading.refuse(clause, ASKED_NOT_TO)
    elif clause.has(_DUOTONE):
        if len(names) >= _PAIR:
            reading.wish(clause, Duotone(colours=(names[0], names[1])))
        else:
            reading.wish(clause, LimitColours(count=_PAIR))
    elif len(names) >= _PAIR:
        _recolour(clause, tuple(names), None, reading)
    elif names and family_of(names[0]) == "gray":
        reading.wish(clause, Look(look="grayscale"))
    else:
        reading.wish(clause, Monochrome(colour=names[0] if names else None))
    return True


def _count(clause: Clause) -> int | None:
    """Return the number of colours that a clause asks for."""
    words = clause.words
    for at, word in enumerate(words):
        number = words_of.NUMBERS.get(word)
        if number is None or at in clause.used:
            continue
        for distance in range(1, 4):
            following = clause.after(at, distance)
            if following in words_of.COLOUR_NOUNS:
                clause.used.add(at)
                return number
            if following and colour_of(following) is not None:
                break
        is_limit = clause.has(words_of.LESS, words_of.ONLY, frozenset({"limit", "max", "down"}))
        if is_limit and clause.has(words_of.COLOUR_NOUNS) and clause.after(at) not in {"%", "x"}:
            return number
    return None


def _asks_for_fewer(clause: Clause) -> bool:
    if "fewercolours" in clause.words:
        return True
    senses = [
        word for at, word in enumerate(clause.words)
        if word in SENSES and at not in clause.used and SENSES[word].quality != "simplicity"
    ]
    if senses or mentions_in(clause):
        return False
    places = [at for at, word in enumerate(clause.words) if word in
              {"colors", "colours", "hues", "tones", "shades"}]
    if not places or clause.area is not None:
        return False
    near = set(clause.words[max(0, places[0] - 3) : places[0]])
    return bool(near & {"fewer", "less", "too", "reduce", "limit", "restrict", "many", "reduced",
                        "limited", "simplify", "minimal"}) and not clause.mood.guards


def _read_shades(clause: Clause, mentions: list[Mention], reading: Reading) -> bool:
    """Read "a darker blue", "lighter brown"; "make the blue darker" is about a part."""
    mention = mentions[0]
    places = [
        at
        for at, word in enumerate(clause.words[: mention.index])
        if word in SENSES
        and SENSES[word].quality == "lightness"
        and at not in clause.used
        and mention.index - at <= _PAIR + 1
    ]
    if not places or (_is_scoping(clause, mention.index) and not _is_adjacent(clause, places[-1])):
        return False
    at = places[-1]
    between = clause.words[at + 1 : mention.index]
    form = SENSES[clause.words[at]].form
    is_comparison = form == "explicit" and not clause.words[at].endswith("en")
    is_more = form == "plain" and clause.before(at) in {"more", "less", "increase"}
    if not (is_comparison or is_more) or any(word in {"the", "all", "its"} for word in between):
        return False
    way = direction_of(clause, at)
    clause.used.update((at, mention.index))
    if way == 0:
        reading.refuse(clause, ASKED_NOT_TO)
    else:
        reading.wish(clause, Shades(colour=mention.name, amount=way * amount_in(clause)))
    return True


def _is_adjacent(clause: Clause, at: int) -> bool:
    return colour_of(clause.after(at)) is not None if clause.after(at) else False


def _names_a_part(clause: Clause, mentions: list[Mention]) -> bool:
    """Say whether a colour says which part other wishes of the clause are about."""
    if not _has_free_senses(clause, but=mentions):
        return False
    mention = mentions[0]
    at = mention.index
    if _is_scoping(clause, at):
        return True
    verbs = [
        place
        for place, word in enumerate(clause.words[:at])
        if word in SENSES and SENSES[word].form in {"explicit", "noun"} and place not in clause.used
    ]
    if verbs and at - verbs[-1] <= 4:
        return True
    previous = clause.before(at)
    if previous in SENSES and clause.before(at, 2) in {"more", "less", "reduce", "increase"}:
        return True
    after = clause.words[at + 1 :]
    comparisons = [word for word in after if word in SENSES and SENSES[word].form != "plain"]
    return bool(comparisons) and not clause.has(frozenset({"use", "in", "with"})) or (
        clause.mood.complains and not clause.mood.wishes
    )


def _has_free_senses(clause: Clause, *, but: list[Mention] | None = None) -> bool:
    modifiers = {mention.index - 1 for mention in but or () if mention.modifier}
    return any(
        word in SENSES
        and at not in clause.used
        and at not in modifiers
        and colour_of(word) is None
        and not (word in _MODIFIERS and clause.after(at) and colour_of(clause.after(at)))
        and SENSES[word].quality not in {"size", "fine"}
        for at, word in enumerate(clause.words)
    )


def _read_plain(clause: Clause, mentions: list[Mention], reading: Reading) -> None:
    """Read colours that are to be used, or to be used less."""
    mood = clause.mood
    clause.used.update(mention.index for mention in mentions)
    for mention in mentions:
        _use_modifier(clause, mention)
    names = tuple(dict.fromkeys(mention.paint for mention in mentions))
    if mood.keeps:
        return
    dislikes = clause.has(words_of.JUDGING) and not mood.wishes
    if mood.guards or (mood.forbids and not mood.removes and not mood.down):
        reading.refuse(clause, ASKED_NOT_TO)
    elif mood.lessens or dislikes or (mood.complains and not mood.wishes and mood.too):
        strength = amount_in(clause) * (2.0 if mood.removes else 1.0)
        for name in dict.fromkeys(family_of(mention.name) for mention in mentions):
            reading.wish(clause, Saturation(amount=-min(strength, AMOUNT_MAX), scope=name))
    elif mood.complains and not mood.wishes and _is_scoping(clause, mentions[0].index):
        return
    elif clause.has(words_of.ONLY) and len(names) <= _PAIR:
        reading.wish(clause, _exclusively(names))
    elif _is_meant(clause):
        _recolour(clause, names, _scope_for(clause), reading)
        if clause.has(words_of.ONLY):
            reading.wish(clause, LimitColours(count=len(names)))


def _exclusively(names: tuple[str, ...]) -> Monochrome | Duotone:
    if len(names) == 1:
        return Monochrome(colour=names[0])
    return Duotone(colours=(names[0], names[1]))


def _scope_for(clause: Clause) -> str | None:
    area = area_of(clause)
    return area if area in {"text", "foreground"} else None


def _is_meant(clause: Clause) -> bool:
    """Say whether a colour is wished for, and not just told about."""
    content = [
        word for word in clause.words if colour_of(word) is None and word not in words_of.USING
    ]
    return clause.has(words_of.USING) or len(content) <= 3


def _is_scoping(clause: Clause, index: int) -> bool:
    """Say whether a colour names a part of the picture, not a colour to be used."""
    word = clause.words[index]
    before = clause.words[max(0, index - 2) : index]
    is_plural = word.endswith("s") and word not in NAMED
    return (
        is_plural
        or (any(one in words_of.SCOPING or one in {"everything", "anything"} for one in before[-1:]) and "of" not in before)
        or (
            len(before) > 1 and before[-2] in words_of.SCOPING
            and (before[-1] in _MODIFIERS or before[-1] in {"current", "existing", "old", "same"})
        )
        or clause.after(index) in words_of.PARTS
    )


def _use_modifier(clause: Clause, mention: Mention) -> None:
    if mention.modifier:
        clause.used.add(mention.index - 1)


def _named_or_mixed(prefix: str, name: str, other: str, part: float) -> str:
    if prefix + name in NAMED:
        return prefix + name
    own = NAMED[name][0]
    channels = (
        round(int(own[at : at + 2], 16) * (1 - part) + int(other[at : at + 2], 16) * part)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)
