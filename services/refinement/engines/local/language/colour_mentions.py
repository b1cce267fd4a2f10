"""Finds the colours in a clause, and the part of the logo that each belongs to."""

from typing import Final

import msgspec

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.named_colours import NAMED

ELSEWHERE: Final = "elsewhere"


_SHADE_OF_BLACK: Final = 0.45


_TINT_OF_WHITE: Final = 0.55


# Of three channels of 255.
_PALE_SUM: Final = 690


_BETWEEN_COLOUR_AND_NOUN: Final = words(
    "colored coloured tinted toned color colour solid plain flat and & , on a an full pure"
)


ON: Final = frozenset({"on", "onto", "against", "over", "atop", "behind"})


_NOT_PLACED: Final = frozenset(
    {
        "based",
        "focus",
        "emphasis",
        "accent",
        "work",
        "rely",
        "hold",
        "working",
        "depending",
        "keen",
        "insists",
        "insist",
        "insisted",
        "insisting",
        "set",
        "more",
        "agreed",
        "decided",
        "settled",
        "agree",
        "settle",
    }
)


# Things a logo goes on: their colours are not the picture's.
_WARES: Final = words(
    "shirt shirts card cards poster screen screens mug packaging label letterhead "
    "banner flyer signs sign packages boxes paper bags cups"
)


MODIFIERS: Final = words(
    "dark deep light pale bright soft vivid vibrant rich muted strong intense warm "
    "cool neon hot clean crisp pure fresh electric dusty bold"
)


_DARKENING: Final = frozenset({"dark", "deep"})


_LIGHTENING: Final = frozenset({"light", "pale"})


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
        if self.modifier in _LIGHTENING and not _is_pale(self.name):
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
        if clause.after(index).startswith("#") and not word.startswith("#"):
            # "Red #ff0000" is one colour.
            continue
        before = clause.before(index)
        found.append(
            Mention(index=index, name=name, modifier=before if before in MODIFIERS else "")
        )
    return found


def assign_parts(clause: Clause, mentions: list[Mention]) -> None:
    """Give each colour the part of the logo that the words beside it name."""
    claimed = _assign_following_nouns(clause, mentions)
    if len(mentions) > 1 and clause.before(mentions[0].index) == "from":
        # "the background from white to cream": the first is only what it was.
        clause.used.add(mentions[0].index)
        first = mentions.pop(0)
        if first.part is None and not any(_part(word) for word in clause.words[: first.index]):
            mentions.insert(0, first)
            clause.used.discard(first.index)
    for place, mention in enumerate(mentions):
        if mention.part is not None:
            continue
        start = mentions[place - 1].index if place else -1
        if _is_on(clause, mention.index):
            is_ware = not _ends_place(clause, mention.index)
            mention.part = ELSEWHERE if is_ware else "background"
            continue
        if clause.after(mention.index) == "behind":
            mention.part = "background"
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
    _assign_from_afar(clause, mentions)


def _assign_from_afar(clause: Clause, mentions: list[Mention]) -> None:
    if clause.referent is not None:
        for mention in mentions:
            mention.part = mention.part or clause.referent
    if len(mentions) == 1 and mentions[0].part is None:
        # "black for the background", "make it navy, the text I mean"
        after = [
            at
            for at in range(mentions[0].index + 1, len(clause.words))
            if _part(clause.words[at]) is not None and at not in clause.used
        ]
        if after and "for" in clause.words[mentions[0].index : after[0]]:
            mentions[0].part = _part(clause.words[after[0]])


def _assign_following_nouns(clause: Clause, mentions: list[Mention]) -> set[int]:
    claimed: set[int] = set()
    for mention in reversed(mentions):
        noun = noun_after(clause, mention.index)
        if noun is not None:
            mention.part = _part(clause.words[noun])
            claimed.add(noun)
    return claimed


def noun_after(clause: Clause, index: int) -> int | None:
    """Return where the noun is that a colour stands before: "navy text"."""
    for at in range(index + 1, len(clause.words)):
        word = clause.words[at]
        if _part(word) is not None and at not in clause.used:
            return at
        if word in {"on", "in"} or (
            colour_of(word) is None and word not in _BETWEEN_COLOUR_AND_NOUN
        ):
            return None
    return None


def _is_on(clause: Clause, index: int) -> bool:
    for at in range(index - 1, max(index - 5, -1), -1):
        word = clause.words[at]
        if word in ON:
            return clause.before(at) not in _NOT_PLACED
        if word not in MODIFIERS | {
            "a",
            "an",
            "plain",
            "solid",
            "pure",
            "simple",
            "clean",
            "flat",
        }:
            return False
    return False


def _ends_place(clause: Clause, index: int) -> bool:
    """Say whether nothing is named that has the colour: "on black", and not "on black shirts"."""
    following = clause.after(index)
    return not following or (is_known(following) and following not in _WARES)


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


def has_free_senses(clause: Clause, *, but: list[Mention] | None = None) -> bool:
    """Say whether a clause has qualities that are not yet accounted for."""
    modifiers = {mention.index - 1 for mention in but or () if mention.modifier}
    return any(
        word in SENSES
        and at not in clause.used
        and at not in modifiers
        and colour_of(word) is None
        and not (word in MODIFIERS and clause.after(at) and colour_of(clause.after(at)))
        and SENSES[word].quality not in {"size", "fine"}
        for at, word in enumerate(clause.words)
    )


def is_scoping(clause: Clause, index: int) -> bool:
    """Say whether a colour names a part of the picture, not a colour to be used."""
    word = clause.words[index]
    before = clause.words[max(0, index - 2) : index]
    is_plural = word.endswith("s") and word not in NAMED
    return (
        is_plural
        or (
            any(one in words_of.SCOPING or one in {"everything", "anything"} for one in before[-1:])
            and "of" not in before
        )
        or (
            len(before) > 1
            and before[-2] in words_of.SCOPING
            and (before[-1] in MODIFIERS or before[-1] in {"current", "existing", "old", "same"})
        )
        or clause.after(index) in words_of.PARTS
    )


def use_modifier(clause: Clause, mention: Mention) -> None:
    """Account for the adjective of a colour."""
    if mention.modifier:
        clause.used.add(mention.index - 1)


def _is_pale(name: str) -> bool:
    """Say whether a colour can hardly be lighter: "a light cream" is cream."""
    own = NAMED[name][0]
    return sum(int(own[at : at + 2], 16) for at in (1, 3, 5)) >= _PALE_SUM


def _named_or_mixed(prefix: str, name: str, other: str, part: float) -> str:
    if prefix + name in NAMED:
        return prefix + name
    own = NAMED[name][0]
    channels = (
        round(int(own[at : at + 2], 16) * (1 - part) + int(other[at : at + 2], 16) * part)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)
