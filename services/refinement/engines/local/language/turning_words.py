"""Guards against wrong directions: words that turn the sense of a clause must have been heeded.

A negation that a production has overlooked would make it do what was forbidden. So a clause is read
again without each such word: where that leads to the same steps, nobody has heeded it, and the
steps are dropped.
"""

from collections.abc import Callable, Sequence
from typing import Final

from services.refinement.engines.local.language import vocabulary as words_of
from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.licence import is_praise, licence_of
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.wishes import ASKED_NOT_TO, Reading

_TURNING: Final = words_of.NEGATED | words(
    "no none nothing without insteadof except lest against worse wrongly"
)
_NO: Final = words("no nope nah never not none")
_REFUSING: Final = _NO | words(
    "i we would do thanks please thank you way at all really rather definitely absolutely god oh "
    "certainly"
)
_SUPPOSING: Final = words("would might will may could")
_SEEMING: Final = words("be look feel seem make")
_HOW: Final = words("a an very really so too just quite rather the only even it totally simply")
_HARMING: Final = words(
    "ruin spoil wreck break destroy hurt damage kill harm butcher distract clash defeat confuse "
    "undermine weaken backfire overpower drown vanish disappear suffer fail lostlook"
)
_DOERS: Final = words("you we i please")
_STAYING: Final = words("keep keeps stay stays leave leaves")
_SUPPOSED_WITHIN: Final = 3
_BAD: Final = words_of.JUDGING | words("mistake worse shame pity disaster nightmare unacceptable")


def drop_unheeded(
    clause: Clause, known: int, reading: Reading, read: Callable[[Clause, Reading], None]
) -> None:
    """Drop the wishes of a clause that are the same without one of its turning words.

    Args:
        clause: has been read.
        known: how many wishes there were before it.
        reading: what it was read into.
        read: reads a clause into a reading.
    """
    own = [wish.operation for wish in reading.wishes[known:]]
    if not own:
        return
    if _is_thought_bad(clause.words):
        del reading.wishes[known:]
        reading.refuse(clause, ASKED_NOT_TO)
        return

    def leads_to_same(places: frozenset[int]) -> bool:
        other = clause.without(places)
        scratch = Reading(wishes=reading.wishes[:known])
        if other.words:
            other.licence = licence_of(other)
            if not (other.licence.is_idle or is_praise(other)):
                read(other, scratch)
        return [wish.operation for wish in scratch.wishes[known:]] == own

    last = len(clause.words) - 1
    for at, word in enumerate(clause.words):
        if word not in _TURNING or _limits_number(clause.words[at + 1 :]):
            continue
        if word in words_of.NEGATED and not clause.mood.forbids:
            # "Not so dark", "not dark enough": the mood is what the negation comes to.
            continue
        is_idle = at < last and leads_to_same(frozenset(range(at, last + 1)))
        alike = frozenset(n for n, one in enumerate(clause.words) if one == word)
        if not is_idle and leads_to_same(alike):
            # Where the words before it lead to the steps alone, what it turns was left out.
            del reading.wishes[known:]
            reading.unmatched.append(clause.phrase)
            return


def take_back(clause: Clause, previous: Clause | None, reading: Reading) -> bool:
    """Read a "no" that stands alone: what the clause before asked for is not wished."""
    refuses = set(clause.words) <= _REFUSING and clause.has(_NO)
    if previous is None or not (refuses or _keeps_it(clause.words)):
        return False
    kept = [wish for wish in reading.wishes if wish.phrase != previous.phrase]
    if len(kept) == len(reading.wishes):
        return False
    reading.wishes = kept
    reading.refuse(previous, ASKED_NOT_TO)
    return True


def _keeps_it(all_words: Sequence[str]) -> bool:
    """Say whether a clause only keeps what was named: "shadow: keep"."""
    return all_words[0] in _STAYING and {*all_words[1:]} <= {"it", "that", "this", "please"}


def _limits_number(after: Sequence[str]) -> bool:
    """Say whether a negation only sets a limit: "do not use more than four colours"."""
    return any(
        following[:2] == ("more", "than") and following[2] in words_of.NUMBERS
        for following in zip(after, after[1:], after[2:], strict=False)
    )


def _is_thought_bad(all_words: Sequence[str]) -> bool:
    """Say whether what a clause names would be bad: "darker would be wrong", "darker is worse"."""
    is_feared = all_words[0] in {"anything", "any"} or _compares(all_words[0])
    if is_feared and any(_compares(one) for one in all_words[:2]) and _finds_fault(all_words[1:]):
        # "Anything brighter hurts the eyes"
        return True
    if _would_harm(all_words) or _would_be_too_much(all_words):
        return True
    for at, word in enumerate(all_words):
        is_fault = word in SENSES and SENSES[word].form == "fault"
        if word not in _BAD and not is_fault:
            continue
        verb = at - 1
        while verb > 0 and all_words[verb] in _HOW:
            verb -= 1
        before = all_words[:verb]
        if verb > 0 and all_words[verb] in _SEEMING and _SUPPOSING & {*before[-_SUPPOSED_WITHIN:]}:
            return not words_of.NEGATED & {*before}
        if verb > 0 and all_words[verb] == "is" and any(_compares(one) for one in before):
            return not words_of.NEGATED & {*before}
    return False


def _would_harm(all_words: Sequence[str]) -> bool:
    """Say whether what a clause names would do harm: "mirroring it would ruin the text"."""
    return any(
        word in _HARMING
        and at > 1
        and all_words[at - 1] in _SUPPOSING
        and not _DOERS & {*all_words[at - 2 : at - 1]}
        and not words_of.NEGATED & {*all_words[:at]}
        for at, word in enumerate(all_words)
    )


def _would_be_too_much(all_words: Sequence[str]) -> bool:
    """Say whether more of something is thought too much: "would a darker blue be too heavy"."""
    if "too" not in all_words:
        return False
    too = all_words.index("too")
    supposes = bool(_SUPPOSING & {*all_words[:too]}) and bool(_SEEMING & {*all_words[:too]})
    return supposes and any(_compares(one) for one in all_words[:too])


def _finds_fault(all_words: Sequence[str]) -> bool:
    return any(word in SENSES and SENSES[word].form == "fault" for word in all_words)


def _compares(word: str) -> bool:
    return word in SENSES and SENSES[word].form == "explicit" and word.endswith("er")
