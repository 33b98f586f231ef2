"""`zcp oauth …` against the file of a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from zcp_auth_oauth.cli.commands import oauth
from zcp_auth_oauth.digests import digest_of
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

PASSWORD = "correct horse battery\n"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "oauth.db")


def run(database: str, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(oauth, [*arguments, "--database", database], input=stdin)


def rows(database: str, kind: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = json.loads(run(database, kind, "list", "--json").output)
    return listed


def test_users(database: str) -> None:
    added = run(
        database, "users", "add", "alice", "--scope", "read", "--password-stdin", stdin=PASSWORD
    )
    assert added.exit_code == 0, added.output
    again = run(database, "users", "add", "alice", "--password-stdin", stdin=PASSWORD)
    assert again.exit_code == 1
    assert "exists already" in again.output
    (alice,) = rows(database, "users")
    assert (alice["name"], alice["scopes"], alice["disabled"]) == ("alice", ["read"], False)
    assert run(database, "users", "set", "alice", "--disable", "--all-scopes").exit_code == 0
    (alice,) = rows(database, "users")
    assert (alice["scopes"], alice["disabled"]) == ("all", True)
    assert "revoked 0" in run(database, "users", "revoke", "alice").output
    assert run(database, "users", "remove", "alice").exit_code == 0
    assert run(database, "users", "remove", "alice").exit_code == 1
    assert rows(database, "users") == []


def test_a_password_of_nothing_is_refused(database: str) -> None:
    refused = run(database, "users", "add", "alice", "--password-stdin", stdin="short\n")
    assert refused.exit_code == 1
    assert "8 to 1024" in refused.output


def test_clients(database: str) -> None:
    redirect = "https://client.example/cb"
    added = run(database, "clients", "add", "Web", "--redirect", redirect, "--scope", "read")
    assert added.exit_code == 0, added.output
    told = dict(line.split(": ") for line in added.output.splitlines())
    provider = SQLiteOAuthProvider(database)
    stored = provider.get_client(told["client_id"])
    provider.close()
    assert stored is not None
    assert stored.secret_digest == digest_of(told["client_secret"])
    assert told["client_secret"].encode() not in Path(database).read_bytes()
    assert stored.scopes == ("read",)
    (listed,) = rows(database, "clients")
    assert listed["redirect_uris"] == [redirect]
    assert "secret" not in json.dumps(listed).replace("client_secret_basic", "")
    assert run(database, "clients", "remove", told["client_id"]).exit_code == 0
    assert rows(database, "clients") == []


def test_a_redirect_that_is_no_good_is_refused(database: str) -> None:
    refused = run(database, "clients", "add", "Web", "--redirect", "http://client.example/cb")
    assert refused.exit_code == 1
    assert "http on another machine" in refused.output


def test_keys(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCP_KEYS__SECRETS", raising=False)
    assert "ZCP_KEYS__SECRETS" in run(database, "keys", "rotate").output
    monkeypatch.setenv("ZCP_KEYS__SECRETS", "one,two")
    for _ in range(2):
        assert run(database, "keys", "rotate").exit_code == 0
    first, second = rows(database, "keys")
    assert str(first["signs_until"]) < str(second["signs_until"])


def test_without_a_file_it_says_what_to_give() -> None:
    result = CliRunner().invoke(oauth, ["users", "list"])
    assert result.exit_code == 2
    assert "ZCP_OAUTH__DATABASE" in result.output
