"""Reads the colours of a clause: which part each is for, or which part each names.

A colour beside a noun belongs to it ("navy text", "the background white"); one with "the" before
it, or in the plural, names what has that colour; of two, one may take the other's place. What is
left is what the logo is to be coloured in: "use navy and gold" is a recolouring, "only navy and
gold" a duotone, "only navy" and "shades of navy" are monochrome.
"""

from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.colour_counts import (
    read_counts,
    read_named,
    recolour,
)
from services.refinement.engines.local.language.colour_mentions import (
    ELSEWHERE,
    ON,
    Mention,
    assign_parts,
    has_free_senses,
    is_scoping,
    mentions_in,
    noun_after,
    use_modifier,
)
from services.refinement.engines.local.language.colour_swaps import PAIR, read_swaps
from services.refinement.engines.local.language.directions import direction_of
from services.refinement.engines.local.language.quantities import AMOUNT_MAX, amount_in, area_of
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading
from services.refinement.engines.local.named_colours import family_of
from services.refinement.engines.local.operations import (
    Background,
    Duotone,
    LimitColours,
    Monochrome,
    Saturation,
    Shades,
)

_PUZZLING: Final = frozenset({"problem", "issue"})
_ALTERING: Final = frozenset(
    {"change", "another", "different", "other", "fix", "adjust", "edit", "tweak", "switch", "swap"}
)
_DETERMINERS: Final = frozenset({"the", "this", "that", "our", "my", "your", "those", "these"})
_LESSER: Final = frozenset({"only", "just"})

# What says of "the red" that it is to be used, and not only talked about.
_DOING: Final = words_of.SWAPPING | words_of.WISHING | frozenset({"use", "using", "in", "with"})
_REPLACING: Final = frozenset({"replace", "replaced", "replacing", "swap", "swapped", "exchange"})
_NAME_ITS_PLACE: Final = "name the colour to put in its place"
_WITHOUT_HUE: Final = frozenset({"gray", "black", "white"})
_NAME_ANOTHER: Final = "black, white and gray cannot fade: name the colour to put in their place"
# How far before a colour the quality that is about it may stand; how many words besides a colour
# still make a wish of it without any verb.
_REACH_MAX: Final = 4
_TOLD_WORDS_MAX: Final = 3
_TURNED_INTO: Final = frozenset({"be", "to", "into", "in", "become", "turn"})
_FOR_REACH: Final = 3
_CAUSING: Final = frozenset({"make", "turn", "paint", "colour", "color", "dye"})


def read_colours(clause: Clause, reading: Reading) -> str | None:
    """Read the colours of a clause; return the family its other wishes are about, if any."""
    if read_named(clause, reading) or read_counts(clause, reading):
        return None
    mentions = mentions_in(clause)
    if not mentions:
        return None
    assign_parts(clause, mentions)
    if read_swaps(clause, mentions, reading):
        return None
    rest = [mention for mention in mentions if not _read_part(clause, mention, reading)]
    rest = [mention for mention in rest if mention.index not in clause.used]
    if not rest:
        return None
    if _read_limit(clause, rest, reading) or _read_shades(clause, rest, reading):
        return None
    if _names_a_part(clause, rest):
        clause.used.update(mention.index for mention in rest)
        return family_of(rest[0].name)
    _read_plain(clause, rest, reading)
    return None


def _read_part(clause: Clause, mention: Mention, reading: Reading) -> bool:
    """Read the colour of a part; say whether the colour had one."""
    part, mood = mention.part, clause.mood
    if part is None:
        return False
    if part == ELSEWHERE:
        clause.used.add(mention.index)
        return True
    names_only = is_scoping(clause, mention.index) and (
        has_free_senses(clause) or mood.complains or mood.lessens
    )
    names_only = names_only or _is_bare_name(clause, mention)
    describes = noun_after(clause, mention.index) is not None and (
        has_free_senses(clause) or "hardtoread" in clause.words
    )
    if names_only or _is_changed(clause, mention) or (describes and not clause.has(ON)):
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
        use_modifier(clause, mention)
        if part == "background":
            reading.wish(clause, Background(colour=mention.paint))
        else:
            recolour(clause, (mention.paint,), part, reading)
    return True


