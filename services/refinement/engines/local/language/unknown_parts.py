"""Finds the noun phrase of a clause that names a part which no operation can pick out.

Operations know colours, text, background and foreground. Any other noun that stands where a change
has its subject or its object is taken for a part, whether the lexicon has it or not: what is wished
of "the star" or of "the gizmo" must not happen to the whole logo.
"""

from typing import Final

from rapidfuzz.distance import OSA

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import NOUN_KINDS, SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.names_of_all import OF_ALL
from services.refinement.engines.local.language.ordinary_words import LOOKALIKES
from services.refinement.engines.local.language.phrases import PHRASES
from services.refinement.engines.local.language.spelling import is_known
from services.refinement.engines.local.language.styles import STYLES
from services.refinement.engines.local.language.tokens import colour_of

_SHAPES: Final = words("square squares circle circles triangle triangles round")
_OWNERS: Final = words("my our your his her their")
_DETERMINERS: Final = words("the its that this these those each every") | _OWNERS
_ARTICLES: Final = words("a an some")
# Things that may be drawn in a logo, though the lexicon has their words for other ends.
_DRAWN: Final = words(
    "eyes eye nose face head hair hand hands finger leaf leaves roof roofs house flag wheel wheels "
    "mug shirt phone fire glass brush pencil butterfly fly lily belly baby king wing wings ring "
    "rings string swing spring sting building castle ceiling bones"
)
# A place that has no colour to tell it by.
_PLACES: Final = words("top bottom half side front middle left right inside")
_JOINED: Final = frozenset(PHRASES.values())
_MISTYPED: Final = ("logo", "logos", "this", "that", "the", "text", "them", "these", "more", "very")
_MISTYPED_LENGTH_MAX: Final = 5
_DESCRIBING: Final = words(
    "little big small tiny main whole outer inner left right top bottom upper lower middle first "
    "second third last other two three four five one"
)
_LEADING: Final = words(
    "please just maybe also and then now but only kindly could can would you i we want like to "
    "make turn set change paint color colour recolor recolour tint fill render lets let have get "
    "think feel if it be nice great better good lovely that so perhaps should hey hi well me us "
    "because is with"
)
_BARE_LEADING: Final = words(
    "please just maybe also and then now but only kindly could can you lets let make turn set "
    "change paint color colour recolor recolour tint fill render i think if so perhaps is well"
)
_COURTESY: Final = words("please thanks thx now then instead again too also")
_CAUSING: Final = words(
    "make turn paint color colour recolor recolour tint fill render set change making turning "
    "painting colouring coloring filling changing swap"
)
_TAKING: Final = words("give get let have want like see need keep outline frame try prefer giving")
_LINE_VERBS: Final = frozenset({"outline", "frame"})
_PARTICLES: Final = words("increase up down out only just back off all of")
_STATES: Final = words(
    "is are was were be isnot look looks seem seems appear appears feel feels should must need "
    "needs could can would has have get gets came comes become becomes might shall may lacks lack "
    "too come stand stands appears"
)
_ON_STATES: Final = words("far way a so really very just not still always also all both now")
_PEOPLE_DO: Final = words(
    "would want wants like likes think thinks feel feels said says prefer prefers asked love loves "
    "also please hate hates wanted liked hated wishes loved told finds insists insist asks"
)
_HAVING: Final = words("needs need has have had can could must should")
_WHOLE_OBJECTS: Final = words("it this that them us something everything")
_LINES: Final = words_of.OUTLINES | words_of.BORDERS | words_of.SHADOWS | words_of.GRADIENTS
_PLAIN_LINES: Final = words("line lines stroke strokes")
_ATTACHED: Final = _LINES | NOUN_KINDS.keys() | words_of.COLOUR_NOUNS
_NAMED: Final = words_of.TEXTS | words_of.BACKGROUNDS | words_of.FOREGROUNDS
_ENDING_NOUN: Final = words(
    "on in of at to into for with and is are be should must around behind from by as"
)
_BELONGING: Final = words("of in on to from under behind around beneath beside at over for")
_NAMING: Final = words("as and i we keep leave see about well now then so please")
_GIVING_VALUE: Final = words("in more less from to : = -> too not so that way as %")
_PLACING: Final = words("on in for of against at like from as is are over into onto")
_WHERE: Final = words("on at in inside near above below under behind around beside")
_ONES: Final = words("bit part area section piece element shape one bits parts areas sections")
_FOR: Final = frozenset({"for"})
_NO_NOUN_ENDINGS: Final = (
    *("ly", "ed", "ive", "able", "ible", "ful", "ous", "ish", "less", "est", "ier", "ic", "ern"),
    *("ingly", "ized", "ised", "ate", "ify", "ise", "ize"),
)
_STEM_LENGTH_MIN: Final = 2
_ING_LENGTH_MIN: Final = 6
_NOUN_LENGTH_MIN: Final = 3


