"""Reads settings from the environment: all of them, or everything that is wrong with them.

A setting `nats.url` is read from `REFINERY_NATS_URL`, or from the file that
`REFINERY_NATS_URL_FILE` names. Everything is validated at once, and all that is wrong is said at
once. Only composition roots call `load`.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

from services.runtime.settings import PREFIX, PROCESSES, Secret, Section

_PLACEHOLDERS: Final = ("changeme", "change-me", "secret", "password", "example")

SettingsT = TypeVar("SettingsT", bound=Section)


class InvalidSettings(ValueError):
    """The environment does not make valid settings; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("invalid settings: " + "; ".join(problems))
        self.problems = tuple(problems)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting, as the reference lists it."""

    variable: str
    section: str
    field: str
    type: object
    description: str
    default: object


def load(kind: type[SettingsT], environment: Mapping[str, str]) -> SettingsT:
    """The settings of one process from environment variables.

    Raises:
        InvalidSettings: a variable is missing, malformed, or not known at all.
    """
    problems = _unknown_names(environment)
    values: dict[str, dict[str, object]] = {}
    unusable: set[str] = set()
    for setting in describe(kind):
        try:
            text = _read(setting.variable, environment)
            if text is None and setting.default is msgspec.NODEFAULT:
                problems.append(f"{setting.variable} is missing")
                unusable.add(setting.section)
            elif text is not None:
                values.setdefault(setting.section, {})[setting.field] = _parse(text, setting)
        except (ValueError, OSError) as error:  # msgspec's ValidationError is a ValueError
            problems.append(f"{setting.variable}: {error}")
            unusable.add(setting.section)
    sections = {
        name: section(**values.get(name, {}))
        for name, section in _sections(kind).items()
        if name not in unusable
    }
    problems.extend(chain.from_iterable(section.problems() for section in sections.values()))
    if problems:
        raise InvalidSettings(problems)
    settings = kind(**sections)
    if contradictions := settings.problems():
        raise InvalidSettings(contradictions)
    return settings


def check_names(environment: Mapping[str, str]) -> None:
    """Look for misspelt settings before anything is started.

    Raises:
        InvalidSettings: a variable looks like a setting and is none.
    """
    if problems := _unknown_names(environment):
        raise InvalidSettings(problems)


def describe(kind: type[Section]) -> Iterator[Setting]:
    """The settings of one process, in the order of its struct."""
    for name, section in _sections(kind).items():
        hints = get_type_hints(section, include_extras=True)
        for field in msgspec.structs.fields(section):
            yield Setting(
                variable=f"{PREFIX}{name}_{field.name}".upper(),
                section=name,
                field=field.name,
                type=hints[field.name],
                description=_description(hints[field.name]),
                default=field.default,
            )


def _sections(kind: type[Section]) -> dict[str, type[Section]]:
    return get_type_hints(kind)


def _description(hint: object) -> str:
    metas = [extra for extra in get_args(hint) if isinstance(extra, Meta)]
    return metas[0].description or ""


def _read(variable: str, environment: Mapping[str, str]) -> str | None:
    file = environment.get(f"{variable}_FILE")
    # An empty variable is how deployment tools write one that is not set.
    if not file:
        return environment.get(variable) or None
    if environment.get(variable):
        raise ValueError(f"set it or {variable}_FILE, not both")
    text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    if not text:
        raise ValueError("the file it names is empty")
    return text


def _parse(text: str, setting: Setting) -> object:
    value: object = msgspec.convert(text, setting.type, strict=False, dec_hook=_decode_secret)
    if isinstance(value, str | Secret):
        _require_form(text, _extra(setting.type))
    return value


def _require_form(text: str, form: Mapping[str, Any]) -> None:
    """Hold a text to its form, without repeating it in an error: it may be a secret."""
    bytes_min = form.get("bytes_min", 0)
    if len(text.encode()) < bytes_min:
        raise ValueError(f"must have at least {bytes_min} bytes")
    if "pattern" in form and re.fullmatch(form["pattern"], text) is None:
        raise ValueError(f"is not of the form {form['example']}")


def _extra(hint: object) -> Mapping[str, Any]:
    metas = [extra for extra in get_args(hint) if isinstance(extra, Meta)]
    return metas[0].extra or {} if metas else {}


def _unknown_names(environment: Mapping[str, str]) -> list[str]:
    return [f"{name} is not a setting" for name in sorted(environment) if _is_unknown(name)]


def _is_unknown(name: str) -> bool:
    if not name.startswith(PREFIX):
        return False
    return name.removesuffix("_FILE") not in {
        setting.variable for kind in PROCESSES.values() for setting in describe(kind)
    }


def _decode_secret(kind: type, text: object) -> Secret:
    assert kind is Secret
    assert isinstance(text, str)
    if text.lower() in _PLACEHOLDERS:
        raise ValueError("is a placeholder, not a secret")
    return Secret(text)
