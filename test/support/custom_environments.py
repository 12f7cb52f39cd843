"""Environments of a project, for tests of the emulator."""

from __future__ import annotations

import json
from typing import Any

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
    with api.emulator._backend.storage.reading() as db:
        rows = db.execute("SELECT * FROM logs WHERE project = ? ORDER BY pk", (api.project.rpartition("/")[2],))
        return [row["log"] for row in rows if labels.items() <= json.loads(row["labels"]).items()]


def events(api: Any) -> list[tuple[str, str, str, str]]:
    with api.emulator._backend.storage.reading() as db:
        rows = db.execute(
            "SELECT * FROM audit_events WHERE project = ? ORDER BY pk", (api.project.rpartition("/")[2],)
        ).fetchall()
    return [(row["action"], row["event"], row["object_type"], row["object_name"]) for row in rows]
