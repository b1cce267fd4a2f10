"""The routes that describe the API: to programs as OpenAPI, to people as a page of our own.

Document and page are written once, when the process starts. The page has no script, and the policy
it comes with lets a browser load its style sheet from here and nothing from anywhere.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.api.openapi.document import openapi_document
from services.api.openapi.page import page_of
from services.api.openapi.service_operations import CSS, DOCUMENT, HTML

ASSETS: Final = "/schema/assets"

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
# The name of an asset changes with its content, so what has once been got stays good.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_WHILE_IT_RUNS: Final = "public, max-age=300"
_HASH_LENGTH: Final = 12


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The description as it is sent."""

    document: bytes
    page: bytes
    style: bytes
    style_name: str


def schema_routes(*, version: str, engines: tuple[str, ...]) -> list[HTTPRouteHandler]:
    """`GET /schema/openapi.json`, `/schema` and what the page needs."""
    written = _written(version=version, engines=engines)

    @get("/schema/openapi.json")
    async def show_document() -> ASGIResponse:
        return _answer(written.document, DOCUMENT, caching=_WHILE_IT_RUNS)

    @get("/schema")
    async def show_page() -> ASGIResponse:
        policy = {"Content-Security-Policy": _POLICY}
        return _answer(
            written.page, f"{HTML}; charset=utf-8", caching=_WHILE_IT_RUNS, others=policy
        )

    @get(f"{ASSETS}/{{asset:str}}")
    async def show_asset(asset: FromPath[str]) -> ASGIResponse:
        if asset != written.style_name:
            raise NotFoundException
        return _answer(written.style, f"{CSS}; charset=utf-8", caching=_FOR_EVER)

    return [show_document, show_page, show_asset]


# Every application of a process describes itself alike, and writing that takes a while.
@cache
def _written(*, version: str, engines: tuple[str, ...]) -> Written:
    document = openapi_document(version=version, engines=engines)
    style = (files("services.api.openapi") / "page.css").read_bytes()
    style_name = f"page-{hashlib.sha256(style).hexdigest()[:_HASH_LENGTH]}.css"
    return Written(
        document=msgspec.json.encode(document),
        page=page_of(document, style=f"{ASSETS}/{style_name}").encode(),
        style=style,
        style_name=style_name,
    )


def _answer(
    body: bytes, media_type: str, *, caching: str, others: Mapping[str, str] | None = None
) -> ASGIResponse:
    headers = {
        "Content-Type": media_type,
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        **(others or {}),
    }
    return ASGIResponse(body=body, headers=headers)
