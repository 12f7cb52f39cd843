"""Keeps what pipelines use from being deleted: deployments, pipelines, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ubiops.emulator.areas.deployments.kinds import DEPLOYMENT
from ubiops.emulator.areas.deployments.kinds import VERSION as DEPLOYMENT_VERSION
from ubiops.emulator.areas.pipelines.kinds import PIPELINE, VERSION
from ubiops.emulator.areas.pipelines.objects import stored_objects
from ubiops.emulator.core.deletion import before_delete
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.lookup import get_row

if TYPE_CHECKING:
    import sqlite3

    from ubiops.emulator.core.backend import Backend


def _nothing() -> None:
    """Does nothing after the deletion."""


@before_delete("deployments", with_project=False)
def check_deployment(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Rejects the deletion of a deployment that a pipeline uses."""
    row = get_row(db, DEPLOYMENT, "deployments", {"pk": key})
    for user, stored in stored_objects(db, row["project"]):
        if stored["reference_type"] == "deployment" and stored["reference"] == key:
            raise bad_request(
                f"Deployment {row['name']} is used by version {user['name']} of pipeline {user['pipeline_name']}"
            )
    return _nothing


@before_delete("versions", with_project=False)
def check_deployment_version(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Rejects the deletion of a deployment version that a pipeline uses."""
    row = get_row(db, DEPLOYMENT_VERSION, "versions", {"pk": key})
    deployment = get_row(db, DEPLOYMENT, "deployments", {"pk": row["deployment"]})
    default = deployment["default_version"] == key
    for user, stored in stored_objects(db, deployment["project"]):
        if stored["reference_type"] != "deployment" or stored["reference"] != deployment["pk"]:
            continue
        if stored["version"] == key or (default and stored["version"] is None):
            raise bad_request(
                f"Version {row['name']} is used by version {user['name']} of pipeline {user['pipeline_name']}"
            )
    return _nothing


@before_delete("pipelines", with_project=False)
def check_pipeline(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Rejects the deletion of a pipeline that is an object of another one."""
    row = get_row(db, PIPELINE, "pipelines", {"pk": key})
    for user, stored in stored_objects(db, row["project"]):
        if stored["reference_type"] == "pipeline" and stored["reference"] == key:
            raise bad_request(
                f"Pipeline {row['name']} is used by version {user['name']} of pipeline {user['pipeline_name']}"
            )
    return _nothing


@before_delete("pipeline_versions", with_project=False)
def check_pipeline_version(db: sqlite3.Connection, backend: Backend, key: int) -> Callable[[], None]:
    """Rejects the deletion of a version that an object of another pipeline names."""
    row = get_row(db, VERSION, "pipeline_versions", {"pk": key})
    pipeline = get_row(db, PIPELINE, "pipelines", {"pk": row["pipeline"]})
    for user, stored in stored_objects(db, pipeline["project"]):
        if stored["reference_type"] == "pipeline" and stored["version"] == key:
            raise bad_request(
                f"Version {row['name']} is used by version {user['name']} of pipeline {user['pipeline_name']}"
            )
    return _nothing
