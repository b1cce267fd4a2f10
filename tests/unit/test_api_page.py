"""The page that describes the API: all of the document, and nothing from anywhere else."""

import re
from html.parser import HTMLParser
from typing import Final

from services.api.openapi.document import openapi_document
from services.api.openapi.page import page_of
from tests.unit.api_world import World

LOADING: Final = {"src", "srcset", "data", "action", "formaction", "poster", "background"}
EMPTY: Final = {"meta", "link"}


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.identities: list[str] = []
        self.links: list[str] = []
        self.assets: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what it loads, what it links to, and that it has to be closed."""
        self.tags.add(tag)
        if tag not in EMPTY:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in LOADING or (tag == "link" and name == "href"):
                self.assets.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.identities.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last, and nothing else."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember what is read."""
        self.words.append(data)


async def test_all_that_the_page_loads_is_served_by_us() -> None:
    """No address of another server, no script, no style in the text; every asset is there."""
    async with World().client() as client:
        answer = await client.get("/schema")
        page = Page(answer.text)
        assets = [await client.get(address) for address in page.assets]

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.open == []
    assert page.assets
    assert all(address.startswith("/schema/assets/") for address in page.assets)
    assert [asset.status_code for asset in assets] == [200] * len(assets)
    assert all("url(" not in asset.text and "@import" not in asset.text for asset in assets)
    assert all("://" not in asset.text for asset in assets)
    assert all(link.startswith(("#", "/schema/")) for link in page.links)
    assert page.tags.isdisjoint({"script", "style", "iframe", "img", "form", "object", "base"})
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}


async def test_a_browser_is_told_to_load_nothing_from_elsewhere() -> None:
    """The policy allows the style sheet and forbids everything else."""
    async with World().client() as client:
        answer = await client.get("/schema")

    policy = dict(
        directive.strip().split(" ", 1)
        for directive in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_asset_is_kept_for_ever_and_found_under_its_own_name_only() -> None:
    """Its name is made of its content, so that a new one is never mistaken for it."""
    async with World().client() as client:
        address = Page((await client.get("/schema")).text).assets[0]
        asset = await client.get(address)
        others = [
            await client.get(f"/schema/assets/{name}")
            for name in ("page.css", "page-000000000000.css", "..%2Fpage.py")
        ]

    assert re.fullmatch(r"/schema/assets/page-[0-9a-f]{12}\.css", address)
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert asset.headers["Content-Type"] == "text/css; charset=utf-8"
    assert [other.status_code for other in others] == [404, 404, 404]


def test_the_page_has_all_of_the_document_and_its_links_lead_somewhere() -> None:
    """Every operation and every schema has its place, once."""
    document = openapi_document(version="1.2.3", engines=())
    operation_ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    schemas = [f"schema-{name}" for name in document["components"]["schemas"]]

    page = Page(page_of(document, style="/style.css"))

    assert page.identities == [*_in_order(page, operation_ids), *schemas]
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} == set(
        page.identities
    )
    assert "1.2.3" in "".join(page.words)


def test_what_the_document_says_is_text_and_never_markup() -> None:
    """A description with angle brackets shows them."""
    document = openapi_document(version="<script>alert(1)</script>", engines=('"><b>',))

    text = page_of(document, style="/style.css")

    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def _in_order(page: Page, operation_ids: list[str]) -> list[str]:
    """The operations as the page has them, by tag: each once."""
    shown = [one for one in page.identities if not one.startswith("schema-")]
    assert sorted(shown) == sorted(operation_ids)
    return shown