def unknown_part_of(clause: Clause) -> str | None:
    """Return the noun that a change in a clause is about, if the grammar has no word for it."""
    if clause.words[0] == "like":
        # "Like a tin of coffee" only likens.
        return None
    for find in (_subject, _object, _fragment, _described, _possessor):
        noun = find(clause)
        if noun is not None:
            return noun
    return None


def bare_part_of(clause: Clause) -> str | None:
    """Return the noun of a clause that says nothing else: "the star", "in the star".

    "Keep the star" names it too, and asks for nothing. "I like the star" does not count: what is
    "it" thereafter is the logo as often.
    """
    at = _past(clause.words, _BELONGING | _NAMING)
    head = _head(clause.words, at)
    if head is None:
        return None
    after = clause.words[head + 1 :]
    is_named = clause.words[at] in _DETERMINERS or after[:1] in (("colour",), ("color",))
    is_bare = all(word in _COURTESY | _STATES | {"colour", "color"} for word in after)
    return clause.words[head] if is_named and is_bare else None


def judged_part_of(clause: Clause) -> str | None:
    """Return the part that a clause only finds good or bad: "the star is ugly"."""
    at = _past(clause.words, _NAMING)
    if clause.words[at : at + 1] == () or clause.words[at] not in _DETERMINERS - _OWNERS:
        return None
    head = _head(clause.words, at, needs_determiner=True)
    if head is None or clause.after(head) not in _STATES or _belongs_to_people(clause.words, head):
        return None
    after = set(clause.words[head + 1 :])
    is_judged = bool(after & (words_of.JUDGING | words_of.PRAISING))
    return clause.words[head] if is_judged or any(_says_anything(one) for one in after) else None


def says_how(word: str) -> bool:
    """Say whether a word says how something is to be."""
    return (
        word in SENSES
        or colour_of(word) is not None
        or word in words_of.LOOKS
        or word in words_of.MORE
        or word in words_of.LESS
    )


def is_thing(word: str, following: str = "") -> bool:
    """Say whether a word after a determiner is a thing: no name of the whole, nor an adjective."""
    if word in _SHAPES:
        ends = not following or not following.isalnum() or following in _ENDING_NOUN | _STATES
        return ends or says_how(following)
    if word in _PLACES:
        return following in _STATES
    if not word.isalpha() or len(word) < _NOUN_LENGTH_MIN or _is_other(word):
        return False
    return word in LOOKALIKES or word in _DRAWN or not _is_lexical(word)


def _is_lexical(word: str) -> bool:
    return is_known(word) or (word.endswith("s") and is_known(word[:-1]))


def _is_other(word: str) -> bool:
    """Say whether a word means the whole logo, says how it is, or is no noun."""
    return (
        word in OF_ALL
        or says_how(word)
        or word in STYLES
        or word in words_of.UNSUPPORTED
        or (word in _JOINED and word not in _DRAWN)
        or _means_logo(word)
        or (word not in _DRAWN and _is_no_noun(word))
    )


