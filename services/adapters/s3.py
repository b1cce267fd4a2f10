"""The object store on any S3: the only module that imports `aiobotocore`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from services.adapters.storage import (
    ListedObject,
    ObjectMissing,
    ObjectTooLarge,
    StorageUnavailable,
    disposition_of,
)
from services.runtime.settings import S3Settings

if TYPE_CHECKING:  # the stubs exist for type checking only
    from types_aiobotocore_s3 import S3Client

CONNECT_TIMEOUT_S: Final = 2
READ_TIMEOUT_S: Final = 15
QUESTION_DEADLINE_S: Final = 5.0
TRANSFER_DEADLINE_S: Final = 60.0
TRIES_MAX: Final = 3
CONNECTIONS_MAX: Final = 32
PAGE_KEYS: Final = 1000
CACHE_CONTROL: Final = "private, max-age=31536000, immutable"

_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class S3ObjectStore:
    """One bucket: see `services.adapters.storage.ObjectStore` for what each call promises."""

    def __init__(self, settings: S3Settings, *, page_keys: int = PAGE_KEYS) -> None:
        self._settings = settings
        self._page_keys = page_keys
        self._bucket = settings.bucket
        self._bases = tuple(
            f"{endpoint.rstrip('/')}/{settings.bucket}/"
            for endpoint in (settings.endpoint, settings.public_endpoint)
            if endpoint is not None
        )
        self._open = AsyncExitStack()
        self._client: S3Client
        self._presigner: S3Client

    @classmethod
    async def open(cls, settings: S3Settings, *, page_keys: int = PAGE_KEYS) -> "S3ObjectStore":
        """Make the clients; nothing is connected before the first call.

        `page_keys` is how many keys of a listing are asked for at once.
        """
        store = cls(settings, page_keys=page_keys)
        store._client = await store._connect(settings.endpoint)
        public = settings.public_endpoint
        # A signature covers the host, so URLs for clients are signed for the host that clients see.
        store._presigner = store._client if public is None else await store._connect(public)
        return store

    async def close(self) -> None:
        """Close the connections."""
        await self._open.aclose()

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object; S3 answers when it is stored."""
        async with _translated("put", key):
            await self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ContentDisposition=disposition_of(content_type),
                CacheControl=CACHE_CONTROL,
            )

    async def get(self, key: str, *, bytes_max: int) -> bytes:
        """The bytes of an object; what is declared and what comes are both held to `bytes_max`."""
        async with _translated("get", key):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as stream:
                if answer["ContentLength"] > bytes_max:
                    raise ObjectTooLarge(key, bytes_max=bytes_max)
                return await stream.read()

    async def exists(self, key: str) -> bool:
        """Whether there is an object."""
        try:
            async with _translated("head", key, deadline_s=QUESTION_DEADLINE_S):
                await self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove an object."""
        async with _translated("delete", key):
            await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def keys(self, prefix: str) -> AsyncIterator[ListedObject]:
        """All objects under a prefix; each page has a bound of its own."""
        after = ""
        while True:
            async with _translated("list", prefix):
                page = await self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=prefix,
                    # Not the continuation token: that one may name a key that was removed since.
                    StartAfter=after,
                    MaxKeys=self._page_keys,
                )
            for listed in page.get("Contents", ()):
                after = listed["Key"]
                yield ListedObject(
                    key=after, bytes=listed["Size"], modified_at=listed["LastModified"]
                )
            if not page.get("IsTruncated") or not page.get("Contents"):
                return

    async def presign(self, key: str, *, expires_s: int) -> str:
        """A URL that reads the object; computed here, without asking the store."""
        return await self._presigner.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=expires_s
        )

    def key_of(self, url: str) -> str | None:
        """The key that a URL of this bucket names, under the address we or clients use."""
        parts = urlsplit(url)
        plain = f"{parts.scheme}://{parts.netloc}{parts.path}"
        for base in self._bases:
            if plain.startswith(base) and len(plain) > len(base):
                return unquote(plain.removeprefix(base))
        return None

    async def check(self) -> None:
        """Answer if the bucket can be reached."""
        try:
            async with _translated("check", self._bucket, deadline_s=QUESTION_DEADLINE_S):
                await self._client.head_bucket(Bucket=self._bucket)
        except ObjectMissing as error:
            raise StorageUnavailable(operation="check", reason="no such bucket") from error

    async def _connect(self, endpoint: str) -> "S3Client":
        secret = self._settings
        return await self._open.enter_async_context(
            get_session().create_client(
                "s3",
                endpoint_url=endpoint,
                region_name=secret.region,
                aws_access_key_id=secret.access_key.reveal(),
                aws_secret_access_key=secret.secret_key.reveal(),
                config=AioConfig(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    max_pool_connections=CONNECTIONS_MAX,
                    retries={"total_max_attempts": TRIES_MAX, "mode": "standard"},
                    signature_version="s3v4",
                    s3={"addressing_style": "path"},
                    # Not every S3 knows the newer checksums; the pictures carry a sha256 anyway.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        )


@asynccontextmanager
async def _translated(
    operation: str, key: str, *, deadline_s: float = TRANSFER_DEADLINE_S
) -> AsyncIterator[None]:
    """Bound a call with all its retries, and say what went wrong in our own terms."""
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise ObjectMissing(key) from error
        raise StorageUnavailable(operation=operation, reason=f"S3 answered {code}") from error
    except (BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise StorageUnavailable(operation=operation, reason=type(error).__name__) from error
