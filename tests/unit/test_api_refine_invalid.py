"""POST /api/concepts/refine with what is no valid request: which error, and nothing spent."""

import json
from collections.abc import AsyncIterator
from typing import Final

import pytest
from httpx import Response

from tests.unit.api_world import REFINE, SEED_REQUEST, World, quota_headers


async def test_invalid_names_all_errors_at_once_and_the_quota() -> None:
    """422: every field that is wrong, by name and by pointer, also an unknown one."""
    world = World()
    request = {
        "refinement_prompt": "abc",
        "logo_description": 5,
        "preserve_aspects": ["colours"],
        "a/b ~c": True,
    }
    async with world.client() as client:
        answer = await world.refine(client, request=request, key="not valid")

    aspects = "must be a list of: colors, layout, style, shapes, symbols, proportions, color_scheme"
    key = "must be one value of 1 to 255 visible ASCII characters, or a quoted string of as many"
    assert answer.status_code == 422
    assert list(answer.json()) == [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "field_errors",
        "errors",
    ]
    assert answer.json()["field_errors"] == {
        "Idempotency-Key": [key],
        "original_image_url": ["is required"],
        "refinement_prompt": ["must have 5 to 500 characters"],
        "logo_description": ["must be a string"],
        "preserve_aspects": [aspects],
        "a/b ~c": ["is not a known field"],
    }
    assert answer.json()["errors"] == [
        {"header": "Idempotency-Key", "detail": key},
        {"pointer": "#/original_image_url", "detail": "is required"},
        {"pointer": "#/refinement_prompt", "detail": "must have 5 to 500 characters"},
        {"pointer": "#/logo_description", "detail": "must be a string"},
        {"pointer": "#/preserve_aspects", "detail": aspects},
        {"pointer": "#/a~1b%20~0c", "detail": "is not a known field"},
    ]
    assert dict(answer.headers) == quota_headers(10) | {
        "cache-control": "no-store",
        "content-type": "application/problem+json",
        "content-length": str(len(answer.content)),
        "x-request-id": answer.headers["X-Request-Id"],
    }
    assert await world.log.head() == 0


async def test_invalid_leaves_the_quota_out_when_the_log_is_unavailable() -> None:
    """What is wrong with a request can be told without the log."""
    world = World()
    world.log.is_available = False
    async with world.client() as client:
        answer = await world.refine(client, request={})

    assert answer.status_code == 422
    assert not [name for name in answer.headers if "ratelimit" in name]


FIELDS_REFUSED: Final[dict[str, tuple[str, object]]] = {
    "prompt blank": ("refinement_prompt", "          "),
    "prompt short but for blanks": ("refinement_prompt", "   abcd   "),
    "prompt long": ("refinement_prompt", "x" * 501),
    "prompt with a null byte": ("refinement_prompt", "more\x00minimalist"),
    "prompt with a carriage return": ("refinement_prompt", "more\rminimalist"),
    "prompt with an escape": ("refinement_prompt", "more \x1b[2J minimalist"),
    "prompt with a C1 control": ("refinement_prompt", "more \x9b minimalist"),
    "prompt null": ("refinement_prompt", None),
    "prompt a list": ("refinement_prompt", ["more minimalist"]),
    "description empty": ("logo_description", ""),
    "description long": ("theme_description", "x" * 501),
    "url empty": ("original_image_url", ""),
    "url null": ("original_image_url", None),
    "url a number": ("original_image_url", 1),
    "url long": ("original_image_url", "https://a.example/" + "x" * 2048),
    "url of a file": ("original_image_url", "file:///etc/passwd"),
    "url of data": ("original_image_url", "data:image/png;base64,AAAA"),
    "url of javascript": ("original_image_url", "javascript:alert(1)"),
    "url without a scheme": ("original_image_url", "//a.example/a.png"),
    "url without a host": ("original_image_url", "https:///a.png"),
    "url with a user": ("original_image_url", "https://user@a.example/a.png"),
    "url with a password": ("original_image_url", "https://user:secret@a.example/a.png"),
    "url with a blank": ("original_image_url", "https://a.example/a b.png"),
    "url with a newline": ("original_image_url", "https://a.example/a\n.png"),
    "url with a tab": ("original_image_url", "https://a.ex\tample/a.png"),
    "url with a no-break space": ("original_image_url", "https://a.example/\u00a0.png"),
    "url with a line separator": ("original_image_url", "https://a.example/\u2028.png"),
    "url with a bidi override": ("original_image_url", "https://a.example/\u202egnp.a"),
    "url with a backslash": ("original_image_url", "https://a.example\\@b.example/a.png"),
    "url with a broken IPv6 host": ("original_image_url", "https://[::1/a.png"),
    "url with a bad port": ("original_image_url", "https://a.example:99999/a.png"),
    "url with port zero": ("original_image_url", "https://a.example:0/a.png"),
    "url with full-width trouble": ("original_image_url", "https://a.example\uff0f@b/a.png"),
    "aspects a string": ("preserve_aspects", "colors"),
    "aspects an object": ("preserve_aspects", {"colors": True}),
    "aspects nested": ("preserve_aspects", [["colors"]]),
    "aspects unknown": ("preserve_aspects", ["colors", "smell"]),
    "aspects twice": ("preserve_aspects", ["colors", "colors"]),
    "aspects many": ("preserve_aspects", ["colors"] * 5000),
    "unknown field": ("user_id", "grace"),
}


