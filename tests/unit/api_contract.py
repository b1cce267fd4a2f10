"""Holds answers to the API's own description: what it does not describe must not be sent."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
from httpx import Response

from services.api.event_streams import MEDIA_TYPE as EVENT_STREAM
from services.api.openapi.document import openapi_document

JsonObject = dict[str, Any]

# Of the transport or of a protocol around the API; none says anything about this API.
_NOT_DESCRIBED: Final = re.compile(
    "content-type|content-length|transfer-encoding|connection|date|server|vary|access-control-.+"
)
_PARAMETER: Final = re.compile(r"\\\{[a-z_]+\\\}")


class UndescribedAnswer(AssertionError):
    """An answer, or a part of it, that the description does not have."""

    def __init__(self, response: Response, fault: str) -> None:
        request = response.request
        super().__init__(
            f"{request.method} {request.url.path} answered {response.status_code}: {fault};"
            f" see services/api/openapi. The answer: {response.headers.multi_items()}"
        )


class Contract:
    """The description of an API, as something that answers can be held to."""

    def __init__(self, document: JsonObject, *, reads_streams: bool = True) -> None:
        self._document = document
        self._reads_streams = reads_streams
        self._paths = [
            (re.compile(_PARAMETER.sub("[^/]+", re.escape(path))), item)
            for path, item in document["paths"].items()
        ]
        self._validators: dict[int, jsonschema_rs.Validator] = {}

    async def check(self, response: Response) -> None:
        """Read an answer and hold it to the description.

        Raises:
            UndescribedAnswer: its status, a header, its media type or its body is not described.
        """
        if response.request.method == "OPTIONS":
            # HTTP's own question, or that of CORS; no operation.
            return
        described = self._described(response)
        if described is None:
            raise UndescribedAnswer(response, "the status is not described")
        self._check_headers(response, described["headers"])
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        content = described.get("content", {})
        if media_type == EVENT_STREAM and media_type in content:
            # From a real server it may have no end.
            if self._reads_streams:
                self._check_stream(response, await response.aread(), content[media_type]["schema"])
            return
        self._check_body(response, await response.aread(), media_type, content)

    def _described(self, response: Response) -> JsonObject | None:
        """What the description says of such an answer."""
        path = response.request.url.path.rstrip("/")
        item = next((item for form, item in self._paths if form.fullmatch(path)), None)
        elsewhere = self._document["components"]["responses"]
        if item is None:
            return {404: elsewhere["NotFound"]}.get(response.status_code)
        operation = item.get(response.request.method.lower())
        if operation is None:
            return {405: elsewhere["MethodNotAllowed"]}.get(response.status_code)
        found: JsonObject | None = operation["responses"].get(str(response.status_code))
        return found

    def _check_headers(self, response: Response, described: Mapping[str, JsonObject]) -> None:
        headers = {name.lower(): self._resolve(header) for name, header in described.items()}
        for name, value in response.headers.multi_items():
            header = headers.get(name)
            if header is not None:
                kind = header["schema"]["type"]
                given = int(value) if kind == "integer" and value.isdecimal() else value
                self._require(
                    response, header["schema"], given, f"header {name} is not as described"
                )
            elif _NOT_DESCRIBED.fullmatch(name) is None:
                raise UndescribedAnswer(response, f"header {name} is not described")
        missing = {name for name, header in headers.items() if header["required"]}
        missing -= set(response.headers)
        if missing:
            raise UndescribedAnswer(response, f"headers are missing: {sorted(missing)}")

    def _check_body(
        self, response: Response, body: bytes, media_type: str, content: Mapping[str, JsonObject]
    ) -> None:
        if not content or response.request.method == "HEAD":
            if body:
                raise UndescribedAnswer(response, "it has a body")
            return
        if media_type not in content:
            raise UndescribedAnswer(response, f"media type {media_type!r} is not described")
        given = response.json() if media_type.endswith("json") else body.decode()
        self._require(
            response, content[media_type]["schema"], given, "the body is not as described"
        )

    def _check_stream(self, response: Response, body: bytes, reference: JsonObject) -> None:
        schema = self._resolve(reference)
        inside = schema["properties"]["data"]["contentSchema"]
        for frame in body.decode().split("\n\n"):
            lines = (line.partition(": ") for line in frame.splitlines())
            fields = {name: value for name, _, value in lines if name in {"id", "event", "data"}}
            if fields:
                self._require(response, reference, fields, "an event is not as described")
                data = json.loads(fields["data"])
                self._require(response, inside, data, "an event's data is not as described")

    def _require(self, response: Response, schema: JsonObject, given: object, fault: str) -> None:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self._document["components"]}
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            self._validators[id(schema)] = validator
        errors = [
            f"{'/'.join(map(str, one.instance_path))}: {one.message}"
            for one in validator.iter_errors(given)
        ]
        if errors:
            raise UndescribedAnswer(response, f"{fault}: {'; '.join(errors)}")

    def _resolve(self, reference: JsonObject) -> JsonObject:
        found: JsonObject = self._document
        for key in reference["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return found


@lru_cache
def contract(engines: tuple[str, ...], *, reads_streams: bool = True) -> Contract:
    """The contract of an API where requests may ask for one of `engines`."""
    document = openapi_document(version="0", engines=engines)
    return Contract(document, reads_streams=reads_streams)
