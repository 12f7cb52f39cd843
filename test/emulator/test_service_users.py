"""Service users and their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import ubiops.emulator


@pytest.fixture
def strict(api: Any) -> Iterator[Any]:
    """A client of an emulator that accepts one token, with a frozen clock."""
    with ubiops.emulator.start(tokens=["sesame"]) as emulator:
        emulator.clock.freeze()
        client = type(api)(emulator)
        yield client
        client.pool.clear()


def test_a_service_user_is_created_read_changed_and_deleted(api: Any, project_name: str) -> None:
    path = f"{api.project}/service-users"
    created = api.ok("POST", path, {"name": "importer", "description": "Imports"})
    token = created.pop("token")
    assert len(token) == 40
    assert created == {
        "id": created["id"],
        "email": f"{created['id']}.{project_name}@serviceuser.ubiops.com",
        "name": "importer",
        "description": "Imports",
        "creation_date": created["creation_date"],
        "expiry_date": None,
        "token_last_used": "",
    }
    one = f"{path}/{created['id']}"
    assert api.ok("GET", one) == created
    assert api.ok("GET", path) == [created]
    changes = {"name": "b", "description": None, "expiry_date": "2100-01-01T02:00:00+02:00"}
    changed = api.ok("PATCH", one, changes)
    assert changed == {**created, **changes, "expiry_date": "2100-01-01T00:00:00.000000Z"}
    assert api.ok("PATCH", one, {"expiry_date": None})["expiry_date"] is None
    assert api.send("DELETE", one).status == 204
    assert api.fails(404, "GET", one) == "Service user was not found"
    assert api.ok("GET", path) == []
    events = [event["event"] for event in api.ok("GET", f"{api.project}/audit")]
    assert events[-1] == f"Created service user {created['email']}"
    assert token not in str(events)


def test_a_service_user_needs_nothing(api: Any) -> None:
    created = api.ok("POST", f"{api.project}/service-users", {})
    assert (created["name"], created["description"]) == (None, None)
    assert "description" in api.fails(400, "POST", f"{api.project}/service-users", {"description": "x" * 401})
    assert "expiry_date" in api.fails(400, "POST", f"{api.project}/service-users", {"expiry_date": "soon"})


def test_its_token_is_accepted_and_stands_for_it(strict: Any) -> None:
    path = f"{strict.project}/service-users"
    created = strict.ok("POST", path, {"name": "importer"})
    token = f"Token {created['token']}"
    strict.fails(401, "GET", "/user", token="Token " + "0" * 40)
    me = strict.ok("GET", "/user", token=token)
    assert (me["id"], me["email"], me["name"]) == (created["id"], created["email"], "importer")
    strict.ok(
        "POST", f"{strict.project}/environment-variables", {"name": "A", "value": "1", "secret": False}, token=token
    )
    assert strict.ok("GET", f"{strict.project}/audit")[0]["user"] == created["email"]
    assert strict.ok("GET", "/user", token=f"Bearer {created['token']}") == me


def test_a_replaced_token_is_void(strict: Any) -> None:
    path = f"{strict.project}/service-users"
    created = strict.ok("POST", path, {})
    replaced = strict.ok("PUT", f"{path}/{created['id']}/token")["token"]
    assert replaced != created["token"]
    strict.fails(401, "GET", path, token=f"Token {created['token']}")
    strict.ok("GET", path, token=f"Token {replaced}")
    strict.ok("DELETE", f"{path}/{created['id']}")
    strict.fails(401, "GET", path, token=f"Token {replaced}")


def test_an_expired_service_user_can_do_and_become_nothing(strict: Any) -> None:
    path = f"{strict.project}/service-users"
    created = strict.ok("POST", path, {"expiry_date": "2100-01-01T00:00:00Z"})
    token = f"Token {created['token']}"
    strict.ok("GET", path, token=token)
    strict.emulator.clock.advance(80 * 366 * 86_400)
    assert "has expired" in strict.fails(401, "GET", path, token=token)
    one = f"{path}/{created['id']}"
    assert "has expired" in strict.fails(400, "PATCH", one, {"expiry_date": None})
    assert "has expired" in strict.fails(400, "PUT", f"{one}/token")
    assert strict.send("DELETE", one).status == 204


def test_the_last_use_of_a_token_is_shown_to_the_minute(strict: Any) -> None:
    path = f"{strict.project}/service-users"
    created = strict.ok("POST", path, {})
    used = []
    for seconds in (0, 59, 1):
        strict.emulator.clock.advance(seconds)
        strict.ok("GET", path, token=f"Token {created['token']}")
        used.append(strict.ok("GET", f"{path}/{created['id']}")["token_last_used"])
    assert used[0] == used[1] < used[2]


def test_tokens_are_not_stored(strict: Any) -> None:
    token = strict.ok("POST", f"{strict.project}/service-users", {})["token"]
    with strict.emulator._storage.reading() as db:
        assert token not in "".join(db.iterdump())