async def test_invalid_field_is_the_only_one_named() -> None:
    """Each wrong value is refused under its field's name, and is not repeated in the answer."""
    world = World()
    named: dict[str, object] = {}
    repeated: list[str] = []
    async with world.client() as client:
        for case, (field, value) in FIELDS_REFUSED.items():
            answer = await world.refine(client, request=SEED_REQUEST | {field: value})
            named[case] = (answer.status_code, list(answer.json()["field_errors"]))
            messages = str(list(answer.json()["field_errors"].values()))
            if isinstance(value, str) and len(value) > len("colors") and value in messages:
                repeated.append(case)

    assert named == {case: (422, [field]) for case, (field, _) in FIELDS_REFUSED.items()}
    assert not repeated
    assert await world.log.head() == 0


FIELDS_ACCEPTED: Final[dict[str, tuple[str, object]]] = {
    "prompt of 5": ("refinement_prompt", "12345"),
    "prompt of 500": ("refinement_prompt", "x" * 500),
    "prompt of lines": ("refinement_prompt", "more\n\tminimalist"),
    "prompt of emoji": ("refinement_prompt", "like 👩\u200d🎨 made it"),
    "url of http": ("original_image_url", "http://a.example/a.png"),
    "url with a port": ("original_image_url", "https://a.example:8443/a.png?x=1&y=%20#f"),
    "url in upper case": ("original_image_url", "HTTPS://A.EXAMPLE/a.png"),
    "url of a name beyond ASCII": ("original_image_url", "https://bücher.example/ä.png"),
    "url of IPv6": ("original_image_url", "https://[2606:4700::1111]/a.png"),
    "url of 2048": ("original_image_url", "https://a.example/" + "x" * 2030),
    "aspects none": ("preserve_aspects", []),
    "aspects null": ("preserve_aspects", None),
    "aspects all": (
        "preserve_aspects",
        ["colors", "layout", "style", "shapes", "symbols", "proportions", "color_scheme"],
    ),
}


async def test_valid_field_is_accepted() -> None:
    """What lies just inside a limit is accepted."""
    world = World()
    async with world.client() as client:
        statuses = {
            case: (
                await world.refine(client, user=case, request=SEED_REQUEST | {field: value})
            ).status_code
            for case, (field, value) in FIELDS_ACCEPTED.items()
        }

    assert statuses == dict.fromkeys(FIELDS_ACCEPTED, 202)


