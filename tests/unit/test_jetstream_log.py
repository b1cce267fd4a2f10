"""What the log makes of answers that a single server never gives."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
import pytest

from events.codec import encode
from events.log import AppendConflict, LogUnavailable
from services.adapters import jetstream_log
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_log import JetStreamLog
from tests.desks import new_desk, requested_event

CLASH_IN_FLIGHT = {"code": 400, "err_code": 10164, "description": "wrong last sequence"}
SAME_ID_IN_FLIGHT = {"code": 409, "err_code": 10158, "description": "duplicate in process"}
WRONG_POSITION = {"code": 400, "err_code": 10071, "description": "wrong last sequence: 7"}
NO_MESSAGE = {"code": 404, "err_code": 10037, "description": "no message found"}


class ScriptedConnection:
    """Gives the answers it is given, and remembers what it was sent."""

    def __init__(self, answers: Sequence[Mapping[str, object] | None]) -> None:
        self.sent: list[Mapping[str, str]] = []
        self.asked: list[object] = []
        self._answers = list(answers)

    async def request(
        self, subject: str, payload: bytes, *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The next answer to an append; None is no answer in time."""
        assert payload
        self.sent.append(dict(headers or {}) | {"subject": subject})
        answer = self._answers.pop(0)
        if answer is None:
            raise LogUnavailable(operation="append", reason="TimeoutError")
        return msgspec.json.encode(answer)

    async def ask(self, operation: str, payload: object = None) -> bytes:
        """The next answer to a read."""
        self.asked.append((operation, payload))
        return msgspec.json.encode(self._answers.pop(0))


def log_with(*answers: Mapping[str, object] | None) -> tuple[JetStreamLog, ScriptedConnection]:
    """A log whose server answers so."""
    connection = ScriptedConnection(answers)
    return JetStreamLog(cast("JetStreamConnection", connection)), connection


@pytest.mark.parametrize("error", [CLASH_IN_FLIGHT, SAME_ID_IN_FLIGHT])
async def test_a_clash_in_flight_is_tried_again_unchanged(error: Mapping[str, object]) -> None:
    """It decides nothing: the same append, with the same id and position, settles it."""
    log, connection = log_with({"error": error}, None, {"stream": "TASKS", "seq": 8})

    recorded = await log.append(requested_event(), user_key=new_desk(), expected_position=3)

    assert recorded.position == 8
    assert len(connection.sent) == 3
    assert connection.sent[0] == connection.sent[1] == connection.sent[2]
    assert connection.sent[0]["Nats-Expected-Last-Subject-Sequence"] == "3"
    assert connection.asked == []


async def test_a_wrong_position_is_settled_behind_the_expected_one() -> None:
    """The one read asks for the first event of the desk behind the expected position."""
    desk = new_desk()
    log, connection = log_with({"error": WRONG_POSITION}, {"error": NO_MESSAGE})

    with pytest.raises(AppendConflict):
        await log.append(requested_event(), user_key=desk, expected_position=3)

    assert connection.asked == [
        ("STREAM.MSG.GET.TASKS", {"seq": 4, "next_by_subj": f"tasks.concept_refinement.{desk}.>"})
    ]


async def test_a_clash_that_never_ends_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its bound an append is given up as undecided, not as refused."""
    monkeypatch.setattr(jetstream_log, "APPEND_DEADLINE_S", -1.0)
    log, _ = log_with({"error": CLASH_IN_FLIGHT})

    with pytest.raises(LogUnavailable):
        await log.append(requested_event(), user_key=new_desk(), expected_position=0)


async def test_a_tail_that_is_gone_is_an_outage() -> None:
    """What the leader has told of and no longer has is not taken for the end of the desk."""
    desk = new_desk()
    event = requested_event()
    subject = f"tasks.concept_refinement.{desk}.{event.subject}.requested"
    last = {"message": {"subject": subject, "seq": 9, "data": b64encode(encode(event)).decode()}}
    log, connection = log_with(last, {"error": NO_MESSAGE})

    with pytest.raises(LogUnavailable):
        await log.read_desk_tail(desk, after=3, limit=10)

    everything = f"tasks.concept_refinement.{desk}.>"
    assert connection.asked == [
        ("STREAM.MSG.GET.TASKS", {"last_by_subj": everything}),
        ("STREAM.MSG.GET.TASKS", {"seq": 4, "next_by_subj": everything}),
    ]
