"""How many requests may wait at once: of everybody, and of one user."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

WAITING_PER_USER_MAX: Final = 20


class NoSeat(Exception):
    """No more requests may wait."""


class UserHasNoSeat(NoSeat):
    """The user has too many requests waiting already."""


class ProcessHasNoSeat(NoSeat):
    """This process has too many requests waiting already, of all users together."""


class Seats:
    """Counts who waits. A waiting request costs a connection and little else, but not nothing."""

    def __init__(self, *, total: int, per_user: int = WAITING_PER_USER_MAX) -> None:
        self._total = total
        self._per_user = per_user
        self._taken: Counter[str] = Counter()
        self._total_taken = 0

    @property
    def taken(self) -> int:
        """How many requests wait."""
        return self._total_taken

    def require(self, user_key: str) -> None:
        """Make sure that there is a seat.

        Raises:
            NoSeat: there is none for this user.
        """
        if self._taken[user_key] >= self._per_user:
            raise UserHasNoSeat
        if self._total_taken >= self._total:
            raise ProcessHasNoSeat

    @contextmanager
    def take(self, user_key: str) -> Iterator[None]:
        """Hold a seat.

        Raises:
            NoSeat: there is none for this user.
        """
        self.require(user_key)
        self._taken[user_key] += 1
        self._total_taken += 1
        try:
            yield
        finally:
            self._taken[user_key] -= 1
            self._total_taken -= 1
            if not self._taken[user_key]:
                del self._taken[user_key]
