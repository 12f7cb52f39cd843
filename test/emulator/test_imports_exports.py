"""Exports and imports: what the zip file contains, and what becomes of it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import ubiops.emulator
from ubiops.emulator import Emulator

Api = Any
Zipped = Callable[[dict[str, Any]], bytes]
MISSING = "00000000-0000-4000-8000-000000000000"
INFO = {"info.yaml": "format_spec: v1.0\n"}
DEPLOYMENT = "deployment_name: d\ninput_type: plain\noutput_type: plain\n"


def wait(api: Api, path: str, *statuses: str) -> Any:
    """Waits until an export or import has one of these statuses, or a final one."""
    limit = time.monotonic() + 30
    while True:
        found = api.ok("GET", path)
        if found["status"] in (*statuses, "completed", "failed"):
            return found
        assert time.monotonic() < limit, found
        time.sleep(0.01)


def export(api: Api, selection: dict[str, Any], query: str = "") -> dict[str, bytes]:
    """Returns the files of an export of these objects."""
    created = api.ok("POST", f"{api.project}/exports{query}", selection)
    assert created["status"] == "pending"
    path = f"{api.project}/exports/{created['id']}"
    assert wait(api, path)["status"] == "completed"
    with zipfile.ZipFile(io.BytesIO(api.ok("GET", f"{path}/download"))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def start(api: Api, content: bytes, **fields: str) -> str:
    """Starts an import of a file and returns its path."""
    created = api.ok("POST", f"{api.project}/imports", fields={"file": ("i.zip", content, "application/zip"), **fields})
    return f"{api.project}/imports/{created['id']}"


def scanned(api: Api, content: bytes) -> Any:
    """Returns an import of a file that has been read."""
    return wait(api, start(api, content), "confirmation")


def confirm(api: Api, content: bytes, selection: dict[str, Any]) -> Any:
    """Returns an import with these objects that has ended."""
    path = start(api, content)
    assert wait(api, path, "confirmation")["status"] == "confirmation"
    assert api.ok("PATCH", path, selection)["status"] == "confirmation_pending"
    return wait(api, path)


@pytest.fixture
def full(api: Api, good: bytes) -> Api:
    """A project with an object of each kind."""
    project = api.project
    api.ok("POST", f"{project}/environments", {"name": "e", "base_environment": "python3-11", "labels": {"a": "b"}})
    api.ok(
        "POST", f"{project}/environments/e/revisions", fields={"file": ("requirements.txt", b"# none\n", "text/plain")}
    )
    api.emulator.clock.advance(60)
    fields = [{"name": "x", "data_type": "int"}]
    sides = {"input_type": "structured", "output_type": "structured", "input_fields": fields, "output_fields": fields}
    deployment = api.deployment("d", description="Doubles", labels={"team": "t"}, **sides)
    version = api.version(deployment, "v1", environment="python3-11", maximum_instances=3, instance_type="1024mb")
    api.build(version, good)
    api.version(deployment, "v2", environment="e", description="Not built")
    api.variable(project, "REGION", "north")
    api.variable(project, "TOKEN", "of-project", secret=True)
    api.variable(deployment, "LEVEL", "3")
    api.variable(version, "PASSWORD", "of-version", secret=True)
    api.ok("POST", f"{project}/pipelines", {"name": "p", **sides})
    mapping = [{"source_field_name": "x", "destination_field_name": "x"}]
    graph = {
        "objects": [{"name": "o", "reference_name": "d", "version": "v1"}],
        "attachments": [
            {"destination_name": "o", "sources": [{"source_name": "pipeline_start", "mapping": mapping}]},
            {"destination_name": "pipeline_end", "sources": [{"source_name": "o", "mapping": mapping}]},
        ],
    }
    api.ok("POST", f"{project}/pipelines/p/versions", {"version": "w1", **graph})
    # It comes first by name and uses the other one.
    api.ok("POST", f"{project}/pipelines", {"name": "a", **sides})
    outer = json.loads(json.dumps(graph).replace('"d", "version": "v1"', '"p", "reference_type": "pipeline"'))
    api.ok("POST", f"{project}/pipelines/a/versions", {"version": "w1", **outer})
    api.ok("POST", f"{project}/services", {"name": "s", "deployment": "d", "port": 8080, "labels": {"k": "v"}})
    return api


# Exports


def test_an_export_has_the_published_format(full: Api, good: bytes) -> None:
    selection = {"deployments": {"d": {"versions": {"v1": {}}}}, "pipelines": {"p": {"versions": {"w1": {}}}}}
    files = export(full, selection)
    assert set(files) == {
        "info.yaml",
        "deployments/deployment_d/deployment_d.yaml",
        "deployments/deployment_d/versions/deployment_d_version_v1.yaml",
        "deployments/deployment_d/versions/deployment_d_version_v1.zip",
        "pipelines/pipeline_p/pipeline_p.yaml",
        "pipelines/pipeline_p/versions/pipeline_p_version_w1.yaml",
    }
    assert files["info.yaml"] == b"format_spec: v1.0\n"
    deployment = yaml.safe_load(files["deployments/deployment_d/deployment_d.yaml"])
    assert deployment["deployment_name"] == "d"
    assert deployment["deployment_description"] == "Doubles"
    assert deployment["deployment_labels"] == {"team": "t"}
    assert deployment["default_version"] == "v1"
    assert deployment["input_fields"][0]["name"] == "x"
    version = yaml.safe_load(files["deployments/deployment_d/versions/deployment_d_version_v1.yaml"])
    assert version["version_name"] == "v1"
    assert (version["environment"], version["maximum_instances"]) == ("python3-11", 3)
    assert version["instance_type"] == "1024mb"
    assert files["deployments/deployment_d/versions/deployment_d_version_v1.zip"] == good
    pipeline = yaml.safe_load(files["pipelines/pipeline_p/versions/pipeline_p_version_w1.yaml"])
    assert pipeline["objects"][0]["reference_version"] == "v1"
    assert pipeline["attachments"][0]["destination_name"] == "o"


def test_only_what_is_selected_is_exported(full: Api) -> None:
    files = export(full, {"deployments": {"d": {}}})
    assert set(files) == {"info.yaml", "deployments/deployment_d/deployment_d.yaml"}
    assert "default_version" not in yaml.safe_load(files["deployments/deployment_d/deployment_d.yaml"])


def test_packages_can_be_left_out(full: Api) -> None:
    assert any(name.endswith(".zip") for name in export(full, {}, "?all=True"))
    assert not any(name.endswith((".zip", ".txt")) for name in export(full, {}, "?all=True&packages=False"))


def test_values_are_exported_only_if_that_is_asked_for(full: Api) -> None:
    def variables(include: bool) -> Any:
        wanted = {"include_value": include}
        selection = {
            "environment_variables": {"REGION": wanted, "TOKEN": wanted},
            "deployments": {"d": {"versions": {"v1": {"environment_variables": {"PASSWORD": wanted}}}}},
        }
        files = export(full, selection)
        version = yaml.safe_load(files["deployments/deployment_d/versions/deployment_d_version_v1.yaml"])
        of_project = yaml.safe_load(files["environment_variables.yaml"])["environment_variables"]
        return [*of_project, *version["version_environment_variables"]]

    assert variables(True) == [
        {"name": "REGION", "value": "north", "secret": False},
        {"name": "TOKEN", "value": "of-project", "secret": True},
        {"name": "PASSWORD", "value": "of-version", "secret": True},
    ]
    assert [set(one) for one in variables(False)] == [{"name", "secret"}] * 3


def test_an_export_of_everything_has_no_secret(full: Api) -> None:
    files = export(full, {"deployments": {"ignored": {}}}, "?all=true")
    text = b"".join(content for name, content in files.items() if name.endswith(".yaml"))
    assert b"of-project" not in text
    assert b"of-version" not in text
    assert b"north" in text
    assert {name.split("/")[0] for name in files} == {
        "info.yaml",
        "environment_variables.yaml",
        "environments",
        "deployments",
        "pipelines",
        "services",
    }


def test_an_export_is_listed_and_shows_what_it_contains(full: Api) -> None:
    selection = {"description": "Backup", "deployments": {"d": {}}, "environments": {"e": {}}}
    created = full.ok("POST", f"{full.project}/exports", selection)
    assert created["description"] == "Backup"
    path = f"{full.project}/exports/{created['id']}"
    shown = wait(full, path)
    assert shown["size"] == len(full.ok("GET", f"{path}/download"))
    assert shown["deployments"] == {"d": {"versions": {}, "environment_variables": {}}}
    assert (shown["environments"], shown["pipelines"]) == ({"e": {}}, {})
    (listed,) = full.ok("GET", f"{full.project}/exports?status=completed")
    assert listed["id"] == created["id"]
    assert full.ok("GET", f"{full.project}/exports?status=failed") == []


def test_a_deleted_export_is_gone_with_its_file(full: Api) -> None:
    created = full.ok("POST", f"{full.project}/exports", {"deployments": {"d": {}}})
    path = f"{full.project}/exports/{created['id']}"
    wait(full, path)
    with full.emulator._backend.storage.reading() as db:
        file = db.execute("SELECT file FROM exports WHERE id = ?", (created["id"],)).fetchone()[0]
    stored = full.emulator._backend.files.path(file)
    assert stored.exists()
    full.ok("DELETE", path)
    assert full.fails(404, "GET", path) == "Export was not found"
    assert full.fails(404, "GET", f"{path}/download") == "Export was not found"
    assert not stored.exists()


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({}, "nothing to export"),
        ({"deployments": {"x": {}}}, "deployments.x was not found"),
        ({"deployments": {"d": {"versions": {"x": {}}}}}, "deployments.d.versions.x was not found"),
        ({"deployments": {"d": {"versions": ["v1"]}}}, "deployments.d.versions must be an object"),
        ({"pipelines": {"p": {"versions": {"x": {}}}}}, "pipelines.p.versions.x was not found"),
        ({"environments": {"python3-11": {}}}, "environments.python3-11 was not found"),
        ({"environment_variables": {"NONE": {}}}, "environment_variables.NONE was not found"),
        ({"environment_variables": {"REGION": {"include_value": 1}}}, "include_value must be true or false"),
        ({"deployments": {"d": {"environment_variables": {"REGION": {}}}}}, "REGION was not found"),
    ],
)
def test_a_selection_of_what_does_not_exist_is_refused(full: Api, selection: Any, message: str) -> None:
    assert message in full.fails(400, "POST", f"{full.project}/exports", selection)
    assert full.ok("GET", f"{full.project}/exports") == []


# Imports


def test_a_project_is_copied_whole(full: Api, stopped_emulator: Emulator) -> None:
    created = full.ok("POST", f"{full.project}/exports?all=True", {})
    wait(full, f"{full.project}/exports/{created['id']}")
    content = full.ok("GET", f"{full.project}/exports/{created['id']}/download")
    other = type(full)(stopped_emulator, full.project.rpartition("/")[2] + "-copy")
    path = start(other, content, skip_confirmation="True")
    limit = time.monotonic() + 30
    while (shown := other.ok("GET", path))["status"] not in ("completed", "failed"):
        # Pipelines wait for the builds, which follow the clock.
        stopped_emulator.clock.advance(10)
        assert time.monotonic() < limit
    assert (shown["error_message"], shown["status"]) == (None, "completed")
    changing = ("id", "creation_date", "last_updated", "project", "time_created", "time_updated", "last_file_upload")
    revisions = ("active_revision", "latest_revision", "active_build", "latest_build")

    def state(api: Api, path: str) -> Any:
        def plain(value: Any) -> Any:
            if isinstance(value, list):
                return [plain(one) for one in value]
            if isinstance(value, dict):
                return {key: plain(one) for key, one in value.items() if key not in (*changing, *revisions)}
            return value

        return plain(api.ok("GET", api.project + path))

    for below in (
        "/deployments/d",
        "/deployments/d/versions/v1",
        "/deployments/d/versions/v2",
        "/pipelines/p",
        "/pipelines/p/versions/w1",
        "/pipelines/a/versions/w1",
        "/environments/e",
        "/services/s",
    ):
        assert state(other, below) == state(full, below)
    variables = {one["name"]: one for one in other.ok("GET", f"{other.project}/environment-variables")}
    assert variables["REGION"]["value"] == "north"
    assert variables["TOKEN"]["secret"] is True
    revision = state(other, "/deployments/d/versions/v1/revisions")[0]
    assert revision["status"] == "success"
    other.pool.clear()


def test_an_import_shows_what_the_file_contains_and_waits(api: Api, zipped: Zipped, good: bytes) -> None:
    base = "any-name/deployments/some-folder"
    version = 'version_name: v1\nversion_description: "1st"\nversion_environment_variables:\n'
    content = zipped(
        {
            "any-name/info.yaml": "format_spec: v1.0",
            f"{base}/a.yaml": DEPLOYMENT + "deployment_labels: {a: b}\n",
            f"{base}/versions/x.yaml": version + "  - {name: KEY, value: secret-value, secret: true}\n",
            f"{base}/versions/x.zip": good,
            "__MACOSX/any-name/info.yaml": "nothing",
        }
    )
    found = scanned(api, content)
    assert found["status"] == "confirmation"
    assert found["size"] == len(content)
    assert found["deployments"] == {
        "d": {
            "input_type": "plain",
            "output_type": "plain",
            "labels": {"a": "b"},
            "environment_variables": {},
            "versions": {
                "v1": {
                    "description": "1st",
                    "environment_variables": {"KEY": {"value": None, "secret": True}},
                    "zip": "deployments/some-folder/versions/x.zip",
                }
            },
        }
    }
    assert api.ok("GET", f"{api.project}/deployments") == []
    (listed,) = api.ok("GET", f"{api.project}/imports?status=confirmation")
    assert listed["id"] == found["id"]
    assert api.ok("GET", f"{api.project}/imports/{found['id']}/download") == content


def test_only_the_confirmed_objects_are_created(api: Api, zipped: Zipped, good: bytes) -> None:
    content = zipped(
        {
            **INFO,
            "deployments/one/one.yaml": DEPLOYMENT,
            "deployments/one/versions/v1.yaml": "version_name: v1",
            "deployments/one/versions/v1.zip": good,
            "deployments/two/two.yaml": DEPLOYMENT.replace("d\n", "e\n", 1),
        }
    )
    settings = {
        "input_type": "plain",
        "output_type": "plain",
        "description": "Changed",
        "environment_variables": {"LEVEL": {"value": "5", "secret": False}, "EMPTY": {"secret": True}},
        "versions": {"v9": {"zip": "deployments/one/versions/v1.zip", "maximum_instances": 2}},
    }
    ended = confirm(api, content, {"deployments": {"renamed": settings}})
    assert (ended["status"], ended["error_message"]) == ("completed", None)
    (deployment,) = api.ok("GET", f"{api.project}/deployments")
    assert (deployment["name"], deployment["description"]) == ("renamed", "Changed")
    version = api.ok("GET", f"{api.project}/deployments/renamed/versions/v9")
    assert version["maximum_instances"] == 2
    (revision,) = api.ok("GET", f"{api.project}/deployments/renamed/versions/v9/revisions")
    path = f"{api.project}/deployments/renamed/versions/v9/revisions/{revision['id']}/download"
    assert api.ok("GET", path) == good
    variables = api.ok("GET", f"{api.project}/deployments/renamed/environment-variables")
    assert [(one["name"], one["value"]) for one in variables] == [("EMPTY", None), ("LEVEL", "5")]
    assert "is completed" in api.fails(400, "PATCH", f"{api.project}/imports/{ended['id']}", {"deployments": {"x": {}}})


def test_the_value_of_a_secret_comes_from_the_file(api: Api, zipped: Zipped) -> None:
    text = "environment_variables:\n- {name: TOKEN, value: hidden-value, secret: true}\n"
    content = zipped({**INFO, "environment_variables.yaml": text})
    shown = scanned(api, content)
    assert shown["environment_variables"] == {"TOKEN": {"value": None, "secret": True}}
    path = f"{api.project}/imports/{shown['id']}"
    api.ok("PATCH", path, {"environment_variables": shown["environment_variables"]})
    assert wait(api, path)["status"] == "completed"
    with api.emulator._backend.storage.reading() as db:
        row = db.execute("SELECT value, secret FROM variables WHERE project = ?", (api.project[10:],)).fetchone()
    assert tuple(row) == ("hidden-value", 1)


def test_fields_of_older_exports_are_understood(api: Api, zipped: Zipped) -> None:
    version = "version_name: v1\nlanguage: python3.10\nmemory_allocation: 2048\ndeployment_mode: express\n"
    content = zipped({**INFO, "deployments/d/d.yaml": DEPLOYMENT, "deployments/d/versions/v.yml": version})
    assert wait(api, start(api, content, skip_confirmation="true"))["status"] == "completed"
    created = api.ok("GET", f"{api.project}/deployments/d/versions/v1")
    assert (created["environment"], created["instance_type"]) == ("python3-10", "2048mb")


def test_an_export_is_imported_into_the_same_project(full: Api) -> None:
    created = full.ok("POST", f"{full.project}/exports", {"environment_variables": {"REGION": {"include_value": True}}})
    wait(full, f"{full.project}/exports/{created['id']}")
    imported = full.ok("POST", f"{full.project}/imports", fields={"export_id": created["id"]})
    shown = wait(full, f"{full.project}/imports/{imported['id']}", "confirmation")
    assert shown["environment_variables"] == {"REGION": {"value": "north", "secret": False}}
    exists = full.fails(400, "PATCH", f"{full.project}/imports/{imported['id']}", _variables(shown))
    assert exists == "environment_variables.REGION already exists in the project: rename it or leave it out"
    renamed = {"environment_variables": {"AREA": {"value": "south", "secret": False}}}
    full.ok("PATCH", f"{full.project}/imports/{imported['id']}", renamed)
    assert wait(full, f"{full.project}/imports/{imported['id']}")["status"] == "completed"
    assert full.fails(404, "POST", f"{full.project}/imports", fields={"export_id": MISSING}) == "Export was not found"


def _variables(shown: dict[str, Any]) -> dict[str, Any]:
    """Returns the objects of an import."""
    return {"environment_variables": shown["environment_variables"]}


def test_an_import_that_fails_creates_nothing(api: Api, zipped: Zipped, good: bytes) -> None:
    content = zipped(
        {
            **INFO,
            "environment_variables.yaml": "environment_variables:\n- {name: LEVEL, value: '1'}\n",
            "environments/e/e.yaml": "environment_name: e\nbase_environment: python3-11\n",
            "deployments/d/d.yaml": DEPLOYMENT,
            "deployments/d/versions/v1.yaml": "version_name: v1",
            "deployments/d/versions/v1.zip": good,
            "deployments/e/e.yaml": DEPLOYMENT.replace("d\n", "e\n", 1),
            "deployments/e/versions/v1.yaml": "version_name: v1\nmaximum_instances: many\n",
        }
    )
    ended = wait(api, start(api, content, skip_confirmation="true"))
    assert ended["status"] == "failed"
    assert ended["error_message"].startswith("version v1 of deployment e: maximum_instances must be an integer")
    assert api.ok("GET", f"{api.project}/deployments") == []
    assert api.ok("GET", f"{api.project}/environments?environment_type=custom") == []
    assert api.ok("GET", f"{api.project}/environment-variables") == []


def test_an_import_keeps_what_was_there_before(api: Api, zipped: Zipped) -> None:
    api.deployment("d", description="Mine")
    ended = wait(api, start(api, zipped({**INFO, "deployments/d/d.yaml": DEPLOYMENT}), skip_confirmation="true"))
    assert (ended["status"], ended["error_message"]) == (
        "failed",
        f"deployment d: Deployment 'd' already exists in project {api.project[10:]}",
    )
    assert api.ok("GET", f"{api.project}/deployments/d")["description"] == "Mine"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.txt": "x"}, "The file info.yaml is missing"),
        ({"info.yaml": "format_spec: v9"}, "format_spec of info.yaml must be v1.0"),
        ({"info.yaml": "- a"}, "info.yaml must contain keys and values"),
        ({**INFO, "deployments/d/readme.md": "x"}, "the folder deployments/d has no file with settings"),
        ({**INFO, "deployments/d/d.yaml": "a: 1", "deployments/d/e.yaml": "a: 1"}, "several files with settings"),
        ({**INFO, "deployments/d/d.yaml": "input_type: plain"}, "deployment_name is required"),
        ({**INFO, "deployments/d/d.yaml": "a: [1"}, "deployments/d/d.yaml is not valid"),
        ({**INFO, "deployments/d/d.yaml": "a: &x [1]\nb: *x"}, "references to other parts"),
        ({**INFO, "deployments/d/d.yaml": "a: " + "[" * 5000}, "deployments/d/d.yaml is"),
        ({**INFO, "deployments/d/d.yaml": "a: .nan"}, "deployments/d/d.yaml is not valid"),
        ({**INFO, "deployments/d/d.yaml": 'a: "\\uD800"'}, "deployments/d/d.yaml is not valid"),
        ({**INFO, "deployments/d/d.yaml": "a: !!python/object:os.system x"}, "deployments/d/d.yaml is not valid"),
        ({**INFO, "deployments/d/d.yaml": b"\xff\xfe\xfd"}, "deployments/d/d.yaml is not valid"),
        ({**INFO, "deployments/d/d.yaml": "a: " + "x" * 300_000}, "deployments/d/d.yaml"),
        ({**INFO, "environment_variables.yaml": "environment_variables: {A: b}"}, "must be a list"),
        ({**INFO, "environment_variables.yaml": "environment_variables: [{name: A, value: 1}]"}, "a text in quotes"),
        ({**INFO, **{f"deployments/{n}/d.yaml": f"deployment_name: d{n}" for n in range(1001)}}, "more than 1,000"),
        (
            {**INFO, "deployments/1/d.yaml": DEPLOYMENT, "deployments/2/d.yaml": DEPLOYMENT},
            "there is another deployment 'd'",
        ),
    ],
)
def test_a_file_that_can_not_be_read_fails_the_import(api: Api, zipped: Zipped, files: Any, message: str) -> None:
    ended = scanned(api, zipped(files))
    assert ended["status"] == "failed"
    assert message in ended["error_message"]


def test_what_is_no_zip_file_fails_the_import(api: Api) -> None:
    ended = scanned(api, b"PK\x03\x04 and no more")
    assert ended["status"] == "failed"
    assert "zip" in ended["error_message"]


def test_a_file_that_the_archive_lacks_fails_the_import(api: Api, zipped: Zipped) -> None:
    version = {"zip": "../../etc/passwd"}
    settings = {"input_type": "plain", "output_type": "plain", "versions": {"v1": version}}
    ended = confirm(api, zipped(INFO), {"deployments": {"d": settings}})
    assert ended["error_message"] == "version v1 of deployment d: the file ../../etc/passwd is missing"
    assert api.ok("GET", f"{api.project}/deployments") == []


def test_exactly_one_source_is_needed(api: Api, zipped: Zipped) -> None:
    path, file = f"{api.project}/imports", ("i.zip", zipped(INFO), "application/zip")
    assert "given: none" in api.fails(400, "POST", path, fields={"skip_confirmation": "true"})
    both = {"file": file, "export_id": MISSING}
    assert "given: file, export_id" in api.fails(400, "POST", path, fields=both)
    assert "true or false" in api.fails(400, "POST", path, fields={"file": file, "skip_confirmation": "yes"})
    assert api.ok("GET", path) == []


def test_no_address_is_fetched(api: Api) -> None:
    link = f"{api.emulator.host}/status"
    error = api.fails(400, "POST", f"{api.project}/imports", fields={"import_link": link})
    assert "does not fetch import_link" in error


@pytest.mark.parametrize(
    "selection",
    [{}, {"deployments": {"d": {"versions": []}}}, {"deployments": {"d": {"versions": {"v": {"zip": 1}}}}}],
)
def test_a_confirmation_that_makes_no_sense_can_be_corrected(api: Api, zipped: Zipped, selection: Any) -> None:
    path = start(api, zipped({**INFO, "deployments/d/d.yaml": DEPLOYMENT}))
    shown = wait(api, path, "confirmation")
    api.fails(400, "PATCH", path, selection)
    api.ok("PATCH", path, {"deployments": shown["deployments"]})
    assert wait(api, path)["status"] == "completed"


def test_a_deleted_import_is_gone_and_its_objects_stay(api: Api, zipped: Zipped) -> None:
    path = start(api, zipped({**INFO, "deployments/d/d.yaml": DEPLOYMENT}), skip_confirmation="true")
    wait(api, path)
    api.ok("DELETE", path)
    for method, below in (("GET", ""), ("GET", "/download"), ("DELETE", "")):
        assert api.fails(404, method, path + below) == "Import was not found"
    assert api.ok("GET", f"{api.project}/deployments/d")["name"] == "d"


def test_an_import_that_is_deleted_while_it_waits_for_builds_creates_nothing(
    api: Api, zipped: Zipped, good: bytes
) -> None:
    sides = "input_type: plain\noutput_type: plain\n"
    content = zipped(
        {
            **INFO,
            "deployments/d/d.yaml": DEPLOYMENT,
            "deployments/d/versions/v1.yaml": "version_name: v1",
            "deployments/d/versions/v1.zip": good,
            "pipelines/p/p.yaml": f"pipeline_name: p\n{sides}",
            "pipelines/p/versions/v1.yaml": "version_name: v1\nobjects: [{name: o, reference_name: d}]\n",
        }
    )
    path = start(api, content, skip_confirmation="true")
    limit = time.monotonic() + 30
    while not api.ok("GET", f"{api.project}/deployments"):
        assert time.monotonic() < limit
    assert api.ok("GET", path)["status"] == "processing"
    api.ok("DELETE", path)
    while api.ok("GET", f"{api.project}/deployments"):
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_what_a_stop_interrupts_is_taken_up_or_fails(api: Api, data_dir: Path, zipped: Zipped) -> None:
    content = zipped({**INFO, "deployments/d/d.yaml": DEPLOYMENT})
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator, "p")
        client.deployment("x")
        exported = client.ok("POST", "/projects/p/exports", {"deployments": {"x": {}}})["id"]
        wait(client, f"/projects/p/exports/{exported}")
        paths = [start(client, content) for _ in range(2)]
        for path in paths:
            wait(client, path, "confirmation")
        with emulator._backend.storage.transaction() as db:
            db.execute("UPDATE exports SET status = 'processing', file = NULL, size = NULL")
            db.execute("UPDATE imports SET status = 'scanning', contents = '{}' WHERE pk = 1")
            db.execute("UPDATE imports SET status = 'processing' WHERE pk = 2")
        client.pool.clear()
    with ubiops.emulator.start(data_dir=data_dir) as emulator:
        client = type(api)(emulator, "p")
        assert wait(client, f"/projects/p/exports/{exported}")["size"] > 0
        assert wait(client, paths[0], "confirmation")["deployments"].keys() == {"d"}
        assert "was stopped while objects were created" in client.ok("GET", paths[1])["error_message"]
        client.pool.clear()
