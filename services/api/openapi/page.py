"""The document as a page for people: written once when a process starts, without any script."""

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Final, NewType

from services.api.openapi.json_values import JsonObject

# Text that may stand in a page as it is: only what is made here, and what `_text` has escaped.
Html = NewType("Html", str)

_CODE: Final = re.compile(r"`([^`]+)`")
_SCHEMA: Final = "#/components/schemas/"
_LIMITS: Final = (
    ("format", "{}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minItems", "at least {} items"),
    ("pattern", "matches {}"),
)


def page_of(document: JsonObject, *, style: str) -> str:
    """The page of a document; `style` is the address of its style sheet."""
    title = document["info"]["title"]
    by_tag: dict[str, list[Html]] = {}
    links: dict[str, list[Html]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = operation["tags"][0]
            by_tag.setdefault(tag, []).append(_operation(document, method, path, operation))
            label = _join(_element("span", _text(method), css="method"), _text(f" {path}"))
            links.setdefault(tag, []).append(_link(f"#{operation['operationId']}", label))
    schemas = document["components"]["schemas"]
    tags = document["tags"]
    sections = [
        _join(
            _element("h2", _text(tag["name"])),
            _prose(tag["description"]),
            *by_tag[tag["name"]],
        )
        for tag in tags
    ]
    contents = [
        _join(_element("strong", _text(tag["name"])), _list(links[tag["name"]])) for tag in tags
    ]
    names = _list(_link(f"#schema-{name}", _text(name)) for name in schemas)
    navigation = _join(*contents, _element("strong", _text("schemas")), names)
    main = _join(
        _element("h1", _text(f"{title} {document['info']['version']}")),
        _prose(document["info"]["description"]),
        _prose("As a document for programs: "),
        _link("/schema/openapi.json", _text("openapi.json")),
        *sections,
        _element("h2", _text("schemas")),
        *(_schema_article(name, schema) for name, schema in schemas.items()),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{escape(style)}"></head>'
        f"<body>{_element('nav', navigation)}{_element('main', main)}</body></html>\n"
    )


def _operation(document: JsonObject, method: str, path: str, operation: JsonObject) -> Html:
    parts = [
        _element(
            "h3",
            _element("span", _text(method), css="method"),
            _text(" "),
            _element("code", _text(path)),
        ),
        _element("p", _element("strong", _text(operation["summary"]))),
        _prose(operation["description"]),
    ]
    if "security" in operation:
        parts.append(_prose("Needs a bearer token."))
    parameters = [_resolve(document, one) for one in operation["parameters"]]
    parts.append(_element("h4", _text("Parameters")))
    parts.append(_parameters(parameters))
    if "requestBody" in operation:
        parts.append(_element("h4", _text("Request")))
        parts.append(_content(operation["requestBody"]["content"]))
    parts.append(_element("h4", _text("Answers")))
    for status, answer in operation["responses"].items():
        summary = _join(_element("strong", _text(status)), _text(f" {answer['description']}"))
        inner = [_headers(document, answer["headers"]), _content(answer.get("content", {}))]
        parts.append(_details(summary, *inner))
    return _element("article", *parts, identity=operation["operationId"])


def _parameters(parameters: Iterable[JsonObject]) -> Html:
    return _table(
        ("Name", "In", "Type", "Says"),
        (
            (
                _element("code", _text(one["name"])),
                _text(f"{one['in']}, required" if one["required"] else one["in"]),
                _type(one["schema"]),
                _inline(one["description"]),
            )
            for one in parameters
        ),
    )


def _headers(document: JsonObject, headers: JsonObject) -> Html:
    resolved = {name: _resolve(document, header) for name, header in headers.items()}
    return _table(
        ("Header", "There", "Type", "Says"),
        (
            (
                _element("code", _text(name)),
                _text("always" if header["required"] else "sometimes"),
                _type(header["schema"]),
                _inline(header["description"]),
            )
            for name, header in resolved.items()
        ),
    )


def _content(content: JsonObject) -> Html:
    parts: list[Html] = []
    for media_type, media in content.items():
        kind = _join(_element("code", _text(media_type)), _text(": "), _type(media["schema"]))
        parts.append(_element("p", kind))
        parts.extend(
            _details(_text(f"Example: {example['summary']}"), _example(example["value"]))
            for example in media.get("examples", {}).values()
        )
    return _join(*parts)


def _schema_article(name: str, schema: JsonObject) -> Html:
    parts = [_element("h3", _text(name)), _prose(schema.get("description", ""))]
    if "properties" in schema:
        required = schema.get("required", ())
        rows = (
            (
                _element("code", _text(field)),
                _text("yes" if field in required else "no"),
                _type(described),
                _inline(described.get("description", "")),
            )
            for field, described in schema["properties"].items()
        )
        parts.append(_table(("Field", "Required", "Type", "Says"), rows))
    else:
        parts.append(_element("p", _type(schema)))
    return _element("article", *parts, identity=f"schema-{name}")


def _type(schema: JsonObject) -> Html:
    """A schema in a few words, with links to those that have a name."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMA)
        return _link(f"#schema-{name}", _text(name))
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _separated(" or ", (_type(one) for one in schema[choice]))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", (schema.get("const"),))
        return _separated(", ", (_element("code", _text(json.dumps(one))) for one in values))
    if schema.get("type") == "array" or "items" in schema:
        return _join(_text("array of "), _type(schema["items"]))
    kinds = schema.get("type", "anything")
    name = kinds if isinstance(kinds, str) else " or ".join(kinds)
    if isinstance(schema.get("additionalProperties"), dict):
        return _join(_text(f"{name} of "), _type(schema["additionalProperties"]))
    limits = [form.format(schema[key]) for key, form in _LIMITS if key in schema]
    return _join(
        _text(name), _element("span", _text("".join(f"; {one}" for one in limits)), css="quiet")
    )


def _resolve(document: JsonObject, described: JsonObject) -> JsonObject:
    """What a reference to a component refers to."""
    found: JsonObject = document
    for key in described["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def _example(value: object) -> Html:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return _element("pre", _text(text))


def _prose(text: str) -> Html:
    return _element("p", _inline(text))


def _inline(text: str) -> Html:
    """Text with code between backticks."""
    return Html(_CODE.sub(r"<code>\1</code>", _text(text)))


def _table(header: Iterable[str], rows: Iterable[Iterable[Html]]) -> Html:
    head = _element("tr", *(_element("th", _text(cell)) for cell in header))
    body = (_element("tr", *(_element("td", cell) for cell in row)) for row in rows)
    return _element("table", head, *body)


def _list(items: Iterable[Html]) -> Html:
    return _element("ul", *(_element("li", item) for item in items))


def _details(summary: Html, *inner: Html) -> Html:
    return _element("details", _element("summary", summary), *inner)


def _link(target: str, label: Html) -> Html:
    return Html(f'<a href="{escape(target)}">{label}</a>')


def _element(name: str, *inner: Html, css: str | None = None, identity: str | None = None) -> Html:
    attributes = {"class": css, "id": identity}
    written = "".join(
        f' {key}="{escape(value)}"' for key, value in attributes.items() if value is not None
    )
    return Html(f"<{name}{written}>{''.join(inner)}</{name}>")


def _separated(separator: str, parts: Iterable[Html]) -> Html:
    return Html(_text(separator).join(parts))


def _join(*parts: Html) -> Html:
    return Html("".join(parts))


def _text(text: str) -> Html:
    return Html(escape(text))
