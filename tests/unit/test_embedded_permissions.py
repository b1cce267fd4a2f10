"""The permission table, and the configuration that is made of it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.progress import ALL_PROGRESS
from services.embedded.credentials import NatsPasswords
from services.embedded.nats_server import ACCOUNT, permission_table, render_configuration

USERS = ("admin", "api", "worker", "projector", "observer")
READERS = ("api", "projector", "observer")
PROGRESS = "progress.concept_refinement.>"
APPENDS = {
    "api": {"requested", "cancelled", "removed"},
    "worker": {"processing", "retrying", "completed", "failed"},
    "projector": set[str](),
    "observer": set[str](),
}
ROWS = {row.user: row for row in permission_table().users}
TABLE = {user: row.permissions for user, row in ROWS.items()}
API_INFO = "$JS.API.INFO"
PASSWORDS = NatsPasswords(admin="a", api="b", worker="c", projector="d", observer="e")


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


def test_each_user_has_an_account_of_its_own() -> None:
    """Only the administrator is where the stream is: replies cannot cross into another account."""
    accounts = [row.account for row in ROWS.values()]

    assert ROWS["admin"].account == ACCOUNT
    assert len(set(accounts)) == len(USERS)


@pytest.mark.parametrize("user", APPENDS)
def test_each_user_has_the_stream_s_api_and_no_other(user: str) -> None:
    """Where this import is missing, the server answers with an API that knows of no stream."""
    assert API_INFO in TABLE[user].publish.allow


@pytest.mark.parametrize("user", APPENDS)
def test_nobody_deletes_and_nobody_is_answered_with_stored_bytes(user: str) -> None:
    """Consumers end by themselves; what is read comes as JSON that no API takes for a request."""
    risky = ("DELETE", "PURGE", "UPDATE", "DIRECT.GET", "STREAM.CREATE", "$SYS", "_R_")

    assert not [one for one in TABLE[user].publish.allow if any(word in one for word in risky)]


def test_only_readers_are_sent_anything_and_make_consumers() -> None:
    """Each in its own inbox; the others get nothing but answers."""
    sent = {user: row.delivered for user, row in ROWS.items() if row.delivered}
    makers = {
        user
        for user in APPENDS
        if any("CONSUMER.CREATE" in subject for subject in TABLE[user].publish.allow)
    }

    assert sent == {user: (f"_INBOX_{user}.>",) for user in READERS}
    assert makers == set(READERS)


@pytest.mark.parametrize("user", READERS)
def test_readers_cannot_touch_the_workers_consumer(user: str) -> None:
    """Whoever may make consumers is kept from that one, and must name the others."""
    permissions = TABLE[user].publish

    assert "$JS.API.CONSUMER.CREATE.TASKS" not in permissions.allow
    assert set(permissions.deny) == {
        "$JS.API.CONSUMER.CREATE.TASKS.refinement",
        "$JS.API.CONSUMER.CREATE.TASKS.refinement.>",
    }


def test_progress_goes_from_the_worker_to_the_api_alone() -> None:
    """Nobody else can forge it, or hear what a user's task is doing."""
    assert {user: row.announces for user, row in ROWS.items() if row.announces} == {
        "worker": (PROGRESS,)
    }
    assert {user: row.hears for user, row in ROWS.items() if row.hears} == {"api": (PROGRESS,)}
    assert PROGRESS == ALL_PROGRESS


def test_what_is_announced_is_in_the_permissions_of_both_ends() -> None:
    """Who announces may only publish it, who hears only subscribe to it."""
    rendered = {
        user["user"]: user["permissions"]
        for account in accounts_of(PASSWORDS).values()
        for user in account["users"]
    }

    sayers = {user for user in APPENDS if PROGRESS in rendered[user]["publish"]["allow"]}
    hearers = {user for user in APPENDS if PROGRESS in rendered[user]["subscribe"]["allow"]}
    assert (sayers, hearers) == ({"worker"}, {"api"})
    for user in APPENDS:
        own = TABLE[user]
        assert set(rendered[user]["publish"]["allow"]) - set(own.publish.allow) <= {PROGRESS}
        assert set(rendered[user]["subscribe"]["allow"]) - set(own.subscribe.allow) <= {PROGRESS}
        assert rendered[user]["publish"].get("deny", []) == list(own.publish.deny)


def test_accounts_share_what_the_table_allows_and_no_more() -> None:
    """Each import is exported to that account, and to those alone that import it."""
    accounts = accounts_of(PASSWORDS)

    exported = {
        (exporter, kind, export[kind], importer)
        for exporter, account in accounts.items()
        for export in account["exports"]
        for kind in ("service", "stream")
        if kind in export
        for importer in export["accounts"]
    }
    imported = {
        (source["account"], kind, source["subject"], importer)
        for importer, account in accounts.items()
        for one in account["imports"]
        for kind, source in one.items()
    }
    allowed = {
        (ACCOUNT, kind, one, ROWS[user].account)
        for user in APPENDS
        for kind, subjects in (
            ("service", TABLE[user].publish.allow),
            ("stream", ROWS[user].delivered),
        )
        for one in subjects
    }

    assert imported == exported == {*allowed, ("WORKER", "stream", PROGRESS, "API")}
    assert [name for name, account in accounts.items() if "jetstream" in account] == [ACCOUNT]


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
    users = [user for account in rendered["accounts"].values() for user in account["users"]]
    assert {user["user"]: user["password"] for user in users} == msgspec.to_builtins(passwords)


def accounts_of(passwords: NatsPasswords) -> dict[str, Any]:
    """The accounts of a configuration."""
    rendered = render_configuration(port=4222, store=Path("/store"), passwords=passwords)
    accounts: dict[str, Any] = json.loads(rendered)["accounts"]
    return accounts
