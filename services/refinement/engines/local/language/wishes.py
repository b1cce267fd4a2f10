"""What reading a prompt fills, clause by clause."""

import msgspec

from services.refinement.engines.local.language.clauses import Clause
from services.refinement.engines.local.operations import Operation

ASKED_NOT_TO = "the prompt asks not to"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that was asked for, the words that did, and where it came from.

    `speaker` is whom the writer says it with, if it is not the writer's own wish; `decides` where
    the writer says that it was decided.
    """

    operation: Operation
    phrase: str
    source: str = "prompt"
    speaker: str = ""
    decides: bool = False


class Reading(msgspec.Struct, kw_only=True):
    """Everything found in a prompt.

    `refused` are phrases with reasons; `understood` counts what was, and asks for nothing; `eased`
    are those wishes that only say it should be easier to read; `left_alone` names the operations
    that nothing is to be changed by.
    """

    wishes: list[Wish] = msgspec.field(default_factory=list)
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list)
    unmatched: list[str] = msgspec.field(default_factory=list)
    aspects: set[str] = msgspec.field(default_factory=set)
    families: set[str] = msgspec.field(default_factory=set)
    understood: int = 0
    eased: list[Wish] = msgspec.field(default_factory=list)
    left_alone: set[str] = msgspec.field(default_factory=set)

    @property
    def extent(self) -> int:
        """How much has been found."""
        found = (self.wishes, self.refused, self.aspects, self.families, self.left_alone)
        return sum(len(one) for one in found) + self.understood

    def wish(self, clause: Clause, *operations: Operation, source: str = "prompt") -> None:
        """Note operations that a clause asks for."""
        self.wishes.extend(
            Wish(
                operation=operation,
                phrase=clause.phrase,
                source=source,
                speaker=clause.speaker,
                decides=clause.decides,
            )
            for operation in operations
        )

    def refuse(self, clause: Clause, reason: str) -> None:
        """Note that what a clause asks for is not done."""
        if (clause.phrase, reason) not in self.refused:
            self.refused.append((clause.phrase, reason))
