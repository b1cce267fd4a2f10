"""Fields of a fixed form: what only looks like it is unreadable."""

from typing import Final

import msgspec
import pytest

from events.admission import quota_standing
from events.codec import Fields, UnreadableEvent, decode
from events.log import StoredEvent
from events.task import fold
from tests import controls

EXAMPLE: Final = controls.every_event()["concepts.task.requested.v1"]


def rewritten(**changes: object) -> StoredEvent:
    """The example with other attributes in its envelope."""
    fields = msgspec.json.decode(EXAMPLE.body, type=Fields)
    return msgspec.structs.replace(EXAMPLE, body=msgspec.json.encode({**fields, **changes}))


class TestPatterns:
    """`$` also matches before a line break at the end; what is meant is the end."""

    def test_a_sequence_with_a_line_break_is_refused(self) -> None:
        """Ten digits are ten digits."""
        with pytest.raises(UnreadableEvent):
            _ = decode(rewritten(sequence="0000000001\n"))

    def test_a_period_with_a_line_break_stops_no_decision(self) -> None:
        """A month that cannot be read is refused where events are read, not where they are used."""
        quota = {"period": "2026-03\n", "used": 1, "limit": 10}
        payload = {**msgspec.to_builtins(controls.request()), "quota": quota}

        try:
            recorded = decode(rewritten(data=payload))
        except UnreadableEvent:
            return
        standing = quota_standing(fold((recorded,)), now=controls.at(1), limit=10)
        assert standing.period == "2026-03"
