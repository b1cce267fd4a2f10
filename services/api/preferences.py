"""What a client would like: the `Prefer: wait` of RFC 7240."""

import re
from collections.abc import Sequence
from typing import Final

WAIT_MAX_S: Final = 60

# wait=10, wait = "10", with other preferences and parameters around it.
_WAIT: Final = re.compile(r'wait[ \t]*=[ \t]*(?:([0-9]{1,9})|"([0-9]{1,9})")', re.IGNORECASE)


def wait_of(values: Sequence[str]) -> int | None:
    """The seconds that a client would like to wait, at most `WAIT_MAX_S`; None if it did not say.

    The first `wait` counts. What is no preference of this form is ignored, as the standard asks:
    preferences are wishes, and never make a request fail.
    """
    for value in values:
        for preference in value.split(","):
            match = _WAIT.fullmatch(preference.partition(";")[0].strip())
            if match is not None:
                return min(int(match[1] or match[2]), WAIT_MAX_S)
    return None
