"""No request takes long, exhausts the memory, or keeps others waiting."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import ubiops.emulator

JSON = {"Content-Type": "application/json"}
FIELD = {"name": "f", "data_type": "int"}
STRUCTURED = {"name": "d", "input_type": "structured", "output_type": "plain"}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def with_configuration(configuration: Any) -> dict[str, Any]:
    return {**STRUCTURED, "input_fields": [{**FIELD, "widget": {"type": "textbox", "configuration": configuration}}]}


def test_a_body_may_have_a_hundred_levels(api: Any) -> None:
    # Four of them lead to the configuration.
    created = api.ok("POST", f"{api.project}/deployments", with_configuration(nested(96)))
    assert created["input_fields"][0]["widget"]["configuration"] == nested(96)
    assert api.ok("GET", f"{api.project}/deployments")[0]["name"] == "d"


@pytest.mark.parametrize("depth", [97, 900, 968, 5000])
def test_a_body_with_more_levels_is_rejected(api: Any, depth: int) -> None:
    body = json.dumps(with_configuration("here")).replace('"here"', '{"a":' * depth + "1" + "}" * depth).encode()
    error = api.fails(400, "POST", f"{api.project}/deployments", body=body, headers=JSON)
    assert error.startswith("the body is nested too deeply: at most 100 levels are allowed")
    assert api.ok("GET", f"{api.project}/deployments") == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            {**STRUCTURED, "input_fields": [{**FIELD, "name": f"f{number}"} for number in range(20_000)]},
            "input_fields must have at most 1000 entries, it has 20000",
        ),
        (
            {
                "name": "d",
                "input_type": "plain",
                "output_type": "plain",
                "labels": {f"l{n}": 1 for n in range(100_000)},
            },
            "labels must have at most 1000 entries, it has 100000",
        ),
        (
            {"name": "d", "input_type": "plain", "output_type": "plain", "labels": {f"l{n}": 1 for n in range(1000)}},
            " must be a string, not a number; and more than 95 more",
        ),
        ({**STRUCTURED, "input_fields": [{**FIELD, "name": ""}] * 1000}, "; and more than 95 more"),
    ],
)
def test_a_long_list_of_a_request_is_rejected(api: Any, data: dict[str, Any], reason: str) -> None:
    assert reason in api.fails(400, "POST", f"{api.project}/deployments", data)


def test_a_thousand_fields_are_accepted(api: Any) -> None:
    fields = [{**FIELD, "name": f"f{number}"} for number in range(1000)]
    created = api.ok("POST", f"{api.project}/deployments", {**STRUCTURED, "input_fields": fields})
    assert len(created["input_fields"]) == 1000


def test_many_ports_are_rejected(api: Any) -> None:
    ports = [{"public_port": 2048 + number, "deployment_port": 1, "protocol": "tcp"} for number in range(1001)]
    error = api.fails(400, "POST", f"{api.deployment()}/versions", {"version": "v1", "ports": ports})
    assert "ports must have at most 1000 entries, it has 1001" in error


def test_a_body_of_very_many_lists_is_rejected(api: Any) -> None:
    body = b'{"name": "d", "labels": [' + b"[]," * 500_000 + b"1]}"
    error = api.fails(400, "POST", f"{api.project}/deployments", body=body, headers=JSON)
    assert error == "the body has more than 500,000 lists and objects"


def test_values_that_the_api_keeps_as_they_are_may_be_large(api: Any) -> None:
    configuration = {f"k{number}": list(range(10)) for number in range(2000)}
    created = api.ok("POST", f"{api.project}/deployments", with_configuration(configuration))
    assert created["input_fields"][0]["widget"]["configuration"] == configuration


def test_others_are_served_while_a_long_list_is_made(api: Any) -> None:
    count = 10_000
    with api.emulator._storage.transaction() as db:
        db.executemany(
            "INSERT INTO deployments (id, project, name, settings, created, updated) VALUES (?, ?, ?, ?, 0, 0)",
            [
                (
                    str(uuid.uuid4()),
                    api.project.rpartition("/")[2],
                    f"d{number}",
                    '{"description": "", "labels": {}, "input_type": "plain", "output_type": "plain",'
                    ' "input_fields": [], "output_fields": []}',
                )
                for number in range(count)
            ],
        )
    path = f"{api.project}/deployments"
    url, headers = api.origin + "/v2.1" + path, {"Authorization": api.emulator.token}
    with ThreadPoolExecutor(1) as pool:
        listing = pool.submit(api.pool.request, "GET", url, headers=headers)
        served = 0
        while not listing.done():
            assert api.ok("GET", f"{path}/d1")["name"] == "d1"
            served += 1
    assert len(json.loads(listing.result().data)) == count
    assert served > 1
    with api.emulator._storage.transaction() as db:
        db.execute("DELETE FROM deployments WHERE project = ?", (api.project.rpartition("/")[2],))


def test_a_request_waits_for_the_database_without_keeping_the_server_busy(api: Any) -> None:
    deployment = api.deployment()
    with ThreadPoolExecutor(1) as pool:
        with api.emulator._storage.transaction():
            waiting = pool.submit(api.ok, "GET", deployment)
            time.sleep(0.05)
            # This one needs no database.
            assert api.ok("GET", "/template-deployments")
            assert not waiting.done()
        assert waiting.result()["name"] == "d"


def test_a_full_disk_is_reported(api: Any) -> None:
    with ubiops.emulator.start() as emulator:
        client = type(api)(emulator)
        with emulator._storage.reading() as db:
            before = db.execute("PRAGMA max_page_count").fetchone()[0]
            # As many as are in use now.
            db.execute("PRAGMA max_page_count = 1")
        for number in range(1000):
            body = {"name": f"d{number}", "input_type": "plain", "output_type": "plain", "description": "x" * 400}
            response = client.send("POST", f"{client.project}/deployments", body)
            if response.status != 201:
                break
        assert response.status == 507
        assert response.data == {"error": "The emulator can't use its data folder: database or disk is full"}
        with emulator._storage.reading() as db:
            db.execute(f"PRAGMA max_page_count = {before}")
        client.deployment("after")