def _is_no_noun(word: str) -> bool:
    is_long_ing = word.endswith("ing") and len(word) > _ING_LENGTH_MIN
    ending = next((one for one in _NO_NOUN_ENDINGS if word.endswith(one)), "")
    is_derived = bool(ending) and len(word) > len(ending) + _STEM_LENGTH_MIN
    return is_long_ing or (is_derived and not word.endswith("fish"))


def _means_logo(word: str) -> bool:
    """Say whether a word is "logo" with a slip; "log" and "logs" are not."""
    return len(word) > len("logs") and OSA.distance(word, "logo", score_cutoff=1) <= 1


def _is_slip(word: str) -> bool:
    """Say whether a noun without an article is a common word with a slip: "make ths darker"."""
    if any(3 * letter in word for letter in set(word)):
        # "Wayyy brighter"
        return True
    return len(word) <= _MISTYPED_LENGTH_MAX and any(
        OSA.distance(word, known, score_cutoff=1) <= 1 and len(word) <= len(known)
        for known in _MISTYPED
    )


def _head(all_words: tuple[str, ...], start: int, *, needs_determiner: bool = False) -> int | None:
    """Return where the noun is of the phrase that starts at a place, if it is an unknown part."""
    at = start
    while at < len(all_words) and all_words[at] in _DETERMINERS | {"all", "both", "of"}:
        at += 1
    is_determined = not {*all_words[start:at]} <= {"of"}
    if needs_determiner and not is_determined:
        return None
    if all_words[at : at + 1] in (("colour",), ("color",)):
        # "The colour of the star"
        if all_words[at + 1 : at + 3] != ("of", "the"):
            return None
        at += 3
    while at < len(all_words) - 1 and _describes(all_words, at):
        at += 1
    head = _last_noun(all_words, at, is_determined=is_determined)
    return None if head is not None and _only_describes(all_words, head) else head


def _last_noun(all_words: tuple[str, ...], start: int, *, is_determined: bool) -> int | None:
    """Return the last noun of those in a row, unless it is one that the grammar knows."""
    head = None
    for at in range(start, len(all_words)):
        word = all_words[at]
        following = all_words[at + 1] if at + 1 < len(all_words) else ""
        if head is not None and word in _STATES:
            break
        if word in _NAMED or word in OF_ALL:
            if following and _is_bare_thing(following):
                # "Our mascot's scarf"
                continue
            # "The bakery name", "the Acme logo"
            return None
        if head is not None and word in _ATTACHED - _SHAPES:
            # "The star's outline"
            return head if is_determined or word in {"colour", "color"} else None
        if not (is_thing(word, following) and (is_determined or _is_bare_thing(word))):
            break
        head = at
    return head


def _describes(all_words: tuple[str, ...], at: int) -> bool:
    word = all_words[at]
    if word in _PLACES and all_words[at + 1] in _STATES:
        return False
    return word in _DESCRIBING or (
        (colour_of(word) is not None or (word in SENSES and SENSES[word].form != "noun"))
        and (is_thing(all_words[at + 1], "") or _describes_next(all_words, at + 1))
    )


def _describes_next(all_words: tuple[str, ...], at: int) -> bool:
    return at + 1 < len(all_words) and _describes(all_words, at)


def _only_describes(all_words: tuple[str, ...], head: int) -> bool:
    """Say whether a word is about the colour behind it: "make the blingy gold darker"."""
    after = all_words[head + 1 : head + 3]
    return (
        len(after) == len(("gold", "darker"))
        and colour_of(after[0]) is not None
        and (after[1] in SENSES or after[1] in _STATES)
    )


def _subject(clause: Clause) -> str | None:
    """Return the part that something is said of: "the star is too dark", "star should be gold"."""
    all_words = clause.words
    start = _past(all_words, _LEADING)
    for at in range(len(all_words)):
        is_bare_start = at == start or (at == 0 and start == 0)
        if all_words[at] not in _DETERMINERS and not is_bare_start:
            continue
        if at and all_words[at - 1] in _BELONGING:
            continue
        if clause.after(at) in _ONES and clause.after(at, 2) in _WHERE:
            # "The bit on top"
            return clause.after(at)
        head = _head(all_words, at, needs_determiner=not is_bare_start)
        if head is None or _belongs_to_people(all_words, head):
            continue
        after = all_words[head + 1 :]
        if after and after[0] in _ATTACHED:
            after = after[1:]
        while after and after[0] in _ON_STATES:
            after = after[1:]
        # "Why are the antlers so thin"
        is_inverted = bool(at) and all_words[at - 1] in _STATES
        if (is_inverted or (after and _predicates(after[0]))) and any(
            _says_anything(word) for word in after
        ):
            return all_words[head]
    return None


