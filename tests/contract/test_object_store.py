"""What every object store promises: run on memory and on real SeaweedFS."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest

from services.adapters.memory import MemoryObjectStore
from services.adapters.s3 import CACHE_CONTROL, S3ObjectStore
from services.adapters.storage import (
    ObjectMissing,
    ObjectStore,
    ObjectTooLarge,
    ResultPlace,
    StorageUnavailable,
    may_read,
    result_key,
    result_place,
    thumbnail_key,
    vector_key,
)
from services.runtime.settings import S3Settings, Secret
from tests.desks import IDENTIFIERS, new_desk
from tests.servers import Servers

# Listings have whole seconds.
CLOCK_STEP = timedelta(seconds=2)


@pytest.fixture(params=["memory", "s3"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ObjectStore]:
    """An object store; the real one holds other tests' objects as well."""
    if request.param == "memory":
        yield MemoryObjectStore()
        return
    servers: Servers = request.getfixturevalue("servers")
    opened = await S3ObjectStore.open(servers.s3())
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    """A key nobody has used."""
    return f"concepts/{new_desk()}/{uuid4()}/1.png"


class TestObjects:
    """Storing, reading and removing."""

    async def test_what_was_put_is_got(self, store: ObjectStore, key: str) -> None:
        """The bytes come back as they were."""
        await store.put(key, b"\x00picture\xff", content_type="image/png")

        assert await store.get(key, bytes_max=100) == b"\x00picture\xff"
        assert await store.exists(key)

    async def test_a_missing_object_is_said_to_be_missing(
        self, store: ObjectStore, key: str
    ) -> None:
        """Missing is not the same as unavailable."""
        assert not await store.exists(key)
        with pytest.raises(ObjectMissing):
            await store.get(key, bytes_max=100)

    async def test_no_more_is_read_than_asked_for(self, store: ObjectStore, key: str) -> None:
        """An object over the bound is refused."""
        await store.put(key, b"x" * 101, content_type="image/png")

        with pytest.raises(ObjectTooLarge):
            await store.get(key, bytes_max=100)
        assert len(await store.get(key, bytes_max=101)) == 101

    async def test_a_deleted_object_is_gone(self, store: ObjectStore, key: str) -> None:
        """Deleting twice is no error."""
        await store.put(key, b"x", content_type="image/png")

        await store.delete(key)
        await store.delete(key)

        assert not await store.exists(key)

    async def test_a_url_of_the_bucket_names_its_key(self, store: ObjectStore, key: str) -> None:
        """A presigned URL leads back to the key; other URLs lead nowhere."""
        url = await store.presign(key, expires_s=60)

        assert store.key_of(url) == key
        assert store.key_of("https://example.test/logo.png") is None
        assert store.key_of(url.partition("concepts/")[0]) is None

    async def test_keys_are_listed_in_order_with_size_and_age(self, store: ObjectStore) -> None:
        """All under a prefix, however deep, and nothing else."""
        prefix = f"concepts/{new_desk()}/"
        before = datetime.now(UTC) - CLOCK_STEP
        for name in ("b/2.png", "a/1.png", "b/1.png"):
            await store.put(prefix + name, b"x" * len(name), content_type="image/png")
        await store.put(f"concepts/{new_desk()}/other.png", b"x", content_type="image/png")

        listed = [one async for one in store.keys(prefix)]

        assert [one.key.removeprefix(prefix) for one in listed] == ["a/1.png", "b/1.png", "b/2.png"]
        assert {one.bytes for one in listed} == {len("a/1.png")}
        assert all(before <= one.modified_at <= datetime.now(UTC) + CLOCK_STEP for one in listed)

    async def test_what_is_listed_may_be_removed_meanwhile(self, store: ObjectStore) -> None:
        """Removing behind the reader's back loses none of the others."""
        prefix = f"concepts/{new_desk()}/"
        for number in range(5):
            await store.put(f"{prefix}{number}.png", b"x", content_type="image/png")

        seen: list[str] = []
        async for one in store.keys(prefix):
            seen.append(one.key)
            await store.delete(one.key)

        assert len(seen) == 5
        assert [one async for one in store.keys(prefix)] == []

    async def test_the_store_answers(self, store: ObjectStore) -> None:
        """A store that is there passes its check."""
        await store.check()