BODIES_REFUSED: Final[dict[str, bytes]] = {
    "empty": b"",
    "not JSON": b"{nope}",
    "cut off": b'{"refinement_prompt": "more',
    "two documents": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b"\xff\xfe{}",
    "a surrogate in UTF-8": b'{"refinement_prompt": "\xed\xa0\x80 minimalist"}',
    "a lone surrogate": b'{"refinement_prompt": "\\ud800 minimalist"}',
    "null": b"null",
    "a list": b"[]",
    "a string": b'"more minimalist"',
    "a number": b"1",
    "NaN": b'{"refinement_prompt": NaN}',
    "a number out of range": b'{"refinement_prompt": 1e999}',
    "Infinity": b'{"refinement_prompt": Infinity}',
    "minus Infinity": b'{"refinement_prompt": -Infinity}',
    "digits without end": b"9" * 65_536,
    "an exponent without end": b'{"refinement_prompt": 1e' + b"9" * 5000 + b"}",
    "a raw null byte": b'{"refinement_prompt": "more\x00minimalist"}',
    "a name of surrogates": b'{"\\udfff\\ud800": 1}',
    "a name with a null byte": b'{"\\u0000": 1}',
    "a name without end": b'{"' + b"a" * 60_000 + b'": 1}',
    "a name twice": b'{"a": 1, "a": 2}',
    "names twice, deep": b'{"a": ' + b'{"a": 1, "a": ' * 4000 + b"1" + b"}" * 4001,
    "brackets": b"[" * 65_536,
    "brackets that close": b"[" * 32_768 + b"]" * 32_768,
    "deep and closed": b'{"a": ' + b"[" * 32_000 + b"]" * 32_000 + b"}",
    "many digits": b'{"refinement_prompt": ' + b"9" * 5000 + b"}",
    "deep lists": b'{"refinement_prompt": ' + b"[" * 50_000,
    "deep objects": b'{"a":' * 12_000,
    "many fields": b"{" + b",".join(b'"f%d":1' % n for n in range(5000)) + b"}",
}


async def test_invalid_body_is_422_never_500() -> None:
    """Bytes that are no request are the client's error, and the answer to them stays small."""
    world = World()
    answers: dict[str, Response] = {}
    async with world.client() as client:
        headers = world.signed_in() | {"Content-Type": "application/json"}
        for case, body in BODIES_REFUSED.items():
            answers[case] = await client.post(REFINE, content=body, headers=headers)

    assert {case: answer.status_code for case, answer in answers.items()} == dict.fromkeys(
        BODIES_REFUSED, 422
    )
    for answer in answers.values():
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-RateLimit-Remaining"] == "10"
        assert len(answer.content) < 4096


