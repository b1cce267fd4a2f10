"""Identifiers: their layout, their order, and who can make them again."""

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import (
    idempotent_task_id,
    is_task_id,
    is_user_key,
    task_id_of,
    user_key_of,
    uuid7,
)
from tests import controls

UNIX_MS_MAX = 2**48 - 1
OTHER_SECRET = b"another secret of thirty-two bytes"

moments = st.integers(min_value=0, max_value=UNIX_MS_MAX)
entropy = st.binary(min_size=10, max_size=10)


class TestUuid7:
    """UUIDs that sort by time."""

    def test_agrees_with_the_example_of_its_standard(self) -> None:
        """RFC 9562, appendix A.6."""
        unique = uuid7(
            unix_ms=0x017F22E279B0, random=bytes.fromhex("0cc3") + bytes.fromhex("18c4dc0c0c07398f")
        )

        assert unique == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")

    @given(unix_ms=moments, random=entropy)
    def test_has_the_layout_of_version_7(self, unix_ms: int, random: bytes) -> None:
        """Version and variant are set, and the time can be read back."""
        unique = uuid7(unix_ms=unix_ms, random=random)

        assert unique.version == 7
        assert unique.variant == RFC_4122
        assert unique.int >> 80 == unix_ms

    @given(earlier=moments, later=moments, random=entropy, other=entropy)
    def test_sorts_by_time(self, earlier: int, later: int, random: bytes, other: bytes) -> None:
        """An earlier id is less, as text too, whatever the random part is."""
        earlier, later = sorted((earlier, later))
        before = uuid7(unix_ms=earlier, random=random)
        after = uuid7(unix_ms=later, random=other)

        assert (str(before) < str(after)) == (before < after)
        assert earlier == later or before < after

    @given(unix_ms=moments, random=entropy, bit=st.integers(min_value=0, max_value=61))
    def test_keeps_the_randomness_it_is_given(self, unix_ms: int, random: bytes, bit: int) -> None:
        """Every bit below the variant counts."""
        flipped = (int.from_bytes(random, "big") ^ (1 << bit)).to_bytes(10, "big")

        assert uuid7(unix_ms=unix_ms, random=random) != uuid7(unix_ms=unix_ms, random=flipped)

    @pytest.mark.parametrize("length", [0, 9, 11])
    def test_refuses_too_little_randomness(self, length: int) -> None:
        """Another number of random bytes is a programmer's error."""
        with pytest.raises(AssertionError):
            _ = uuid7(unix_ms=0, random=bytes(length))


class TestTaskId:
    """The ids of tasks."""

    @given(unix_ms=moments, random=entropy)
    def test_has_its_form(self, unix_ms: int, random: bytes) -> None:
        """Every id that is made is recognised."""
        assert is_task_id(task_id_of(uuid7(unix_ms=unix_ms, random=random)))

    @given(key=st.text())
    def test_of_an_idempotency_key_is_always_the_same(self, key: str) -> None:
        """The same user and key name the same task, in every process."""
        first = idempotent_task_id(user_key=controls.user_key(), idempotency_key=key)
        second = idempotent_task_id(user_key=controls.user_key(), idempotency_key=key)

        assert first == second
        assert is_task_id(first)

    def test_of_an_idempotency_key_never_changes(self) -> None:
        """A replay across an upgrade finds its task: this value is stored in logs."""
        key = "abcdefghijklmnopqrstuvwxyz"

        made = idempotent_task_id(user_key=key, idempotency_key="order-1")

        assert made == "task-89c51984-6b12-5673-8e5c-1e90ba794e83"

    @given(key=st.text(), other=st.text())
    def test_of_an_idempotency_key_is_one_user_s(self, key: str, other: str) -> None:
        """Neither another user nor another key names the same task."""
        mine = idempotent_task_id(user_key=controls.user_key(1), idempotency_key=key)

        assert mine != idempotent_task_id(user_key=controls.user_key(2), idempotency_key=key)
        assert key == other or mine != idempotent_task_id(
            user_key=controls.user_key(1), idempotency_key=other
        )

    @given(text=st.text())
    def test_is_not_any_text(self, text: str) -> None:
        """Nothing that is not exactly an id passes for one."""
        assert not is_task_id(text)


class TestUserKey:
    """The tokens that stand for users."""

    @given(user_id=st.text(alphabet=st.characters(), max_size=300))
    def test_has_its_form(self, user_id: str) -> None:
        """Whatever a token calls its user, surrogates included, the key fits into a subject."""
        assert is_user_key(user_key_of(user_id, secret=OTHER_SECRET))

    def test_never_changes(self) -> None:
        """The same user and secret find the same desk after an upgrade: keys are stored in logs."""
        assert user_key_of("user-1", secret=b"k" * 32) == "qlrwfpegggzfehbzemr3zmo2hf"

    @given(user_id=st.text(), other=st.text())
    def test_is_one_user_s(self, user_id: str, other: str) -> None:
        """Two users never share a desk."""
        same = user_key_of(user_id, secret=OTHER_SECRET) == user_key_of(other, secret=OTHER_SECRET)

        assert same == (user_id == other)

    @given(user_id=st.text())
    def test_is_keyed(self, user_id: str) -> None:
        """Without the secret the key cannot be recomputed from a list of users."""
        key = user_key_of(user_id, secret=b"one secret")

        assert key != user_key_of(user_id, secret=b"other secret")

    def test_shows_nothing_of_the_user(self) -> None:
        """No part of an address stands in the key."""
        assert "user" not in user_key_of("user-1@example.com", secret=OTHER_SECRET)


def test_controls_satisfy_the_forms() -> None:
    """The examples of all other tests are what real identifiers look like."""
    assert is_user_key(controls.user_key())
    assert is_task_id(controls.task_id())
    assert UUID(controls.stamp().event_id).version == 7
    assert controls.at(1) > datetime(2026, 3, 14, tzinfo=UTC)