def _predicates(word: str) -> bool:
    """Say whether a word says something of a subject: "is", "gets lost"."""
    return word in _STATES or (word in SENSES and SENSES[word].form == "fault")


def _says_anything(word: str) -> bool:
    return says_how(word) or word in STYLES or word in words_of.JUDGING or word == "transparent"


def _belongs_to_people(all_words: tuple[str, ...], head: int) -> bool:
    """Say whether a noun is somebody who wishes: "the partners would like the blue darker"."""
    after = all_words[head + 1 : head + 3]
    return bool(after) and (
        after[0] in _PEOPLE_DO - {"would", "feel", "feels", "also", "please"}
        or (after[0] in {"would", "also", "will"} and bool(_PEOPLE_DO & set(after[1:])))
        or (after[0] in _HAVING and bool(_WHOLE_OBJECTS & set(after[1:])))
    )


def _object(clause: Clause) -> str | None:
    """Return the part that something is to be done to: "make the star gold", "darken the swan"."""
    all_words = clause.words
    for verb, word in enumerate(all_words):
        is_verb = word not in _LINE_VERBS or clause.before(verb) in _LEADING | {""}
        acts = is_verb and (word in words_of.CANVAS_VERBS or _is_acting(word))
        if not (acts or word in _CAUSING or word in _TAKING):
            continue
        at = verb + 1
        while at < len(all_words) and all_words[at] in _PARTICLES | {"me", "us"}:
            at += 1
        head = _head(all_words, at, needs_determiner=word in _TAKING)
        if head is None or _belongs_to_people(all_words, head):
            continue
        after = all_words[head + 1 :]
        is_bare = all(
            one in _COURTESY | words_of.SLIGHT | words_of.STRONG | _ARTICLES for one in after
        )
        if is_bare and (acts or (word in _CAUSING and _past(all_words, _LEADING) > verb)):
            return all_words[head]
        if any(_says_anything(one) or one in _LINES or one in {"a", "by"} for one in after):
            return all_words[head]
    return None


def _is_acting(word: str) -> bool:
    """Say whether a word is a verb that changes a quality: "darken", not "darker"."""
    sense = SENSES.get(word)
    return (
        sense is not None and sense.form == "explicit" and not word.endswith(("er", "est"))
    ) or word in _LINE_VERBS


def _fragment(clause: Clause) -> str | None:
    """Return the part that a few words describe: "gold star", "thicker wings", "shield blue"."""
    all_words = clause.words
    at = _past(all_words, _LEADING | _ARTICLES | {"use", "need"})
    if {"it", "this"} & set(all_words[:at]):
        return None
    end = len(all_words)
    while end > at and all_words[end - 1] in _COURTESY:
        end -= 1
    spoken = all_words[at:end]
    if len(spoken) < len(("gold", "star")):
        return None
    start = 0
    while start < len(spoken) - 1 and (
        _describes_plainly(spoken[start]) or spoken[start] in _DETERMINERS
    ):
        start += 1
    rest = spoken[start:]
    said = [word for word in spoken[:start] if says_how(word) and word not in _DESCRIBING]
    if said and all(_is_bare_thing(word) for word in rest):
        return rest[-1]
    head = _head(spoken, 0)
    if head is None or not (_is_bare_thing(spoken[head]) or spoken[0] in _DETERMINERS):
        return None
    after = spoken[head + 1 :]
    is_described = bool(after) and all(
        _describes_plainly(word) or word in _GIVING_VALUE or word[0].isdecimal() for word in after
    )
    return spoken[head] if is_described and any(says_how(word) for word in after) else None


