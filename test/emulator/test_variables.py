"""Environment variables: names, inheritance, shadowing, secrets, copies."""

from __future__ import annotations

import json
from typing import Any

import pytest


def seen(api: Any, owner: str) -> dict[str, tuple[Any, Any, Any]]:
    listed = api.ok("GET", f"{owner}/environment-variables")
    return {one["name"]: (one["value"], one["inheritance_type"], one["inheritance_name"]) for one in listed}


def test_a_version_lists_the_nearest_variable_of_each_name(api: Any) -> None:
    project = api.project.rpartition("/")[2]
    for name in ("PROJECT", "ALL"):
        api.emulator.set_project_variable(project, name, "of project")
    deployment = api.deployment()
    version, other = api.version(deployment), api.version(deployment, "v2")
    for name in ("DEPLOYMENT", "ALL", "BOTH"):
        api.variable(deployment, name, "of deployment")
    for name in ("VERSION", "ALL", "BOTH"):
        api.variable(version, name, "of version")
    from_project = ("of project", "project", project)
    from_deployment = ("of deployment", "deployment", "d")
    assert seen(api, version) == {
        "ALL": ("of version", None, None),
        "BOTH": ("of version", None, None),
        "DEPLOYMENT": from_deployment,
        "PROJECT": from_project,
        "VERSION": ("of version", None, None),
    }
    assert seen(api, other) == {
        "ALL": from_deployment,
        "BOTH": from_deployment,
        "DEPLOYMENT": from_deployment,
        "PROJECT": from_project,
    }
    own = ("of deployment", None, None)
    assert seen(api, deployment) == {"ALL": own, "BOTH": own, "DEPLOYMENT": own, "PROJECT": from_project}
    assert seen(api, api.deployment("e")) == {"ALL": from_project, "PROJECT": from_project}


def test_a_shadowed_variable_reappears_after_a_deletion(api: Any) -> None:
    deployment = api.deployment()
    version = api.version(deployment)
    api.variable(deployment, "A", "far")
    near = api.variable(version, "A", "near")
    assert seen(api, version)["A"] == ("near", None, None)
    assert api.send("DELETE", near).status == 204
    assert seen(api, version)["A"] == ("far", "deployment", "d")
    assert api.fails(404, "GET", near) == "Environment variable was not found"
    assert api.fails(404, "DELETE", near) == "Environment variable was not found"


def test_a_variable_can_be_read_and_replaced(api: Any) -> None:
    for owner in (api.deployment(), api.version(f"{api.project}/deployments/d")):
        path = api.variable(owner, "A", "1")
        identifier = path.rpartition("/")[2]
        assert api.ok("GET", path) == {"id": identifier, "name": "A", "value": "1", "secret": False}
        changed = {"name": "B", "value": "", "secret": False}
        assert api.ok("PATCH", path, changed) == {"id": identifier, **changed}
        assert api.ok("GET", path) == {"id": identifier, **changed}


def test_inherited_and_foreign_variables_are_not_found(api: Any) -> None:
    deployment = api.deployment()
    version, other = api.version(deployment), api.version(deployment, "v2")
    of_deployment, of_version = (api.variable(owner, "A").rpartition("/")[2] for owner in (deployment, version))
    for owner, foreign in ((version, of_deployment), (other, of_version), (deployment, of_version)):
        path = f"{owner}/environment-variables/{foreign}"
        for method, data in (("GET", None), ("DELETE", None), ("PATCH", {"name": "B", "value": "", "secret": False})):
            assert api.fails(404, method, path, data) == "Environment variable was not found"


@pytest.mark.parametrize("name", ["", "_A", "A_", "A-B", "A1", "A B", "Ä", "x" * 65, "A\n"])
def test_an_invalid_name_is_rejected(api: Any, name: str) -> None:
    data = {"name": name, "value": "1", "secret": False}
    path = api.deployment()
    assert "name" in api.fails(400, "POST", f"{path}/environment-variables", data)
    assert "name" in api.fails(400, "PATCH", api.variable(path, "A"), data)
    with pytest.raises(ValueError, match="is invalid: name must"):
        api.emulator.set_project_variable("p", name, "1")


@pytest.mark.parametrize("name", ["A", "a", "A_B", "A__B", "x" * 64])
def test_a_valid_name_is_kept_as_it_is(api: Any, name: str) -> None:
    path = api.deployment()
    api.variable(path, name)
    assert list(seen(api, path)) == [name]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"name": "A", "value": "1"}, "secret is required"),
        ({"name": "A", "value": 1, "secret": False}, "value must be a string, not a number"),
        ({"name": "A", "value": None, "secret": False}, "value must be a string, not null"),
        ({"name": "A", "value": "1", "secret": "no"}, "secret must be true or false, not a string"),
    ],
)
def test_name_value_and_secret_are_required(api: Any, data: dict[str, Any], reason: str) -> None:
    path = api.deployment()
    assert reason in api.fails(400, "POST", f"{path}/environment-variables", data)
    assert reason in api.fails(400, "PATCH", api.variable(path, "A"), data)


def test_a_name_is_unique_at_each_level(api: Any) -> None:
    path = api.deployment()
    api.variable(path, "A")
    again = {"name": "A", "value": "2", "secret": False}
    assert "'A' already exists" in api.fails(409, "POST", f"{path}/environment-variables", again)
    assert "'A' already exists" in api.fails(409, "PATCH", api.variable(path, "B"), again)
    assert seen(api, path) == {"A": ("1", None, None), "B": ("1", None, None)}


