"""Reads what a sentence is about: "only the yellow: a deeper tone", "as for the blue, lighter"."""

import re
from collections.abc import Sequence
from typing import Final

from services.refinement.engines.local.language.attributes import SENSES
from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.language.morphology import words
from services.refinement.engines.local.language.quantities import names_the_whole
from services.refinement.engines.local.language.sentence_kinds import Licence
from services.refinement.engines.local.language.tokens import colour_of
from services.refinement.engines.local.named_colours import family_of

_OPENING: Final = words("only just as for about regarding concerning the now then but and")
_LEADING: Final = words("only just for about regarding concerning")
_NAMING: Final = words("the this that these those")
_SENTENCE_END: Final = re.compile(r"[.!?\n]")


class Topic:
    """The colour that the rest of a sentence is about."""

    def __init__(self) -> None:
        self._family: str | None = None
        self._end = 0

    def is_set_by(self, clause: Clause, following: Sequence[Clause], prompt: str) -> bool:
        """Note that a clause only says what is spoken of; say whether it does."""
        names = [at for at, word in enumerate(clause.words) if colour_of(word) is not None]
        if len(names) != 1 or clause.licence is not Licence.FRAGMENT:
            return False
        opening = set(clause.words) - {clause.words[names[0]]}
        if not (opening <= _OPENING and opening & _LEADING and "the" in opening):
            return False
        end = _SENTENCE_END.search(prompt, clause.start)
        self._end = end.start() if end else len(prompt)
        rest = [one for one in following if one.start < self._end]
        if not any(_says_how(word) for one in rest for word in one.words):
            return False
        self._family = family_of(str(colour_of(clause.words[names[0]])))
        return True

    def apply(self, clause: Clause) -> None:
        """Let a clause of the same sentence be about the colour, if it names nothing else."""
        if self._family is None or clause.start >= self._end or clause.area is not None:
            return
        names_own = any(
            colour_of(word) is not None and clause.before(at) in _NAMING
            for at, word in enumerate(clause.words)
        )
        if not (names_own or names_the_whole(clause)):
            clause.area = clause.referent = self._family


def _says_how(word: str) -> bool:
    return word in SENSES or colour_of(word) is not None