def _is_bare_name(clause: Clause, mention: Mention) -> bool:
    """Say whether a fragment only names a part: "the white letters", "so the white letters"."""
    noun = noun_after(clause, mention.index)
    at_end = noun is not None and all(
        word in SENSES or word in words_of.SLIGHT for word in clause.words[noun + 1 :]
    )
    is_named = clause.before(mention.index) in {"the", "those", "these"}
    return at_end and is_named and clause.licence is Licence.FRAGMENT


def _is_changed(clause: Clause, mention: Mention) -> bool:
    """Say whether a part's colour is the one that it had: "the white text should be cream"."""
    if not is_scoping(clause, mention.index) or noun_after(clause, mention.index) is None:
        return False
    other = next(
        (
            at
            for at in range(mention.index + 1, len(clause.words))
            if colour_of(clause.words[at]) is not None
        ),
        mention.index,
    )
    # "Make the navy text on the ribbon white"
    is_made = other > mention.index and not _CAUSING.isdisjoint(clause.words[: mention.index])
    return is_made or not _TURNED_INTO.isdisjoint(clause.words[mention.index : other])


def _read_shades(clause: Clause, mentions: list[Mention], reading: Reading) -> bool:
    """Read "a darker blue", "lighter brown"; "make the blue darker" is about a part."""
    mention = mentions[0]
    places = [
        at
        for at, word in enumerate(clause.words[: mention.index])
        if word in SENSES
        and SENSES[word].quality == "lightness"
        and at not in clause.used
        and mention.index - at <= PAIR + 1
    ]
    if not places or (is_scoping(clause, mention.index) and not _is_adjacent(clause, places[-1])):
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
    if not has_free_senses(clause, but=mentions):
        return False
    mention = mentions[0]
    at = mention.index
    if is_scoping(clause, at):
        return True
    verbs = [
        place
        for place, word in enumerate(clause.words[:at])
        if word in SENSES and SENSES[word].form in {"explicit", "noun"} and place not in clause.used
    ]
    if verbs and at - verbs[-1] <= _REACH_MAX:
        return True
    previous = clause.before(at)
    if previous in SENSES and clause.before(at, 2) in {"more", "less", "reduce", "increase"}:
        return True
    after = clause.words[at + 1 :]
    comparisons = [word for word in after if word in SENSES and SENSES[word].form != "plain"]
    return (bool(comparisons) and not clause.has(frozenset({"use", "in", "with"}))) or (
        clause.mood.complains and not clause.mood.wishes
    )


def _read_limit(clause: Clause, mentions: list[Mention], reading: Reading) -> bool:
    """Read "reduce it to black and red"; say whether that was it."""
    limits = clause.has(words_of.LESS, frozenset({"fewercolours", "stick"}))
    if not limits or clause.before(mentions[0].index) not in {"to", "just", "only"}:
        return False
    names = tuple(dict.fromkeys(mention.paint for mention in mentions))
    clause.used.update(mention.index for mention in mentions)
    if len(names) <= PAIR:
        reading.wish(clause, _exclusively(names))
    else:
        recolour(clause, names, None, reading)
    return True