def _described(clause: Clause) -> str | None:
    """Return the part that an adjective wishes otherwise: "I would prefer a red ladybird"."""
    all_words = clause.words
    for article, word in enumerate(all_words):
        if word not in _ARTICLES or clause.before(article) in _PLACING:
            continue
        at = article + 1
        while at < len(all_words) - 1 and _describes_plainly(all_words[at]):
            at += 1
        said = [one for one in all_words[article + 1 : at] if says_how(one)]
        if set(said) <= _DESCRIBING or at == len(all_words) or not _is_bare_thing(all_words[at]):
            continue
        after = clause.after(at)
        if not after or after in _COURTESY | _STATES:
            return all_words[at]
    return None


def _describes_plainly(word: str) -> bool:
    return (
        word in _DESCRIBING
        or word in words_of.SLIGHT
        or word in words_of.STRONG
        or word in {"a", "bit", "more", "less"}
        or word in words_of.LOOKS
        or colour_of(word) is not None
        or (word in SENSES and SENSES[word].form != "noun")
    )


def _is_bare_thing(word: str) -> bool:
    is_bare = is_thing(word) and word not in LOOKALIKES and not _is_slip(word)
    return is_bare or word in _SHAPES - {"round", "square"}


def _possessor(clause: Clause) -> str | None:
    """Return the part something belongs to: "the edges of the star", "more contrast in the eyes".

    "Gold for the star" gives a part a colour.
    """
    all_words = clause.words
    for at, word in enumerate(all_words):
        if word not in _BELONGING or not at:
            continue
        head = _head(all_words, at + 1, needs_determiner=True)
        owned = all_words[at - 1]
        if head is None or _is_undrawn(clause, owned):
            continue
        is_noun = owned in SENSES and SENSES[owned].form == "noun"
        is_line = owned in _LINES or owned in NOUN_KINDS or owned in words_of.COLOUR_NOUNS
        is_coloured = colour_of(owned) is not None or (owned in {"use", "put", "parts"})
        if word in _FOR:
            is_end = head + 1 == len(all_words) or all_words[head + 1] in _COURTESY
            owns = colour_of(owned) is not None and is_end and not _is_told(clause, at - 1)
        elif word == "of":
            is_told = is_noun or any(_says_anything(one) for one in all_words)
            owns = is_told and (is_noun or is_line) and not _is_evened(clause, owned)
        elif word in {"on", "to", "from", "in"} and is_coloured:
            owns = head + 1 == len(all_words)
        else:
            owns = is_noun or owned in _LINES
        if owns or _is_line_around(all_words, at):
            return all_words[head]
    return None


def _is_told(clause: Clause, at: int) -> bool:
    """Say whether what has a colour is told otherwise: "a darker red for the heart"."""
    return clause.has(OF_ALL) or clause.before(at) in SENSES


def _is_evened(clause: Clause, owned: str) -> bool:
    """Say whether corners, edges or lines are only to be alike, which harms no others."""
    alike = {"roundness", "smoothness"} | ({"weight"} if owned in _PLAIN_LINES else set())
    return NOUN_KINDS.get(owned) in {"corner", "edge", "line"} and any(
        word in SENSES and SENSES[word].quality in alike for word in clause.words
    )


def _is_undrawn(clause: Clause, owned: str) -> bool:
    """Say whether a shadow or gradient is to go: where it is does not matter."""
    mood = clause.mood
    is_unwanted = mood.removes or mood.too or mood.forbids or (mood.complains and not mood.wishes)
    return owned in words_of.SHADOWS | words_of.GRADIENTS and is_unwanted


def _is_line_around(all_words: tuple[str, ...], at: int) -> bool:
    return all_words[at] in {"around", "to", "under", "behind"} and bool(
        _LINES & set(all_words[max(0, at - 3) : at])
    )


def _past(all_words: tuple[str, ...], group: frozenset[str]) -> int:
    start = 0
    while start < len(all_words) and all_words[start] in group:
        start += 1
    return start
