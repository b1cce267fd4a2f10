"""The permission table, and the configuration that is made of it."""

import json
from pathlib import Path

import msgspec
import pytest

from services.embedded.credentials import NatsPasswords
from services.embedded.nats_server import permission_table, render_configuration

USERS = ("admin", "api", "worker", "projector", "observer")
READERS = ("api", "projector", "observer")
APPENDS = {
    "api": {"requested", "cancelled", "removed"},
    "worker": {"processing", "retrying", "completed", "failed"},
    "projector": set[str](),
    "observer": set[str](),
}
TABLE = {row.user: row.permissions for row in permission_table().users}


def test_the_table_has_the_users_that_have_passwords() -> None:
    """Neither a user without password nor a password without user."""
    assert tuple(TABLE) == USERS == NatsPasswords.__struct_fields__


@pytest.mark.parametrize(("user", "events"), APPENDS.items())
def test_each_user_appends_its_own_events_only(user: str, events: set[str]) -> None:
    """The API says what users asked, the worker what became of it, nobody else anything."""
    allowed = {subject for subject in TABLE[user].publish.allow if not subject.startswith("$JS.")}

    assert allowed == {f"tasks.*.*.*.{event}" for event in events}


@pytest.mark.parametrize("user", APPENDS)
def test_each_user_hears_its_own_inbox_only(user: str) -> None:
    """Answers to others, and the log past its consumers, are out of reach."""
    assert TABLE[user].subscribe.allow == (f"_INBOX_{user}.>",)


@pytest.mark.parametrize("user", READERS)
def test_readers_cannot_touch_the_workers_consumer(user: str) -> None:
    """Whoever may make and delete consumers is kept from that one, and must name the others."""
    permissions = TABLE[user].publish

    assert "$JS.API.CONSUMER.CREATE.TASKS" not in permissions.allow
    assert set(permissions.deny) == {
        "$JS.API.CONSUMER.CREATE.TASKS.refinement",
        "$JS.API.CONSUMER.CREATE.TASKS.refinement.>",
        "$JS.API.CONSUMER.DELETE.TASKS.refinement",
    }


def test_the_configuration_is_quoted_durable_and_local() -> None:
    """Nothing in a password or a path can end its string and add configuration."""
    hostile = 'x" } "y\\$Z\n#'
    passwords = NatsPasswords(
        admin=hostile, api="1", worker="true", projector="$HOME", observer="{}"
    )

    rendered = json.loads(
        render_configuration(port=4222, store=Path(f"/{hostile}"), passwords=passwords)
    )

    assert rendered["host"] == "127.0.0.1"
    assert rendered["jetstream"] == {"store_dir": f"/{hostile}", "sync_interval": "always"}
    users = rendered["accounts"]["APP"]["users"]
    assert {user["user"]: user["password"] for user in users} == msgspec.to_builtins(passwords)
