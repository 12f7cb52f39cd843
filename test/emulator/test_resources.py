"""A plain resource needs its names, its owner and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ubiops.emulator.areas import MIGRATIONS
from ubiops.emulator.areas.deployments.lookup import find_deployment
from ubiops.emulator.core.audit import Subject
from ubiops.emulator.core.backend import Backend
from ubiops.emulator.core.clock import Clock, in_microseconds
from ubiops.emulator.core.context import RequestContext
from ubiops.emulator.core.errors import ApiError
from ubiops.emulator.core.files import Files
from ubiops.emulator.core.handlers import HANDLERS
from ubiops.emulator.core.migrations import Migration
from ubiops.emulator.core.resources import Owner, Resource
from ubiops.emulator.core.settings import Settings
from ubiops.emulator.core.storage import Storage

TABLE = """
CREATE TABLE plans (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    deployment INTEGER NOT NULL REFERENCES deployments ON DELETE CASCADE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (deployment, name)
);
"""


class Plans(Resource):
    """Plans of a deployment, with the fields of a version."""

    kind = "Plan"
    noun = "plan"
    table = "plans"
    created_from = "DeploymentVersionCreate"
    shown_as = "DeploymentVersionDetail"
    path_parameter = "plan_id"
    identified_by = "id"
    name_field = "version"

    def owner(self, db: sqlite3.Connection, context: RequestContext) -> Owner:
        deployment = find_deployment(db, context)
        return Owner({"deployment": deployment["pk"]}, f"deployment {deployment['name']}")

    def subject(self, action: str, row: sqlite3.Row) -> Subject:
        return Subject(row["deployment"])


PLANS = Plans()


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """A backend with a table of plans and the deployments d and e."""
    migrations = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "Adds plans.", TABLE))
    storage = Storage(tmp_path / "emulator.sqlite3", migrations)
    clock = Clock(1000.0)
    clock.freeze()
    backend = Backend(Settings(), clock, storage, Files(tmp_path / "files"))
    for name in ("d", "e"):
        body = {"name": name, "input_type": "plain", "output_type": "plain"}
        HANDLERS["deployments_create"].function(context(backend, body))
    yield backend
    storage.close()


def context(backend: Backend, body: Any = None, deployment: str = "d", plan_id: str = "", **query: Any) -> Any:
    path = {"project_name": "p", "deployment_name": deployment, "plan_id": plan_id}
    return RequestContext(backend, "user", path, query, body)


def events(backend: Backend) -> list[str]:
    with backend.storage.reading() as db:
        return [row["event"] for row in db.execute("SELECT event FROM audit_events ORDER BY pk")][2:]


def test_a_created_object_has_the_given_and_the_described_default_values(backend: Backend) -> None:
    created = PLANS.create(context(backend, {"version": "one", "maximum_instances": 3, "unknown": 1}))
    assert (created["version"], created["maximum_instances"], created["maximum_idle_time"]) == ("one", 3, 300)
    assert "unknown" not in created
    assert created["creation_date"] == created["last_updated"] == in_microseconds(backend.clock.now())
    assert PLANS.get(context(backend, plan_id=created["id"].upper())) == created
    assert events(backend) == ["Created plan one for deployment d"]


def test_a_name_is_unique_for_an_owner(backend: Backend) -> None:
    PLANS.create(context(backend, {"version": "one"}))
    PLANS.create(context(backend, {"version": "one"}, "e"))
    two = PLANS.create(context(backend, {"version": "two"}))
    for call in (
        lambda: PLANS.create(context(backend, {"version": "one"})),
        lambda: PLANS.update(context(backend, {"version": "one"}, plan_id=two["id"])),
    ):
        with pytest.raises(ApiError, match="Plan 'one' already exists in deployment d") as caught:
            call()
        assert caught.value.status == 409


def test_names_have_the_limits_of_the_details(backend: Backend) -> None:
    with pytest.raises(ApiError, match="version must have at most 64 characters, it has 65"):
        PLANS.create(context(backend, {"version": "x" * 65}))
    with pytest.raises(ApiError, match="is not a valid name"):
        PLANS.create(context(backend, {"version": "a b"}))


def test_objects_are_listed_by_owner_in_order_and_filtered_by_label(backend: Backend) -> None:
    for name, labels in (("b", {"x": "1"}), ("a", {"x": "2"})):
        PLANS.create(context(backend, {"version": name, "labels": labels}))
    PLANS.create(context(backend, {"version": "c"}, "e"))
    assert [one["version"] for one in PLANS.list_all(context(backend))] == ["b", "a"]
    assert [one["version"] for one in PLANS.list_all(context(backend, labels="x:2"))] == ["a"]


def test_an_update_changes_given_fields_and_leaves_no_trace_without_a_change(backend: Backend) -> None:
    created = PLANS.create(context(backend, {"version": "one", "maximum_instances": 3}))
    backend.clock.advance(1)
    same = {"version": "one", "maximum_instances": 3}
    assert PLANS.update(context(backend, same, plan_id=created["id"])) == created
    changed = PLANS.update(context(backend, {"version": "two", "static_ip": True}, plan_id=created["id"]))
    last_updated = in_microseconds(backend.clock.now())
    assert changed == {**created, "version": "two", "static_ip": True, "last_updated": last_updated}
    assert events(backend)[1:] == ["Updated plan one for deployment d, now two"]


def test_a_deleted_object_is_not_found(backend: Backend) -> None:
    created = PLANS.create(context(backend, {"version": "one"}))
    with pytest.raises(ApiError, match="Plan was not found"):
        PLANS.delete(context(backend, None, "e", created["id"]))
    PLANS.delete(context(backend, plan_id=created["id"]))
    with pytest.raises(ApiError, match="Plan was not found") as caught:
        PLANS.get(context(backend, plan_id=created["id"]))
    assert caught.value.status == 404
    assert events(backend)[1:] == ["Deleted plan one for deployment d"]
