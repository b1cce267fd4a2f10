"""The kinds of sentence a clause may be, and what each may ask for."""

import enum
from typing import Final


class Licence(enum.Enum):
    """What kind of sentence a clause is."""

    ORDER = "order"
    FRAGMENT = "fragment"
    COMPLAINT = "complaint"
    STATEMENT = "statement"
    REPORT = "report"
    CONTEXT = "context"
    CONDITION = "condition"
    INDIFFERENCE = "indifference"

    @property
    def is_idle(self) -> bool:
        """Whether such a clause asks for nothing, whatever it names."""
        return self in _IDLE

    @property
    def grants_mentions(self) -> bool:
        """Whether it is a wish only to name a colour, a look or a thing."""
        return self in {Licence.ORDER, Licence.FRAGMENT}


_IDLE: Final = frozenset({Licence.REPORT, Licence.CONTEXT, Licence.CONDITION, Licence.INDIFFERENCE})
