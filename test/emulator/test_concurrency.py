"""Many clients at once: no change is lost or mixed up, and nothing is locked."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CLIENTS = 64


def at_once(function: Any, times: int = CLIENTS) -> list[Any]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(function, range(times)))


def test_many_clients_work_side_by_side(api: Any, good: bytes) -> None:
    deployment = api.deployment()

    def work(number: int) -> None:
        version = api.version(deployment, f"v{number}")
        revision = api.upload(version, good)
        api.variable(version, "A", str(number))
        api.ok("PATCH", version, {"description": str(number)})
        assert api.ok("GET", version)["latest_revision"] == revision
        assert api.ok("GET", f"{version}/environment-variables")[0]["value"] == str(number)
        assert api.send("GET", f"{version}/revisions/{revision}/download").data == good
        if number % 2:
            api.ok("DELETE", version)

    at_once(work)
    versions = api.ok("GET", f"{deployment}/versions")
    assert {one["version"]: one["description"] for one in versions} == {f"v{n}": str(n) for n in range(0, CLIENTS, 2)}
    assert sum(one["default"] for one in versions) <= 1
    events = Counter(one["action"] for one in api.ok("GET", f"{deployment}/audit?limit=1000"))
    assert events == {"create": 1 + 3 * CLIENTS, "update": CLIENTS, "delete": CLIENTS // 2}


def test_only_one_of_many_clients_gets_a_name(api: Any) -> None:
    data = {"name": "d", "input_type": "plain", "output_type": "plain"}
    responses = at_once(lambda _: api.send("POST", f"{api.project}/deployments", data).status)
    assert Counter(responses) == {201: 1, 409: CLIENTS - 1}


def test_deletion_during_other_calls_leaves_no_trace(api: Any, good: bytes) -> None:
    version = api.version(api.deployment())
    api.upload(version, good)
    form = {"file": ("a.zip", good)}
    copy = {"source_deployment": "d", "source_version": "v1"}

    def work(number: int) -> int:
        if number == CLIENTS // 2:
            return int(api.send("DELETE", version).status)
        if number % 3 == 2:
            return int(api.send("GET", version).status)
        return int(api.send("POST", f"{version}/revisions", fields=form if number % 3 else copy).status)

    assert set(at_once(work)) <= {200, 201, 204, 404}
    api.fails(404, "GET", version)
    files = api.emulator._backend.files
    assert api.emulator._storage.files() == {path.name for path in files.path("").iterdir()}
