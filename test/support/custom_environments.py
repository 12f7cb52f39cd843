"""Environments of a project, for tests of the emulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

REQUIREMENTS = "pandas==2.2.1\nxarray==2024.2.0\n"


def create(api: Any, name: str = "own", base: str | None = "python3-11", **settings: Any) -> str:
    body = {"name": name, **({"base_environment": base} if base else {}), **settings}
    created = api.ok("POST", f"{api.project}/environments", body)
    assert created["name"] == name
    return f"{api.project}/environments/{name}"


def upload(api: Any, path: str, content: bytes, name: str = "packages.zip") -> tuple[str, str]:
    """Uploads a file; returns the path of the revision and of its build."""
    response = api.ok("POST", f"{path}/revisions", fields={"file": (name, content)})
    assert response["success"] is True
    revision = f"{path}/revisions/{response['revision']}"
    return revision, f"{revision}/builds/{response['build']}"


def finish(api: Any) -> None:
    api.emulator.clock.advance(3 * api.state)


def logs(api: Any, **labels: str) -> list[str]:
    """Returns the texts of the log entries with these labels, oldest first."""
    query = "".join(f" | {name}=`{value}`" for name, value in labels.items())
    parameters = urlencode({"query": query, "start": "2020-01-01", "end": "2100-01-01", "limit": 5000})
    return [entry["log"] for entry in api.ok("GET", f"{api.project}/logs?{parameters}")]


def events(api: Any) -> list[tuple[str, str, str, str]]:
    with api.emulator._backend.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM audit_events WHERE project = ? ORDER BY pk", (api.project.rpartition("/")[2],)
        ).fetchall()
    return [(row["action"], row["event"], row["object_type"], row["object_name"]) for row in rows]
