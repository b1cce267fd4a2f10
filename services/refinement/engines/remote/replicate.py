"""Replicate: a prediction is created, waited for, and its output copied at once, before it expires.

The prediction's address is made from its id, and never taken from an answer: our token goes nowhere
but to the address in the settings. Asking for a prediction's state costs nothing and is repeated;
creating one costs, and is not.
"""

import asyncio
import base64
import contextlib
import re
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from events.failures import FailureCode
from services.refinement.engines.remote.client import Answer, ProviderClient, unusable
from services.refinement.engines.remote.engine import Edit
from services.refinement.engines.remote.faults import is_blocked
from services.refinement.failures import (
    EngineUnavailable,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnclear,
    RefinementFailure,
)
from services.refinement.originals import Download
from services.runtime.settings import Secret

NAME: Final = "replicate"
POLL_S: Final = 1.0
POLL_S_MAX: Final = 5.0
DOWNLOADS_MAX: Final = 3

_BODY_BYTES_MAX: Final = 4 * 1024 * 1024
_WAIT_S_MAX: Final = 60
_CANCEL_AFTER_S_MIN: Final = 5
_REQUEST_S: Final = 10.0
_GRACE_S: Final = 3.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Metrics(msgspec.Struct, frozen=True):
    predict_time: float | None = None


class _Prediction(msgspec.Struct, frozen=True):
    id: str
    status: str
    output: Any = None
    error: Any = None
    metrics: _Metrics | None = None


class ReplicateProvider:
    """`POST /v1/models/{owner}/{name}/predictions`, then `GET /v1/predictions/{id}` until it ends.

    Outputs are downloaded from `output_hosts` and their subdomains only; over https, unless the
    base URL itself is http, as in development.
    """

    name: str = NAME

    def __init__(
        self,
        *,
        api_token: Secret,
        base_url: str,
        model: str,
        download: Download,
        output_hosts: tuple[str, ...],
        price: float = 0.0,
        poll_s: float = POLL_S,
    ) -> None:
        self._api_token = api_token
        self._base_url = base_url.rstrip("/")
        self.model = model
        self._download = download
        self._output_hosts = output_hosts
        self._price = price
        self._poll_s = poll_s
        self._client = ProviderClient(body_bytes_max=_BODY_BYTES_MAX)

    async def edit(self, picture: bytes, prompt: str, *, timeout_s: float) -> Edit:
        """Edit a picture; the prediction is paid for when it succeeds, or is cancelled late."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout_s
        prediction = await self._create(picture, prompt, timeout_s=timeout_s)
        if _ID.fullmatch(prediction.id) is None:
            raise unusable("prediction id")
        try:
            async with asyncio.timeout_at(deadline):
                prediction = await self._wait(prediction)
        except TimeoutError:
            await self._cancel(prediction.id)
            raise ProviderUnclear(reason="not done in time, and cancelled") from None
        except (asyncio.CancelledError, ProviderRefused):
            await self._cancel(prediction.id)
            raise
        body = await self._fetch_output(_output_of(prediction), timeout_s=deadline - clock.time())
        metrics = prediction.metrics
        return Edit(
            body=body,
            model=self.model,
            request_id=prediction.id,
            usage={} if metrics is None else {"predict_time_s": metrics.predict_time},
            cost=self._price or None,
        )

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _create(self, picture: bytes, prompt: str, *, timeout_s: float) -> _Prediction:
        encoded = base64.b64encode(picture).decode()
        # The answer is due before our own time is over; if we die, the provider stops by itself.
        wait_s = max(1, min(_WAIT_S_MAX, int(timeout_s / 2)))
        cancel_after_s = max(_CANCEL_AFTER_S_MIN, int(timeout_s))
        answer = await self._send(
            "POST",
            f"/v1/models/{self.model}/predictions",
            headers={"Prefer": f"wait={wait_s}", "Cancel-After": f"{cancel_after_s}s"},
            timeout_s=timeout_s,
            is_paid=True,
            json={
                "input": {
                    "prompt": prompt,
                    "input_image": f"data:image/png;base64,{encoded}",
                    "output_format": "png",
                }
            },
        )
        return answer.read(_Prediction)

    async def _wait(self, prediction: _Prediction) -> _Prediction:
        """Ask until the prediction has ended; passing troubles of asking are waited out."""
        pause_s = self._poll_s
        while prediction.status in {"starting", "processing"}:
            await asyncio.sleep(pause_s)
            pause_s = min(POLL_S_MAX, pause_s * 1.5)
            try:
                answer = await self._send(
                    "GET",
                    f"/v1/predictions/{prediction.id}",
                    headers={},
                    timeout_s=_REQUEST_S,
                    is_paid=False,
                )
            except (EngineUnavailable, ProviderUnclear):
                continue
            except ProviderThrottled as throttled:
                pause_s = max(pause_s, throttled.retry_after_s or 0.0)
                continue
            found = answer.read(_Prediction)
            prediction = msgspec.structs.replace(found, id=prediction.id)
        return prediction

    async def _cancel(self, prediction_id: str) -> None:
        """Tell the provider that nobody waits any more; it is not ours to insist."""
        with contextlib.suppress(RefinementFailure):
            _ = await self._send(
                "POST",
                f"/v1/predictions/{prediction_id}/cancel",
                headers={},
                timeout_s=_GRACE_S,
                is_paid=False,
            )

    async def _fetch_output(self, url: str, *, timeout_s: float) -> bytes:
        """Copy an output; reading it again is free, making it again is not."""
        self._check_output(url)
        reason = "timeout"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                for _ in range(DOWNLOADS_MAX):
                    try:
                        return await self._download.fetch(url)
                    except RefinementFailure as failure:
                        reason = failure.code
                        if not failure.is_transient:
                            break
                    await asyncio.sleep(self._poll_s)
        raise unusable(f"output: {reason}")

    def _check_output(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            raise unusable("output address malformed") from None
        schemes = {"https", urlsplit(self._base_url).scheme}
        is_host_allowed = any(
            host == allowed or host.endswith(f".{allowed}") for allowed in self._output_hosts
        )
        if parts.scheme not in schemes or not is_host_allowed:
            raise unusable("output address not allowed")

    async def _send(
        self, method: str, path: str, *, headers: dict[str, str], **options: Any
    ) -> Answer:
        return await self._client.send(
            method,
            self._base_url + path,
            headers={"Authorization": f"Bearer {self._api_token.reveal()}", **headers},
            **options,
        )


def _output_of(prediction: _Prediction) -> str:
    """The address of a prediction's picture, or why there is none."""
    match prediction.status, prediction.output:
        case "succeeded", str(url) | [str(url), *_]:
            return url
        case "succeeded", _:
            raise unusable("prediction without output")
        case "failed", _ if is_blocked(str(prediction.error)):
            raise ProviderRefused(
                code=FailureCode.CONTENT_BLOCKED, reason="the prediction was refused"
            )
        case ("failed" | "aborted") as status, _:
            raise EngineUnavailable(reason=f"prediction {status}")
        case "canceled", _:
            raise ProviderUnclear(reason="prediction canceled")
        case _:
            raise unusable("prediction status")
