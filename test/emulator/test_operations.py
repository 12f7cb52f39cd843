"""Each operation answers as the description says, under both prefixes."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from ubiops.emulator.operations import OPERATIONS
from ubiops.emulator.routes import ROUTES

VARIABLE = {"name": "NEW", "value": "1", "secret": False}


class Case(NamedTuple):
    """An operation, and what to send to it in the world of the fixture."""

    operation_id: str
    method: str
    path: str
    data: Any = None
    form: dict[str, str] | None = None


CASES = [
    Case("builds_get", "GET", "{version}/builds/{revision}"),
    Case("deployment_audit_events_list", "GET", "{deployment}/audit"),
    Case(
        "deployment_environment_variables_copy",
        "POST",
        "{deployment}/copy-environment-variables",
        {"source_deployment": "d", "source_version": "v1"},
    ),
    Case("deployment_environment_variables_create", "POST", "{deployment}/environment-variables", VARIABLE),
    Case("deployment_environment_variables_delete", "DELETE", "{variable}"),
    Case("deployment_environment_variables_get", "GET", "{variable}"),
    Case("deployment_environment_variables_list", "GET", "{deployment}/environment-variables"),
    Case("deployment_environment_variables_update", "PATCH", "{variable}", VARIABLE),
    Case(
        "deployment_version_environment_variables_copy",
        "POST",
        "{version}/copy-environment-variables",
        {"source_deployment": "d"},
    ),
    Case("deployment_version_environment_variables_create", "POST", "{version}/environment-variables", VARIABLE),
    Case("deployment_version_environment_variables_delete", "DELETE", "{version_variable}"),
    Case("deployment_version_environment_variables_get", "GET", "{version_variable}"),
    Case("deployment_version_environment_variables_list", "GET", "{version}/environment-variables"),
    Case("deployment_version_environment_variables_update", "PATCH", "{version_variable}", VARIABLE),
    Case("deployment_versions_create", "POST", "{deployment}/versions", {"version": "v2"}),
    Case("deployment_versions_delete", "DELETE", "{version}"),
    Case("deployment_versions_get", "GET", "{version}"),
    Case("deployment_versions_list", "GET", "{deployment}/versions"),
    Case("deployment_versions_update", "PATCH", "{version}", {"description": "New"}),
    Case(
        "deployments_create",
        "POST",
        "{project}/deployments",
        {"name": "e", "input_type": "plain", "output_type": "plain"},
    ),
    Case("deployments_delete", "DELETE", "{deployment}"),
    Case("deployments_get", "GET", "{deployment}"),
    Case("deployments_list", "GET", "{project}/deployments"),
    Case("deployments_update", "PATCH", "{deployment}", {"description": "New"}),
    Case("revisions_file_download", "GET", "{version}/revisions/{revision}/download"),
    Case(
        "revisions_file_upload",
        "POST",
        "{version}/revisions",
        form={"source_deployment": "d", "source_version": "v1"},
    ),
    Case("revisions_get", "GET", "{version}/revisions/{revision}"),
    Case("revisions_list", "GET", "{version}/revisions"),
    Case("revisions_rebuild", "POST", "{version}/revisions/{revision}/rebuild", {}),
    Case("template_deployments_list", "GET", "/template-deployments"),
]

STATUS = {route.operation_id: route.status for route in ROUTES}
every_operation = pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation_id)


@pytest.fixture
def names(api: Any, good: bytes) -> dict[str, str]:
    """A deployment with a version that is built, and with a variable at both levels."""
    deployment = api.deployment()
    version = api.version(deployment)
    return {
        "project": api.project,
        "deployment": deployment,
        "version": version,
        "revision": api.build(version, good),
        "variable": api.variable(deployment, "ONE"),
        "version_variable": api.variable(version, "TWO"),
    }


def test_every_route_has_its_function_and_its_case() -> None:
    routes = {route.operation_id for route in ROUTES}
    assert len(ROUTES) == 30
    assert set(OPERATIONS) == routes
    assert {case.operation_id for case in CASES} == routes


@every_operation
@pytest.mark.parametrize("prefix", ["/v2.1", "/v2"])
def test_it_succeeds_with_the_status_and_the_form_that_are_described(
    api: Any, names: dict[str, str], case: Case, prefix: str
) -> None:
    answer = api.send(case.method, prefix + case.path.format(**names), case.data, fields=case.form)
    assert answer.operation_id == case.operation_id
    assert answer.status == STATUS[case.operation_id]
    if isinstance(answer.data, list):
        assert answer.data, "an empty list shows nothing"


@every_operation
def test_it_needs_a_token(api: Any, names: dict[str, str], case: Case) -> None:
    error = api.fails(401, case.method, case.path.format(**names), case.data, fields=case.form, token=None)
    assert "Authorization: Token" in error


@every_operation
def test_it_knows_no_other_deployment(api: Any, names: dict[str, str], case: Case) -> None:
    path = case.path.format(**names)
    if "/deployments/d" in path:
        path = path.replace("/deployments/d", "/deployments/no-such")
        assert api.fails(404, case.method, path, case.data, fields=case.form) == "Deployment was not found"


@every_operation
def test_it_knows_no_other_version(api: Any, names: dict[str, str], case: Case) -> None:
    path = case.path.format(**names)
    if "/versions/v1" in path:
        path = path.replace("/versions/v1", "/versions/no-such")
        assert api.fails(404, case.method, path, case.data, fields=case.form) == "Deployment version was not found"


@pytest.mark.parametrize("case", [case for case in CASES if case.data is not None], ids=lambda case: case.operation_id)
def test_a_body_that_is_no_json_is_a_bad_request(api: Any, names: dict[str, str], case: Case) -> None:
    json = {"Content-Type": "application/json"}
    for body, reason in {
        b"": "needs a body",
        b"{": "not valid JSON",
        b"\xff": "not valid JSON",
        b"[]": "an object",
    }.items():
        assert reason in api.fails(400, case.method, case.path.format(**names), body=body, headers=json)
    html = {"Content-Type": "text/html"}
    assert "application/json" in api.fails(415, case.method, case.path.format(**names), body=b"{}", headers=html)


@pytest.mark.parametrize("case", [case for case in CASES if case.method == "GET"], ids=lambda case: case.operation_id)
def test_a_head_request_answers_what_a_get_request_does_without_the_body(
    api: Any, names: dict[str, str], case: Case
) -> None:
    path = api.origin + "/v2.1" + case.path.format(**names)
    headers = {"Authorization": "Token x"}
    whole, head = (api.pool.request(method, path, headers=headers) for method in ("GET", "HEAD"))
    assert head.status == whole.status == 200
    assert head.data == b""
    assert head.headers["content-length"] == str(len(whole.data))
    assert head.headers["content-type"] == whole.headers["content-type"]