async def test_invalid_if_a_field_is_there_twice() -> None:
    """Which of two values counts is not for us to guess: the field is named, whatever it is."""
    world = World()
    body = json.dumps(SEED_REQUEST)[:-1] + ', "refinement_prompt": "Make it bold", "a": 1, "a": 1}'
    async with world.client() as client:
        headers = world.signed_in() | {"Content-Type": "application/json"}
        answer = await client.post(REFINE, content=body, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["field_errors"] == {
        "refinement_prompt": ["must be there only once"],
        "a": ["must be there only once", "is not a known field"],
    }


async def test_invalid_idempotency_key_is_422() -> None:
    """A key is 1 to 255 visible ASCII characters, or a quoted string of RFC 9651 with as many."""
    world = World()
    keys = ["", '""', '"', "a b", "x" * 256, '"' + "x" * 256 + '"', "a\tb", '"a\tb"', '"a"b"']
    keys += [r'"a\b"', r'"a\"', '"a', '"a";b=1', '"a", "b"', '"' + r"\\" * 256 + '"']
    async with world.client() as client:
        answers = [await world.refine(client, key=key) for key in keys]

    assert [answer.status_code for answer in answers] == [422] * len(keys)
    for answer in answers:
        assert list(answer.json()["field_errors"]) == ["Idempotency-Key"]


async def test_invalid_idempotency_key_if_there_are_two() -> None:
    """Two keys on one request leave open which is meant."""
    world = World()
    async with world.client() as client:
        headers = [*world.signed_in().items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        answer = await client.post(REFINE, json=SEED_REQUEST, headers=headers)

    assert answer.status_code == 422


async def test_valid_idempotency_key_is_accepted() -> None:
    """What lies just inside the limits of a key is accepted."""
    world = World()
    keys = ["a", "x" * 255, '"' + "y" * 255 + '"', "!#~", '"a b"', '" "', r'"\"\\"', r"a\b", 'a"b"']
    keys += ['"' + r"\"" * 255 + '"']
    async with world.client() as client:
        answers = [
            await world.refine(client, user=f"user-{number}", key=key)
            for number, key in enumerate(keys)
        ]

    assert [answer.status_code for answer in answers] == [202] * len(keys)


async def test_other_content_type_is_415() -> None:
    """Only a body that is declared to be JSON is read."""
    world = World()
    types = [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json-patch+json",
        "application/json; charset=utf-16",
        "application/json, text/plain",
    ]
    async with world.client() as client:
        answers = [await client.post(REFINE, content=b"{}", headers=world.signed_in())]
        for content_type in types:
            headers = world.signed_in() | {"Content-Type": content_type}
            answers.append(await client.post(REFINE, content=b"{}", headers=headers))

    assert [answer.status_code for answer in answers] == [415] * (len(types) + 1)
    for answer in answers:
        assert answer.json()["type"] == "urn:concept-refinery:problem:unsupported-media-type"
        assert answer.headers["Accept"] == "application/json"
        assert "Accept-Encoding" not in answer.headers
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_encoded_body_is_415() -> None:
    """Nothing is unpacked, and nothing is read as if it were not packed; what to send is told."""
    world = World()
    headers = [*world.signed_in().items(), ("Content-Type", "application/json")]
    codings = [["gzip"], ["GZIP"], ["br, identity"], ["identity", "deflate"], ["unheard-of"]]
    async with world.client() as client:
        answers = [
            await client.post(
                REFINE,
                content=json.dumps(SEED_REQUEST),
                headers=[*headers, *(("Content-Encoding", one) for one in coding)],
            )
            for coding in codings
        ]

    assert [answer.status_code for answer in answers] == [415] * len(codings)
    for answer in answers:
        assert answer.json()["type"] == "urn:concept-refinery:problem:unsupported-media-type"
        assert answer.json()["detail"] == "The request body must not be encoded."
        assert answer.headers["Accept-Encoding"] == "identity"
        assert "Accept" not in answer.headers
    assert await world.log.head() == 0


@pytest.mark.parametrize("coding", ["identity", "Identity", "identity, identity", ""])
async def test_identity_is_no_encoding(coding: str) -> None:
    """The word for a body that is as it is."""
    world = World()
    headers = world.signed_in() | {"Content-Encoding": coding}
    async with world.client() as client:
        answer = await client.post(REFINE, json=SEED_REQUEST, headers=headers)

    assert answer.status_code == 202


async def test_json_content_type_is_accepted() -> None:
    """JSON in UTF-8 is accepted however its type is spelt."""
    world = World()
    types = [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
    ]
    async with world.client() as client:
        statuses = []
        for content_type in types:
            headers = world.signed_in(content_type) | {"Content-Type": content_type}
            content = json.dumps(SEED_REQUEST)
            statuses.append(
                (await client.post(REFINE, content=content, headers=headers)).status_code
            )

    assert statuses == [202, 202, 202]


async def test_large_body_is_413_whether_declared_or_not() -> None:
    """64 KiB is the limit of a body, with a declared length and without."""
    world = World()
    padding = 64 * 1024 - len(json.dumps(SEED_REQUEST))
    fitting = json.dumps(SEED_REQUEST).encode() + b" " * padding

    async def one_byte_more() -> AsyncIterator[bytes]:
        yield fitting
        yield b" "

    async with world.client() as client:
        headers = world.signed_in() | {"Content-Type": "application/json"}
        declared = await client.post(REFINE, content=fitting + b" ", headers=headers)
        undeclared = await client.post(REFINE, content=one_byte_more(), headers=headers)
        accepted = await client.post(REFINE, content=fitting, headers=headers)

    assert declared.status_code == undeclared.status_code == 413
    assert declared.json()["type"] == "urn:concept-refinery:problem:body-too-large"
    assert declared.headers["Connection"] == "close"
    assert accepted.status_code == 202
