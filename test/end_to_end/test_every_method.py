"""Every method of the API answers in every form in which it can be called."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import ubiops

if TYPE_CHECKING:
    from collections.abc import Callable

    from ubiops.emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOYMENT = ("project_name", "deployment_name")
VERSION = (*DEPLOYMENT, "version")
REVISION = ("project_name", "deployment_name", "revision_id", "version")
NEW_VARIABLE = ubiops.EnvironmentVariableCreate(name="NEW_NAME", value="1", secret=True)


class Case(NamedTuple):
    """A method: the names of its path's parameters in their order, the answer's status and type, and what to send."""

    method: str
    parameters: tuple[str, ...]
    status: int
    returns: str
    data: Callable[[Any], Any] | None = None
    options: Callable[[Any], dict[str, Any]] = lambda project: {}

    def positional(self, project: Any) -> list[Any]:
        """The arguments in their order."""
        of_version = "version_environment_variables" in self.method
        values = {
            **project._asdict(),
            "id": project.variable_of_version if of_version else project.variable_of_deployment,
        }
        data = [self.data(project)] if self.data else []
        return [*(values[name] for name in self.parameters), *data]

    def by_keyword(self, project: Any) -> dict[str, Any]:
        """The arguments by their names, and those that go by name only."""
        names = (*self.parameters, "data") if self.data else self.parameters
        return {**dict(zip(names, self.positional(project))), **self.options(project)}


def copy_from_version(project: Any) -> Any:
    return ubiops.EnvironmentVariableCopy(source_deployment=project.deployment_name, source_version=project.version)


def new_deployment(project: Any) -> Any:
    field = ubiops.DeploymentInputFieldCreate(name="text", data_type="string")
    return ubiops.DeploymentCreate(
        name="deployment-2", input_type="structured", output_type="plain", input_fields=[field], labels={"a": "b"}
    )


CASES = [
    Case("builds_get", ("project_name", "build_id", "deployment_name", "version"), 200, "BuildList"),
    Case(
        "deployment_audit_events_list", DEPLOYMENT, 200, "list[AuditList]", options=lambda p: {"limit": 2, "offset": 1}
    ),
    Case(
        "deployment_environment_variables_copy",
        DEPLOYMENT,
        200,
        "list[InheritedEnvironmentVariableList]",
        copy_from_version,
    ),
    Case("deployment_environment_variables_create", DEPLOYMENT, 201, "EnvironmentVariableList", lambda p: NEW_VARIABLE),
    Case("deployment_environment_variables_delete", (*DEPLOYMENT, "id"), 204, "None"),
    Case("deployment_environment_variables_get", (*DEPLOYMENT, "id"), 200, "EnvironmentVariableList"),
    Case("deployment_environment_variables_list", DEPLOYMENT, 200, "list[InheritedEnvironmentVariableList]"),
    Case(
        "deployment_environment_variables_update",
        (*DEPLOYMENT, "id"),
        200,
        "EnvironmentVariableList",
        lambda p: NEW_VARIABLE,
    ),
    Case(
        "deployment_version_environment_variables_copy",
        VERSION,
        200,
        "list[InheritedEnvironmentVariableList]",
        copy_from_version,
    ),
    Case(
        "deployment_version_environment_variables_create",
        VERSION,
        201,
        "EnvironmentVariableList",
        lambda p: NEW_VARIABLE,
    ),
    Case("deployment_version_environment_variables_delete", (*DEPLOYMENT, "id", "version"), 204, "None"),
    Case(
        "deployment_version_environment_variables_get", (*DEPLOYMENT, "id", "version"), 200, "EnvironmentVariableList"
    ),
    Case("deployment_version_environment_variables_list", VERSION, 200, "list[InheritedEnvironmentVariableList]"),
    Case(
        "deployment_version_environment_variables_update",
        (*DEPLOYMENT, "id", "version"),
        200,
        "EnvironmentVariableList",
        lambda p: NEW_VARIABLE,
    ),
    Case(
        "deployment_versions_create",
        DEPLOYMENT,
        201,
        "DeploymentVersionDetail",
        lambda p: ubiops.DeploymentVersionCreate(
            version="v3",
            ports=[ubiops.DeploymentVersionPort(public_port=2222, deployment_port=22, protocol="tcp")],
        ),
    ),
    Case("deployment_versions_delete", ("project_name", "deployment_name", "version"), 204, "None"),
    Case("deployment_versions_get", VERSION, 200, "DeploymentVersionDetail"),
    Case("deployment_versions_list", DEPLOYMENT, 200, "list[DeploymentVersionList]"),
    Case(
        "deployment_versions_update",
        VERSION,
        200,
        "DeploymentVersionDetail",
        lambda p: ubiops.DeploymentVersionUpdate(description="Changed"),
    ),
    Case("deployments_create", ("project_name",), 201, "DeploymentCreateResponse", new_deployment),
    Case("deployments_delete", DEPLOYMENT, 204, "None"),
    Case("deployments_get", DEPLOYMENT, 200, "DeploymentDetail"),
    Case("deployments_list", ("project_name",), 200, "list[DeploymentList]"),
    Case(
        "deployments_update",
        DEPLOYMENT,
        200,
        "DeploymentDetail",
        lambda p: ubiops.DeploymentUpdate(description="Changed"),
    ),
    Case("revisions_file_download", REVISION, 200, "Response"),
    Case(
        "revisions_file_upload",
        VERSION,
        201,
        "RevisionCreate",
        options=lambda p: {"template_deployment_id": p.template_deployment_id},
    ),
    Case("revisions_get", REVISION, 200, "RevisionList"),
    Case("revisions_list", VERSION, 200, "list[RevisionList]"),
    Case("revisions_rebuild", REVISION, 201, "RevisionList", lambda p: {}),
    Case("template_deployments_list", (), 200, "list[TemplateDeploymentList]"),
]

every_method = pytest.mark.parametrize("case", CASES, ids=lambda case: case.method)
every_method_with_a_model = pytest.mark.parametrize(
    "case", [case for case in CASES if case.data and case.method != "revisions_rebuild"], ids=lambda case: case.method
)
every_method_with_arguments = pytest.mark.parametrize(
    "case", [case for case in CASES if case.parameters], ids=lambda case: case.method
)


def check(value: Any, returns: str) -> None:
    """Holds a value to the name of a type."""
    if returns.startswith("list["):
        assert type(value) is list
        assert value, "a list without entries shows nothing"
        assert {type(item).__name__ for item in value} == {returns[5:-1]}
    else:
        assert type(value).__name__ == returns.replace("None", "NoneType")
    if returns == "Response":
        value.close()


def test_every_operation_of_the_description_has_its_row() -> None:
    description = json.loads((ROOT / "ubiops" / "emulator" / "openapi.json").read_text(encoding="utf-8"))
    operations = {
        operation["operationId"]: int(min(operation["responses"]))
        for path in description["paths"].values()
        for operation in path.values()
    }
    assert {case.method: case.status for case in CASES} == operations


@every_method
def test_by_position(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    check(getattr(core_api, case.method)(*case.positional(project), **case.options(project)), case.returns)


@every_method
def test_by_keyword(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    check(getattr(core_api, case.method)(**case.by_keyword(project)), case.returns)


@every_method
def test_with_http_info(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    data, status, headers = getattr(core_api, f"{case.method}_with_http_info")(**case.by_keyword(project))
    check(data, case.returns)
    assert status == case.status
    if case.returns not in ("None", "Response"):
        assert headers["content-type"] == "application/json"


@every_method
def test_return_http_data_only_switched_off(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    answer = getattr(core_api, case.method)(**case.by_keyword(project), _return_http_data_only=False)
    data, status, _ = answer
    check(data, case.returns)
    assert status == case.status


@every_method
def test_in_another_thread(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    handle = getattr(core_api, case.method)(**case.by_keyword(project), async_req=True)
    check(handle.get(), case.returns)
    assert handle.ready()


@every_method
def test_in_another_thread_with_http_info(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    handle = getattr(core_api, f"{case.method}_with_http_info")(**case.by_keyword(project), async_req=True)
    data, status, _ = handle.get()
    check(data, case.returns)
    assert status == case.status


@every_method
def test_as_it_came(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    with getattr(core_api, case.method)(**case.by_keyword(project), _preload_content=False) as response:
        assert response.status == response.status_code == case.status
        if case.returns == "None":
            assert response.data == b""
        elif case.returns == "Response":
            assert response.data[:2] == b"PK"
        else:
            assert type(response.json()) is (list if case.returns.startswith("list[") else dict)


@every_method
def test_with_a_limit_of_time(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    check(getattr(core_api, case.method)(**case.by_keyword(project), _request_timeout=60), case.returns)
    check(core_api.template_deployments_list(_request_timeout=(10, 60)), "list[TemplateDeploymentList]")


@every_method_with_a_model
def test_a_dict_does_as_well_as_a_model(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    arguments = case.by_keyword(project)
    arguments["data"] = core_api.api_client.sanitize_for_serialization(arguments["data"])
    assert type(arguments["data"]) is dict
    check(getattr(core_api, case.method)(**arguments), case.returns)


@every_method_with_a_model
def test_a_dict_is_checked_like_a_model(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    arguments = case.by_keyword(project)
    name = next(iter(type(arguments["data"]).attribute_map))
    arguments["data"] = {name: 12345}
    with pytest.raises((ubiops.ApiTypeError, ubiops.ApiValueError), match=name):
        getattr(core_api, case.method)(**arguments)


@every_method
def test_what_is_read_is_written_again(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    answer = getattr(core_api, case.method)(**case.by_keyword(project))
    if isinstance(answer, ubiops.Response):
        answer.close()
        return
    for model in answer if isinstance(answer, list) else [answer] * (answer is not None):
        assert type(model).from_dict(model.to_dict()) == model
        assert model.additional_properties == {}


@every_method_with_arguments
def test_a_missing_argument_is_named_before_anything_is_sent(case: Case, project: Any) -> None:
    with ubiops.CoreApi(ubiops.ApiClient(nowhere())) as api:
        for name in (*case.parameters, "data") if case.data else case.parameters:
            arguments = case.by_keyword(project)
            with pytest.raises(ubiops.ApiValueError, match=name):
                getattr(api, case.method)(**{**arguments, name: None})
            del arguments[name]
            with pytest.raises(ubiops.ApiValueError, match=name):
                getattr(api, case.method)(**arguments)


@every_method
def test_an_unknown_keyword_is_refused_before_anything_is_sent(case: Case, project: Any) -> None:
    with ubiops.CoreApi(ubiops.ApiClient(nowhere())) as api:
        for method in (case.method, f"{case.method}_with_http_info"):
            with pytest.raises(ubiops.ApiTypeError, match="no_such_option"):
                getattr(api, method)(**case.by_keyword(project), no_such_option=True)


@pytest.mark.parametrize("case", [case for case in CASES if len(case.parameters) > 1], ids=lambda case: case.method)
def test_what_does_not_exist_is_not_found(case: Case, core_api: ubiops.CoreApi, project: Any) -> None:
    with pytest.raises(ubiops.NotFoundError) as caught:
        getattr(core_api, case.method)(**{**case.by_keyword(project), "deployment_name": "no-such-deployment"})
    assert caught.value.status == 404
    assert caught.value.get_body_message() == "Deployment was not found"
    assert "no-such-deployment" in str(caught.value)


@every_method
def test_without_a_token_it_is_refused(case: Case, emulator: Emulator, project: Any) -> None:
    configuration = ubiops.Configuration(host=emulator.host)
    api = ubiops.CoreApi(ubiops.ApiClient(configuration))
    with api, pytest.raises(ubiops.UnauthorizedError, match="UBIOPS_API_TOKEN"):
        getattr(api, case.method)(**case.by_keyword(project))


@every_method
def test_the_twin_has_the_same_parameters(case: Case) -> None:
    method, twin = getattr(ubiops.CoreApi, case.method), getattr(ubiops.CoreApi, f"{case.method}_with_http_info")
    assert list(inspect.signature(method).parameters) == list(inspect.signature(twin).parameters)
    expected = ["self", *case.parameters, *(["data"] if case.data else [])]
    assert list(inspect.signature(method).parameters)[: len(expected)] == expected


def nowhere() -> ubiops.Configuration:
    """A configuration with which no call can succeed, so that one that is made shows as an ApiConnectionError."""
    return ubiops.Configuration(host="http://127.0.0.1:1", api_key={"Authorization": "Token x"}, max_retries=0)