def _read_plain(clause: Clause, mentions: list[Mention], reading: Reading) -> None:
    """Read colours that are to be used, or to be used less."""
    mood = clause.mood
    clause.used.update(mention.index for mention in mentions)
    for mention in mentions:
        use_modifier(clause, mention)
    if mood.keeps or _describes_something(clause, mentions[-1]):
        return
    names = tuple(dict.fromkeys(mention.paint for mention in mentions))
    # "It looks yellowish" complains of the tint, "it is yellow" of nothing.
    is_tint = clause.words[mentions[0].index].endswith("ish")
    is_judged = clause.has(words_of.JUDGING) or (is_tint and mood.complains)
    # "The problem is the yellow" does not say what would be better.
    dislikes = is_judged and not mood.wishes and not clause.has(_PUZZLING)
    if mood.guards or (mood.forbids and not mood.removes and not mood.down):
        reading.refuse(clause, ASKED_NOT_TO)
    elif _only_takes_away(clause, mentions):
        reading.refuse(clause, _NAME_ITS_PLACE)
    elif mood.lessens or dislikes or (mood.complains and not mood.wishes and mood.too):
        _fade(clause, mentions, reading, is_out=mood.removes or dislikes)
    elif mood.up and clause.has(words_of.TURNING) and is_scoping(clause, mentions[0].index):
        family = family_of(mentions[0].name)
        reading.wish(clause, Saturation(amount=amount_in(clause), scope=family))
    elif mood.wishes or not mood.complains:
        # "It is blue" tells, and wishes for nothing.
        _use(clause, mentions, names, reading)


def _use(clause: Clause, mentions: list[Mention], names: tuple[str, ...], reading: Reading) -> None:
    """Note colours that are to be used."""
    if _is_only_object(clause, mentions):
        reading.refuse(clause, _NAME_ITS_PLACE)
        return
    if clause.has(words_of.ONLY) and len(names) <= PAIR:
        reading.wish(clause, _exclusively(names))
    elif _is_meant(clause) and (
        not is_scoping(clause, mentions[0].index) or clause.has(_DOING) or _is_of_all(clause)
    ):
        recolour(clause, names, _scope_for(clause), reading)
        if clause.has(words_of.ONLY):
            reading.wish(clause, LimitColours(count=len(names)))


def _is_only_object(clause: Clause, mentions: list[Mention]) -> bool:
    """Say whether something is to be done to a colour, and what is not said: "make the green"."""
    at = mentions[0].index
    start = at
    while start and clause.words[start - 1] in _DETERMINERS:
        start -= 1
    verb = clause.words[start - 1] if start else ""
    is_object = verb in _ALTERING or (start < at and verb in _CAUSING | {"do"})
    last = set(clause.words[at + 1 :])
    return is_object and len(mentions) == 1 and last <= {"please", "thanks", "again", "too"}


def _is_of_all(clause: Clause) -> bool:
    """Say whether a clause is as short as "everything blue"."""
    return clause.words[0] in {"everything", "all"} and len(clause.words) <= PAIR


def _describes_something(clause: Clause, mention: Mention) -> bool:
    """Say whether a colour is that of a thing told about: "some grey pattern from the scanner"."""
    following = clause.after(mention.index)
    if not following.isalpha() or is_known(following):
        return False
    if "for" in clause.words[max(0, mention.index - _FOR_REACH) : mention.index]:
        # "We need it for a black hoodie"
        return True
    return clause.licence is Licence.FRAGMENT and len(clause.words) > _TOLD_WORDS_MAX


def _only_takes_away(clause: Clause, mentions: list[Mention]) -> bool:
    """Say whether a colour is to be replaced, and not by what: "could the pink be replaced"."""
    before = clause.words[: mentions[0].index]
    return (
        len(mentions) == 1
        and clause.has(_REPLACING)
        and not {"with", "to", "into", "by", "for", "in"} & set(before)
    )


def _fade(clause: Clause, mentions: list[Mention], reading: Reading, *, is_out: bool) -> None:
    """Note that there is to be less of some colours, or none."""
    strength = amount_in(clause) * (2.0 if is_out else 1.0)
    for name in dict.fromkeys(family_of(mention.name) for mention in mentions):
        if name in _WITHOUT_HUE:
            reading.refuse(clause, _NAME_ANOTHER)
        else:
            reading.wish(clause, Saturation(amount=-min(strength, AMOUNT_MAX), scope=name))


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
    is_order = clause.licence is Licence.ORDER
    return is_order or clause.has(words_of.USING) or len(content) <= _TOLD_WORDS_MAX