class TestS3:
    """What only the real store can show."""

    async def test_a_presigned_url_reads_the_object_and_nothing_else_does(
        self, servers: Servers, key: str
    ) -> None:
        """The picture is served with its type to who has the URL, and refused without it."""
        store = await S3ObjectStore.open(servers.s3())
        await store.put(key, b"picture", content_type="image/png")
        url = await store.presign(key, expires_s=60)

        async with aiohttp.ClientSession() as session:
            async with session.get(url) as answer:
                signed = (answer.status, answer.content_type, await answer.read())
            async with session.get(url.partition("?")[0]) as answer:
                bare = answer.status
        await store.close()

        assert signed == (200, "image/png", b"picture")
        assert bare == 403

    @pytest.mark.parametrize(
        ("content_type", "disposition"),
        [("image/png", "inline"), ("image/svg+xml", "attachment"), ("text/html", "attachment")],
    )
    async def test_what_could_run_scripts_is_downloaded(
        self, servers: Servers, key: str, content_type: str, disposition: str
    ) -> None:
        """Opened on its own, an SVG is a document: it is not shown as one. All are immutable."""
        store = await S3ObjectStore.open(servers.s3())
        await store.put(key, b"picture", content_type=content_type)
        url = await store.presign(key, expires_s=60)

        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            headers = answer.headers
        await store.close()

        assert headers["Content-Disposition"] == disposition
        assert headers["Content-Type"] == content_type
        assert headers["Cache-Control"] == CACHE_CONTROL

    async def test_a_listing_of_many_pages_is_whole(self, servers: Servers) -> None:
        """No key is left out or told twice where pages meet, removed ones included."""
        store = await S3ObjectStore.open(servers.s3(), page_keys=2)
        prefix = f"concepts/{new_desk()}/"
        names = [f"{prefix}{folder}/{number}.png" for folder in "abc" for number in range(3)]
        for name in names:
            await store.put(name, b"x", content_type="image/png")

        listed = [one.key async for one in store.keys(prefix)]
        swept: list[str] = []
        async for one in store.keys(prefix):
            swept.append(one.key)
            await store.delete(one.key)
        await store.close()

        assert listed == swept == names

    async def test_a_wrong_key_is_an_unavailable_store(self, servers: Servers, key: str) -> None:
        """Refused credentials are our trouble, not a missing object."""
        right = servers.s3()
        wrong = S3Settings(
            endpoint=right.endpoint,
            bucket=right.bucket,
            access_key=right.access_key,
            secret_key=Secret("wrong" * 8),
        )
        store = await S3ObjectStore.open(wrong)

        with pytest.raises(StorageUnavailable) as caught:
            await store.get(key, bytes_max=1)
        await store.close()

        assert "wrong" not in str(caught.value)

    async def test_a_public_endpoint_signs_for_what_clients_see(self, servers: Servers) -> None:
        """URLs for clients carry the public address, and are recognised under both."""
        inner = servers.s3()
        settings = S3Settings(
            endpoint=inner.endpoint,
            bucket=inner.bucket,
            access_key=inner.access_key,
            secret_key=inner.secret_key,
            public_endpoint="https://pictures.example.test",
        )
        store = await S3ObjectStore.open(settings)

        url = await store.presign("concepts/a b.png", expires_s=60)
        await store.close()

        assert url.startswith("https://pictures.example.test/refinery/concepts/a%20b.png?")
        assert store.key_of(url) == "concepts/a b.png"
        assert store.key_of(f"{inner.endpoint}/refinery/x.png") == "x.png"


class TestKeys:
    """Whose objects a user may name."""

    def test_results_are_their_owner_s(self) -> None:
        """A result of another user cannot be named."""
        mine, other = new_desk(), new_desk()
        key = result_key(user_key=mine, task_id=IDENTIFIERS.task_id(), attempt=1)

        assert may_read(key, user_key=mine)
        assert not may_read(key, user_key=other)

    def test_keys_of_results_tell_whose_they_are(self) -> None:
        """A key leads back to its attempt; no other key does."""
        owner = {"user_key": new_desk(), "task_id": IDENTIFIERS.task_id()}
        place = ResultPlace(**owner, attempt=12)

        assert result_place(result_key(**owner, attempt=12)) == place
        assert result_place(thumbnail_key(**owner, attempt=12)) == place
        assert result_place(vector_key(**owner, attempt=12)) == place
        assert result_place(result_key(**owner, attempt=0)) is None
        assert result_place(f"concepts/{owner['user_key']}/logo/1.png") is None
        assert result_place("uploads/abc.png") is None

    @pytest.mark.parametrize("key", ["uploads/abc.png", "concepts/1234-5678.png", "logo.png"])
    def test_what_is_nobody_s_result_may_be_named(self, key: str) -> None:
        """Uploads and other objects of the bucket are open to every user's requests."""
        assert may_read(key, user_key=new_desk())
