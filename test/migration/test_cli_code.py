"""ubiops-cli, part two: deployments and what runs them, their requests, pipelines,
schedules, services, variables, logs and audit events.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .cli import CODE, Session
from .clients import THIS

SERVICE = """
service_name: counter
service_deployment: word-count
service_version: v1
port: 8080
service_labels:
  kind: web
"""
PIPELINE = """
pipeline_name: counting
pipeline_labels:
  kind: text
input_type: structured
input_fields:
  - name: text
    data_type: string
output_type: structured
output_fields:
  - name: words
    data_type: int
"""
PIPELINE_VERSION = """
pipeline_name: counting
version_name: v1
version_labels:
  kind: first
request_retention_mode: full
objects:
  - name: count
    reference_name: word-count
    reference_type: deployment
    reference_version: v1
attachments:
  - destination_name: count
    sources:
      - source_name: pipeline_start
        mapping:
          - source_field_name: text
            destination_field_name: text
  - destination_name: pipeline_end
    sources:
      - source_name: count
        mapping:
          - source_field_name: words
            destination_field_name: words
"""


def test_deployments(session: Session) -> None:
    cli = session.cli
    assert "word-count" in cli("deployments", "list").output
    found = cli("deployments", "get", "word-count", "-fmt", "json").json
    assert found["supports_request_format"] is True
    assert found["default_version"] == "v1"
    assert found["input_fields"][0]["name"] == "text"
    cli("deployments", "get", "word-count", "-o", "again.yaml")
    assert "deployment_name: word-count" in session.read("again.yaml")
    assert "Error (409): " in cli.refuses("deployments", "create", "-f", "deployment.yaml")
    cli("deployments", "create", "-f", "again.yaml", "--overwrite")
    assert "Error (404): " in cli.refuses("deployments", "get", "nothing")
    cli("deployments", "create", "copy", "-f", "again.yaml")
    labels = session.file("labels.yaml", "deployment_description: A copy\ndeployment_labels: {kind: copy}\n")
    assert "successfully updated" in cli("dpl", "update", "copy", "-n", "renamed", "-f", labels).output
    found = cli("deployments", "list", "-lb", "kind:copy", "-fmt", "json").json
    assert [one["name"] for one in found] == ["renamed"]
    assert cli("deployments", "get", "renamed", "-fmt", "json").json["description"] == "A copy"
    assert "successfully deleted" in cli("deployments", "delete", "renamed", "-y").output


def test_versions(session: Session) -> None:
    cli = session.cli
    health = ("--hc_port", 8080, "--hc_path", "/status", "--hc_timeout", 3)
    options = ("-e", "python3-11", "-min", 0, "-max", 2, "-qs", 7, "-lb", "kind:slow", "-desc", "Limited", *health)
    cli("versions", "create", "limits", "-d", "word-count", *options)
    found = cli("versions", "get", "limits", "-d", "word-count", "-fmt", "json").json
    assert (found["minimum_instances"], found["maximum_instances"], found["maximum_queue_size"]) == (0, 2, 7)
    assert found["environment_name"] == "python3-11"
    assert found["environment_tag"]
    assert found["labels"] == {"kind": "slow"}
    cli("versions", "get", "limits", "-d", "word-count", "-o", "version.yaml")
    assert "health_check:\n  port: 8080\n  path: /status\n" in session.read("version.yaml")
    cli("versions", "create", "same", "-f", "version.yaml")
    same = cli("versions", "get", "same", "-d", "word-count", "-fmt", "json").json
    changed = {"id", "version", "creation_date", "last_updated"}
    assert {key for key in found if same[key] != found[key]} <= changed
    listed = cli("versions", "list", "-d", "word-count").output
    assert "v1 [DEFAULT]" in listed
    assert "limits" in listed
    cli("versions", "update", "limits", "-d", "word-count", "-max", 3, "-deployment_py", "other.py")
    cli("versions", "update", "limits", "-d", "word-count", "-n", "more")
    assert cli("versions", "get", "more", "-d", "word-count", "-fmt", "json").json["maximum_instances"] == 3
    assert "other.py" in cli("env", "list", "-d", "word-count", "-v", "more").output
    for version in ("more", "same"):
        assert "successfully deleted" in cli("versions", "delete", version, "-d", "word-count", "-y").output
    assert "there is no environment" in cli.refuses("versions", "create", "x", "-d", "word-count", "-e", "nothing")


def test_deploying_and_revisions(session: Session) -> None:
    cli = session.cli
    session.file("code/.ubiops-ignore", "*.txt\n")
    session.file("code/notes.txt", "")
    paths = cli("deployments", "package", "-dir", "code", "--paths_only").output.split()
    assert str(Path("code", "deployment.py")) in paths
    assert str(Path("code", "notes.txt")) not in paths
    printed = cli("deployments", "deploy", "word-count", "-v", "v2", "-dir", "code").output
    assert "Deployment was successfully deployed" in printed
    cli("deployments", "deploy", "word-count", "-v", "v2", "-dir", "code", "--overwrite", "-y")
    assert "Created archive" in cli("deployments", "package", "-dir", "code", "-o", "package.zip", "-y").output
    assert "already exists" in cli.refuses("deployments", "upload", "word-count", "-v", "v1", "-z", "package.zip")
    cli("deployments", "upload", "word-count", "-v", "v2", "-z", "package.zip", "--overwrite")
    uploaded = cli("revisions", "upload", "-d", "word-count", "-v", "v2", "-z", "package.zip", "-fmt", "json").json
    where = ("-d", "word-count", "-v", "v2")
    revisions = cli("revisions", "list", *where, "-fmt", "json").json
    assert len(revisions) == 4
    assert uploaded["revision"] in [one["id"] for one in revisions]
    assert "success" in cli("revisions", "wait", uploaded["revision"], *where).output
    assert cli("revisions", "get", uploaded["revision"], *where, "-fmt", "json").json["status"] == "success"
    assert "Status: success" in cli("versions", "wait", "v2", "-d", "word-count", "-t", 60).output
    cli("revisions", "download", uploaded["revision"], *where, "-o", "revision.zip")
    cli("deployments", "download", "word-count", "-v", "v2", "-o", "active.zip")
    for name in ("revision.zip", "active.zip"):
        with zipfile.ZipFile(session.work / name) as archive:
            names = {Path(name).name: name for name in archive.namelist()}
            assert archive.read(names["deployment.py"]).decode() == CODE
            assert "notes.txt" not in names
    cli("deployments", "update", "word-count", "-default", "v2")
    assert "v2 [DEFAULT]" in cli("versions", "list", "-d", "word-count").output
    cli("deployments", "update", "word-count", "-default", "v1")


def test_waiting_with_logs(session: Session) -> None:
    if session.client != THIS:
        pytest.skip("the official client waits 20 seconds longer")
    printed = session.cli("versions", "wait", "v1", "-d", "word-count", "--stream_logs").output
    assert "Status: success" in printed
    assert "The code runs with Python" in printed


def test_a_failed_build_is_said(session: Session) -> None:
    cli = session.cli
    session.file("broken/deployment.py", "class Other:\n    pass\n")
    cli("deployments", "deploy", "word-count", "-v", "broken", "-dir", "broken")
    printed = cli("versions", "wait", "broken", "-d", "word-count", "-q").output
    assert "Status: failed" in printed
    cli("versions", "delete", "broken", "-d", "word-count", "-y")


@pytest.mark.parametrize("where", [(), ("-v", "v1")], ids=["default", "version"])
def test_requests(where: tuple[Any, ...], session: Session) -> None:
    cli = session.cli
    create = ("deployments", "requests", "create", "word-count", *where)
    made = cli(*create, "--data", '{"text": "a b c"}', "-fmt", "json").json
    made = made if isinstance(made, list) else [made]
    assert made[0]["status"] == "completed"
    streamed = cli(*create, "--data", '{"text": "twice"}').output
    assert streamed.split()[:2] == ["one", "two"]
    texts = [{"text": "a b"}, {"text": "a"}]
    session.file("texts.json", json.dumps(texts))
    queued = cli(*create, "--batch", "-f", "texts.json", "-t", 60, "-fmt", "json").json
    ids = [one["id"] for one in queued]
    api = session.emulator.api()
    session.wait(lambda: api.deployment_requests_get("texts", "word-count", ids[1]).status == "completed")
    session.wait(lambda: api.deployment_requests_get("texts", "word-count", ids[0]).status == "completed")
    find = ("-id", ids[0])
    got = cli("deployments", "requests", "get", "word-count", *where, *find, "-id", ids[1], "-fmt", "json").json
    assert {one["id"] for one in got} == set(ids)
    for format in ("reference", "oneline"):
        assert ids[0] in cli("deployments", "requests", "get", "word-count", *where, *find, "-fmt", format).output
    listed = cli("deployments", "requests", "list", "word-count", *where, "-fmt", "json").json
    assert set(ids) <= {one["id"] for one in listed}
    assert json.loads(cli("deployments", "requests", "input", "word-count", *where, *find).output) == texts[0]
    result = json.loads(cli("deployments", "requests", "output", "word-count", *where, *find).output)
    assert result["words"] == 2
    cli("deployments", "requests", "output", "word-count", *where, *find, "-o", "result.json", "-y")
    assert json.loads(session.read("result.json")) == result
    assert "Error (404)" in cli.refuses("deployments", "requests", "input", "word-count", "-id", "nothing")
    # The official client takes the response that says why for the result.
    expected = "Error (400): Missing input field in input 1: text" if session.client == THIS else "Error: "
    assert expected in cli.refuses(*create, "--data", '{"words": 1}')


@pytest.mark.parametrize("level", [(), ("-d", "word-count"), ("-d", "word-count", "-v", "v1")])
def test_environment_variables(level: tuple[Any, ...], session: Session) -> None:
    cli = session.cli
    cli("env", "create", "COUNTRY", "--value", "be", *level)
    cli("env", "create", "COUNTRY", "--value", "nl", "--overwrite", *level)
    assert "value: nl" in cli("env", "get", "COUNTRY", *level).output
    cli("env", "update", "COUNTRY", "-n", "REGION", "--value", "de", *level)
    session.file(
        "many.yaml", "environment_variables:\n  - {name: ONE, value: '1'}\n  - {name: KEY, value: s, secret: true}\n"
    )
    cli("env", "create", "-f", "many.yaml", *level)
    found = {one["name"]: one for one in cli("env", "list", *level, "-fmt", "json").json}
    assert found["REGION"]["value"] == "de"
    assert found["KEY"]["secret"] is True
    assert found["KEY"]["value"] != "s"
    for name in ("REGION", "ONE", "KEY"):
        assert "successfully deleted" in cli("env", "delete", name, *level, "-y").output
    assert "Error (404)" in cli.refuses("env", "get", "REGION", *level)


def test_copied_variables_reach_the_code(session: Session) -> None:
    cli = session.cli
    cli("deployments", "create", "other", "-f", "deployment.yaml")
    cli("env", "create", "LANGUAGE", "--value", "nl", "-d", "other")
    cli("env", "copy", "-fd", "other", "-td", "word-count", "-y")
    assert cli("env", "get", "LANGUAGE", "-d", "word-count", "-fmt", "json").json["value"] == "nl"
    cli("deployments", "delete", "other", "-y")
    printed = cli("deployments", "requests", "create", "word-count", "--data", '{"text": "x"}').output
    assert "nl" in printed


def test_pipelines(session: Session) -> None:
    cli = session.cli
    made = cli("pipelines", "create", "-f", session.file("pipeline.yaml", PIPELINE), "-fmt", "json").json
    assert made["name"] == "counting"
    cli("pipeline_versions", "create", "-f", session.file("pipeline_version.yaml", PIPELINE_VERSION))
    listed = cli("pipelines", "list", "-lb", "kind:text", "-fmt", "json").json
    assert [one["name"] for one in listed] == ["counting"]
    assert "v1 [DEFAULT]" in cli("pipeline_versions", "list", "-p", "counting").output
    found = cli("pipeline_versions", "get", "v1", "-p", "counting", "-fmt", "json").json
    assert found["objects"][0]["reference_name"] == "word-count"
    assert found["labels"] == {"kind": "first"}
    cli("pipelines", "get", "counting", "-o", "counting.yaml")
    cli("pipeline_versions", "get", "v1", "-p", "counting", "-o", "v1.yaml")
    cli("pipelines", "create", "copy", "-f", "counting.yaml")
    cli("pipeline_versions", "create", "v2", "-p", "copy", "-f", "v1.yaml")
    assert (
        "successfully updated"
        in cli("pipeline_versions", "update", "v2", "-p", "copy", "-n", "v3", "-desc", "x").output
    )
    cli("pipelines", "update", "copy", "-default", "v3")
    cli("pipelines", "update", "copy", "-n", "renamed")
    found = cli("ppl", "get", "renamed", "-fmt", "json").json
    assert found["default_version"] == "v3"
    assert [one["name"] for one in found["input_fields"]] == ["text"]
    assert "successfully deleted" in cli("pipeline_versions", "delete", "v3", "-p", "renamed", "-y").output
    assert "successfully deleted" in cli("pipelines", "delete", "renamed", "-y").output
    assert "counting" in cli("audit", "list", "-p", "counting").output


@pytest.mark.parametrize("where", [(), ("-v", "v1")], ids=["default", "version"])
def test_pipeline_requests(where: tuple[Any, ...], session: Session) -> None:
    cli = session.cli
    if "counting" not in cli("pipelines", "list").output:
        test_pipelines(session)
    create = ("pipelines", "requests", "create", "counting", *where)
    made = cli(*create, "--data", '{"text": "a b c"}', "-fmt", "json").json
    made = made[0] if isinstance(made, list) else made
    assert made["status"] == "completed"
    assert cli(*create, "--data", '{"text": "twice"}').output.split()[:2] == ["one", "two"]
    queued = cli(*create, "--batch", "--data", '{"text": "a b"}', "-fmt", "json").json
    find = ("counting", *where, "-id", queued[0]["id"])
    api = session.emulator.api()
    session.wait(lambda: api.pipeline_requests_get("texts", "counting", queued[0]["id"]).status == "completed")
    assert cli("pipelines", "requests", "get", *find, "-fmt", "json").json[0]["status"] == "completed"
    assert "count" in cli("pipelines", "requests", "get", *find).output
    assert queued[0]["id"] in cli("pipelines", "requests", "list", "counting", *where).output
    assert json.loads(cli("pipelines", "requests", "input", *find).output) == {"text": "a b"}
    assert json.loads(cli("pipelines", "requests", "output", *find).output) == {"words": 2}


def test_request_schedules(session: Session) -> None:
    cli = session.cli
    options = ("-on", "word-count", "-d", '{"text": "a b"}', "-s", "0 8 * * 1", "-lb", "kind:weekly")
    made = cli("request_schedules", "create", "weekly", "-ot", "deployment", *options, "-fmt", "json").json
    assert (made["name"], made["enabled"], made["schedule"]) == ("weekly", True, "0 8 * * 1")
    cli("request_schedules", "get", "weekly", "-o", "schedule.yaml")
    cli("request_schedules", "create", "again", "-f", "schedule.yaml")
    found = cli("request_schedules", "get", "again", "-fmt", "json").json
    assert json.loads(found["request_data"]) == {"text": "a b"}
    update = ("-n", "daily", "-s", "0 8 * * *", "--enabled", "False", "-d", '{"text": "a"}')
    assert "successfully updated" in cli("request_schedules", "update", "again", *update).output
    listed = {one["name"]: one for one in cli("request_schedules", "list", "-fmt", "json").json}
    assert listed.keys() == {"weekly", "daily"}
    assert (listed["daily"]["enabled"], listed["daily"]["schedule"]) == (False, "0 8 * * *")
    for name in listed:
        assert "successfully deleted" in cli("request_schedules", "delete", name, "-y").output


def test_services(session: Session) -> None:
    cli = session.cli
    made = cli("services", "create", "-f", session.file("service.yaml", SERVICE), "-fmt", "json").json
    assert (made["name"], made["port"]) == ("counter", 8080)
    cli("services", "create", "-f", "service.yaml", "--overwrite")
    cli("services", "get", "counter", "-o", "again.yaml")
    cli("services", "update", "counter", "-n", "renamed", "-f", session.file("port.yaml", "port: 8081\n"))
    assert cli("services", "get", "renamed", "-fmt", "json").json["port"] == 8081
    assert "renamed" in cli("services", "list", "-lb", "kind:web").output
    assert cli("services", "status", "renamed", "-fmt", "json").json["ready"] is False
    assert "successfully deleted" in cli("services", "delete", "renamed", "-y").output
    cli("services", "create", "-f", "again.yaml")
    cli("services", "delete", "counter", "-y")


def test_logs_and_audit_events(session: Session) -> None:
    cli = session.cli
    cli("deployments", "requests", "create", "word-count", "--data", '{"text": "logged"}')
    query = '|= "counting" | deployment_name="word-count" | deployment_version="v1"'
    session.wait(lambda: "counting logged" in cli("logs", "-q", query).output)
    for format in ("reference", "oneline", "extended"):
        assert "counting logged" in cli("logs", "-q", query, "-fmt", format).output
    found = cli("logs", "-q", '|= "counting logged"', "-n", 1, "--no_pager", "-fmt", "json").json
    assert found[0]["log"] == "counting logged"
    assert found[0]["metadata"]["deployment_name"] == "word-count"
    assert "word-count" in cli("audit", "list", "-d", "word-count").output
    assert "word-count" in cli("audit", "list", "--limit", 50, "--action", "create").output
