"""What the API remembers of the originals in our bucket."""

from datetime import UTC, datetime, timedelta

import pytest

from services.adapters.memory import MemoryObjectStore
from services.adapters.storage import StorageUnavailable
from services.api import known_originals
from services.api.known_originals import KNOWN_FOR, KnownOriginals

KEY = "uploads/logo.png"


class MovableClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 14, tzinfo=UTC)

    def now(self) -> datetime:
        """The time it was moved to."""
        return self.time


@pytest.fixture
def clock() -> MovableClock:
    """A clock."""
    return MovableClock()


@pytest.fixture
def store() -> MemoryObjectStore:
    """A bucket with one object."""
    store = MemoryObjectStore()
    store.objects[KEY] = (b"picture", "image/png")
    return store


async def test_a_known_original_is_not_asked_about_again(
    store: MemoryObjectStore, clock: MovableClock
) -> None:
    """A yes holds for a while, also when the store is out of reach."""
    known = KnownOriginals(store=store, clock=clock)
    assert await known.exists(KEY)

    store.is_available = False
    clock.time += KNOWN_FOR - timedelta(seconds=1)

    assert await known.exists(KEY)


async def test_what_was_known_is_forgotten(store: MemoryObjectStore, clock: MovableClock) -> None:
    """After its time an answer is asked for again."""
    known = KnownOriginals(store=store, clock=clock)
    assert await known.exists(KEY)
    store.is_available = False
    clock.time += KNOWN_FOR

    with pytest.raises(StorageUnavailable):
        await known.exists(KEY)


async def test_a_missing_original_may_appear(store: MemoryObjectStore, clock: MovableClock) -> None:
    """A no is never remembered: the upload may be under way."""
    known = KnownOriginals(store=store, clock=clock)
    assert not await known.exists("uploads/later.png")

    await store.put("uploads/later.png", b"picture", content_type="image/png")

    assert await known.exists("uploads/later.png")


async def test_the_memory_is_bounded(
    store: MemoryObjectStore, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest yes makes room for the newest."""
    monkeypatch.setattr(known_originals, "KNOWN_MAX", 2)
    known = KnownOriginals(store=store, clock=clock)
    for name in ("a", "b", "c"):
        store.objects[name] = (b"picture", "image/png")
        assert await known.exists(name)

    store.is_available = False

    assert await known.exists("c")
    with pytest.raises(StorageUnavailable):
        await known.exists("a")
