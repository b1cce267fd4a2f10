"""JigsawStack's image generation with an input image. Legacy: its vendor no longer maintains it.

The picture is put into the vendor's file store, named in the request, and removed afterwards.
"""

import asyncio
import contextlib
import re
from typing import Any, Final

import msgspec

from services.refinement.engines.remote.client import Answer, ProviderClient, unusable
from services.refinement.engines.remote.engine import Edit
from services.refinement.engines.remote.openai import decode_base64
from services.refinement.failures import RefinementFailure
from services.refinement.originals import Download
from services.runtime.settings import Secret

NAME: Final = "jigsawstack"
MODEL: Final = "image_generation"
BODY_BYTES_MAX: Final = 28 * 1024 * 1024

_REMOVE_S: Final = 3.0
_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,256}")
_DATA_URL: Final = re.compile(r"data:image/[a-z0-9.+-]{1,32};base64,")


class _Stored(msgspec.Struct, frozen=True):
    key: str


class _Usage(msgspec.Struct, frozen=True):
    input_tokens: int = 0
    output_tokens: int = 0
    inference_time_tokens: int = 0
    total_tokens: int = 0


class _Generated(msgspec.Struct, frozen=True):
    url: str
    usage: _Usage | None = msgspec.field(default=None, name="_usage")


class JigsawStackProvider:
    """`POST /v1/store/file`, `POST /v1/ai/image_generation`, and the file is deleted again.

    The picture is asked for as bytes; base64 and an address are understood too, because the
    vendor's pages name all three.
    """

    name: str = NAME
    model: str = MODEL

    def __init__(
        self,
        *,
        api_key: Secret,
        base_url: str,
        download: Download,
        price: float = 0.0,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._download = download
        self._price = price
        self._client = ProviderClient(body_bytes_max=BODY_BYTES_MAX)

    async def edit(self, picture: bytes, prompt: str, *, timeout_s: float) -> Edit:
        """Edit a picture; the generation is paid for, the file store is not."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout_s
        key = await self._store(picture, timeout_s=timeout_s)
        try:
            answer = await self._send(
                "POST",
                "/v1/ai/image_generation",
                timeout_s=deadline - clock.time(),
                is_paid=True,
                json={
                    "prompt": prompt,
                    "file_store_key": key,
                    "output_format": "png",
                    "return_type": "binary",
                },
            )
        finally:
            await self._remove(key)
        return await self._read(answer, timeout_s=deadline - clock.time())

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _store(self, picture: bytes, *, timeout_s: float) -> str:
        answer = await self._send(
            "POST",
            "/v1/store/file",
            headers={"Content-Type": "image/png"},
            timeout_s=timeout_s,
            is_paid=False,
            data=picture,
        )
        key = answer.read(_Stored).key
        if _KEY.fullmatch(key) is None:
            raise unusable("file key")
        return key

    async def _remove(self, key: str) -> None:
        """Leave nothing of the user behind, as far as the vendor answers."""
        with contextlib.suppress(RefinementFailure):
            _ = await self._send(
                "DELETE", f"/v1/store/file/read/{key}", timeout_s=_REMOVE_S, is_paid=False
            )

    async def _read(self, answer: Answer, *, timeout_s: float) -> Edit:
        usage: _Usage | None = None
        if answer.content_type == "application/json":
            generated = answer.read(_Generated)
            usage = generated.usage
            body = await self._resolve(generated.url, timeout_s=timeout_s)
        elif answer.content_type.startswith(("image/", "application/octet-stream")):
            body = answer.body
        else:
            raise unusable("content type")
        return Edit(
            body=body,
            model=self.model,
            request_id=answer.request_id,
            usage={} if usage is None else msgspec.structs.asdict(usage),
            cost=self._price or None,
        )

    async def _resolve(self, url: str, *, timeout_s: float) -> bytes:
        """The picture behind what the vendor calls its url."""
        if not url.startswith(("https://", "http://")):
            return decode_base64(_DATA_URL.sub("", url, count=1))
        try:
            async with asyncio.timeout(timeout_s):
                return await self._download.fetch(url)
        except RefinementFailure as failure:
            raise unusable(f"output: {failure.code}") from failure
        except TimeoutError:
            raise unusable("output: timeout") from None

    async def _send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        return await self._client.send(
            method,
            self._base_url + path,
            headers={"x-api-key": self._api_key.reveal(), **(headers or {})},
            **options,
        )
