"""OpenAI's image edits, and whatever else speaks their protocol: one call, answered when done."""

import base64
import binascii
from typing import Final

import aiohttp
import msgspec

from services.refinement.engines.remote.client import Answer, ProviderClient, unusable
from services.refinement.engines.remote.engine import Edit
from services.runtime.settings import Secret

NAME: Final = "openai"
BODY_BYTES_MAX: Final = 28 * 1024 * 1024

_TOKENS_PER_PRICE: Final = 1_000_000


class TokenPrices(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for a million tokens; zero where unknown."""

    input: float = 0.0
    output: float = 0.0


class _Image(msgspec.Struct, frozen=True):
    b64_json: str


class _Usage(msgspec.Struct, frozen=True):
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


class _Edited(msgspec.Struct, frozen=True):
    data: list[_Image]
    usage: _Usage | None = None


class OpenAiProvider:
    """`POST /v1/images/edits` as multipart; the picture comes back in base64, inside of JSON."""

    name: str = NAME

    def __init__(
        self,
        *,
        api_key: Secret,
        base_url: str,
        model: str,
        prices: TokenPrices | None = None,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> None:
        self._api_key = api_key
        self._url = f"{base_url.rstrip('/')}/v1/images/edits"
        self.model = model
        self._prices = prices or TokenPrices()
        self._client = ProviderClient(body_bytes_max=body_bytes_max)

    async def edit(self, picture: bytes, prompt: str, *, timeout_s: float) -> Edit:
        """Edit a picture; the call is paid for when it succeeds."""
        form = aiohttp.FormData()
        form.add_field("model", self.model)
        form.add_field("prompt", prompt)
        form.add_field("size", "auto")
        form.add_field("image", picture, filename="picture.png", content_type="image/png")
        answer = await self._client.send(
            "POST",
            self._url,
            headers={"Authorization": f"Bearer {self._api_key.reveal()}"},
            timeout_s=timeout_s,
            is_paid=True,
            data=form,
        )
        return self._read(answer)

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    def _read(self, answer: Answer) -> Edit:
        edited = answer.read(_Edited)
        if not edited.data:
            raise unusable("no picture in the answer")
        usage = edited.usage
        return Edit(
            body=decode_base64(edited.data[0].b64_json),
            model=self.model,
            request_id=answer.request_id,
            usage={} if usage is None else msgspec.structs.asdict(usage),
            cost=self._cost_of(usage),
        )

    def _cost_of(self, usage: _Usage | None) -> float | None:
        prices = self._prices
        if usage is None or not (prices.input and prices.output):
            return None
        dollars = usage.input_tokens * prices.input + usage.output_tokens * prices.output
        return dollars / _TOKENS_PER_PRICE


def decode_base64(text: str) -> bytes:
    """The bytes that a provider's base64 stands for.

    Raises:
        ProviderRefused: it is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise unusable("not base64") from error