def test_the_value_of_a_secret_is_in_no_response(api: Any) -> None:
    deployment = api.deployment()
    version, other = api.version(deployment), api.version(deployment, "v2")
    responses = [
        api.ok("POST", f"{deployment}/environment-variables", {"name": "A", "value": "sesame", "secret": True})
    ]
    path = f"{deployment}/environment-variables/{responses[0]['id']}"
    responses += [api.ok("GET", path)]
    responses += [api.ok("PATCH", path, {"name": "A", "value": "sesame open", "secret": True})]
    responses += api.ok("GET", f"{deployment}/environment-variables")
    responses += api.ok("GET", f"{version}/environment-variables")
    responses += api.ok("POST", f"{other}/copy-environment-variables", {"source_deployment": "d"})
    assert [one["value"] for one in responses] == [None] * len(responses)
    again = {"name": "A", "value": "sesame", "secret": True}
    errors = [
        api.fails(409, "POST", f"{deployment}/environment-variables", again),
        api.fails(400, "PATCH", path, {**again, "secret": False}),
        api.fails(400, "POST", f"{deployment}/environment-variables", {**again, "value": ["sesame"]}),
    ]
    log = api.ok("GET", f"{deployment}/audit")
    assert "sesame" not in json.dumps([responses, errors, log])


def test_a_secret_stays_a_secret(api: Any) -> None:
    path = api.variable(api.deployment(), "A", "1")
    hidden = api.ok("PATCH", path, {"name": "A", "value": "2", "secret": True})
    assert (hidden["value"], hidden["secret"]) == (None, True)
    assert "stays a secret" in api.fails(400, "PATCH", path, {"name": "A", "value": "3", "secret": False})
    assert api.ok("GET", path) == hidden


def test_a_copy_overwrites_variables_of_the_same_name_and_returns_the_copies(api: Any) -> None:
    source, target = api.deployment("source"), api.deployment("target")
    version = api.version(source)
    api.variable(source, "SAME", "new")
    api.variable(source, "SECRET", "sesame", secret=True)
    api.variable(version, "OF_VERSION", "only")
    kept = api.variable(target, "SAME", "old").rpartition("/")[2]
    api.variable(target, "OTHER", "stays")
    copied = api.ok("POST", f"{target}/copy-environment-variables", {"source_deployment": "source"})
    assert [(one["name"], one["value"], one["secret"]) for one in copied] == [
        ("SAME", "new", False),
        ("SECRET", None, True),
    ]
    assert {one["inheritance_type"] for one in copied} == {None}
    assert copied[0]["id"] == kept
    expected = {"OTHER": ("stays", None, None), "SAME": ("new", None, None), "SECRET": (None, None, None)}
    assert seen(api, target) == expected
    from_version = {"source_deployment": "source", "source_version": "v1"}
    copied = api.ok("POST", f"{target}/copy-environment-variables", from_version)
    assert [one["name"] for one in copied] == ["OF_VERSION"]


def test_a_copied_secret_keeps_its_value(api: Any) -> None:
    source, target = api.deployment("source"), api.deployment("target")
    api.variable(source, "A", "sesame", secret=True)
    api.ok("POST", f"{target}/copy-environment-variables", {"source_deployment": "source"})
    with api.emulator._storage.reading() as db:
        values = {
            row["value"] for row in db.execute("SELECT value FROM variables WHERE project = ?", (api.project[10:],))
        }
    assert values == {"sesame"}


def test_a_secret_stays_a_secret_when_it_is_overwritten_by_a_copy(api: Any) -> None:
    source, target = api.deployment("source"), api.deployment("target")
    api.variable(source, "A", "seen")
    path = api.variable(target, "A", "sesame", secret=True)
    (copied,) = api.ok("POST", f"{target}/copy-environment-variables", {"source_deployment": "source"})
    assert (copied["value"], copied["secret"]) == (None, True)
    assert api.ok("GET", path)["secret"] is True


def test_a_copy_needs_an_existing_source(api: Any) -> None:
    path = f"{api.deployment()}/copy-environment-variables"
    assert "source_deployment is required" in api.fails(400, "POST", path, {})
    assert api.fails(404, "POST", path, {"source_deployment": "e"}) == "Deployment was not found"
    missing = {"source_deployment": "d", "source_version": "v1"}
    assert api.fails(404, "POST", path, missing) == "Deployment version was not found"
    assert api.ok("POST", path, {"source_deployment": "d"}) == []


def test_a_project_variable_can_be_replaced_and_hidden(api: Any) -> None:
    project = api.project.rpartition("/")[2]
    api.emulator.set_project_variable(project, "A", "1")
    path = api.deployment()
    identifier = api.ok("GET", f"{path}/environment-variables")[0]["id"]
    api.emulator.set_project_variable(project, "A", "2", secret=True)
    assert api.ok("GET", f"{path}/environment-variables") == [
        {
            "id": identifier,
            "name": "A",
            "value": None,
            "secret": True,
            "inheritance_type": "project",
            "inheritance_name": project,
        }
    ]
    api.fails(404, "GET", f"{path}/environment-variables/{identifier}")
