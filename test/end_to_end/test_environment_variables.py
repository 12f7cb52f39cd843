"""Environment variables: inherited, shadowed, secret, copied."""

from __future__ import annotations

from typing import Any

import pytest
from populated import PopulatedProject

import ubiops


def variable(name: str, value: str = "1", secret: bool = False) -> ubiops.EnvironmentVariableCreate:
    return ubiops.EnvironmentVariableCreate(name=name, value=value, secret=secret)


def seen(variables: list[ubiops.InheritedEnvironmentVariableList]) -> dict[str, tuple[Any, Any, Any]]:
    return {one.name: (one.value, one.inheritance_type, one.inheritance_name) for one in variables}


def test_a_version_inherits_and_shadows(
    core_api: ubiops.CoreApi, project_name: str, deployment_name: str, version: str
) -> None:
    names = project_name, deployment_name
    core_api.deployment_environment_variables_create(*names, variable("INHERITED"))
    core_api.deployment_environment_variables_create(*names, variable("SHADOWED", "far"))
    core_api.deployment_version_environment_variables_create(*names, version, variable("SHADOWED", "near"))
    assert seen(core_api.deployment_version_environment_variables_list(*names, version)) == {
        "INHERITED": ("1", "deployment", deployment_name),
        "SHADOWED": ("near", None, None),
    }
    assert seen(core_api.deployment_environment_variables_list(*names)) == {
        "INHERITED": ("1", None, None),
        "SHADOWED": ("far", None, None),
    }


def test_the_value_of_a_secret_is_never_shown(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    data = variable("PASSWORD", "sesame", secret=True)
    created = core_api.deployment_environment_variables_create(*names, data)
    assert "sesame" not in repr(data)
    assert "sesame" not in data.to_str()
    assert created.value is None
    assert core_api.deployment_environment_variables_get(*names, created.id).value is None
    assert all(one.value != "sesame" for one in core_api.deployment_environment_variables_list(*names))


def test_a_secret_stays_a_secret(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name, populated_project.variable_of_deployment
    updated = core_api.deployment_environment_variables_update(*names, variable("LANGUAGE", "nl", secret=True))
    assert (updated.secret, updated.value) == (True, None)
    with pytest.raises(ubiops.BadRequestError):
        core_api.deployment_environment_variables_update(*names, variable("LANGUAGE", "nl", secret=False))


def test_own_variables_can_be_read_updated_and_deleted(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject
) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    identifier = populated_project.variable_of_version
    changed = core_api.deployment_version_environment_variables_update(
        *names, identifier, populated_project.version, variable("LANGUAGE", "")
    )
    assert (changed.id, changed.value) == (identifier, "")
    read = core_api.deployment_version_environment_variables_get(*names, identifier, populated_project.version)
    assert read == changed
    core_api.deployment_version_environment_variables_delete(*names, identifier, populated_project.version)
    with pytest.raises(ubiops.NotFoundError):
        core_api.deployment_version_environment_variables_get(*names, identifier, populated_project.version)


def test_inherited_variables_are_not_found_through_a_version(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject
) -> None:
    with pytest.raises(ubiops.NotFoundError):
        core_api.deployment_version_environment_variables_get(
            populated_project.project_name,
            populated_project.deployment_name,
            populated_project.variable_of_deployment,
            populated_project.version,
        )


def test_a_copy_overwrites_and_keeps_secrets(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    core_api.deployment_version_environment_variables_create(
        *names, "first", variable("PASSWORD", "sesame", secret=True)
    )
    core_api.deployment_version_environment_variables_create(*names, "second", variable("LANGUAGE", "old"))
    core_api.deployment_version_environment_variables_create(*names, "second", variable("KEPT", "old"))
    source = ubiops.EnvironmentVariableCopy(source_deployment=populated_project.deployment_name, source_version="first")
    copied = core_api.deployment_version_environment_variables_copy(*names, "second", source)
    assert {one.name: one.value for one in copied} == {"LANGUAGE": "en", "PASSWORD": None}
    after = seen(core_api.deployment_version_environment_variables_list(*names, "second"))
    assert after == {
        "LANGUAGE": ("en", None, None),
        "PASSWORD": (None, None, None),
        "KEPT": ("old", None, None),
        "COUNTRY": ("nl", "project", populated_project.project_name),
    }


@pytest.mark.parametrize("name", ["_LEADING", "TRAILING_", "WITH-DASH", "", "x" * 65])
def test_an_invalid_name_is_rejected_by_the_model(name: str) -> None:
    with pytest.raises(ubiops.ApiValueError, match=r"EnvironmentVariableCreate\.name"):
        variable(name)


def test_both_sides_describe_the_pattern_of_a_name(
    core_api: ubiops.CoreApi, populated_project: PopulatedProject
) -> None:
    words = "be letters and underscores, beginning and ending with a letter"
    with pytest.raises(ubiops.ApiValueError, match=f"EnvironmentVariableCreate.name must {words}, got '1A'"):
        variable("1A")
    core_api.api_client.configuration.client_side_validation = False
    data = {"name": "1A", "value": "1", "secret": False}
    with pytest.raises(ubiops.BadRequestError, match=f'name must {words}, not "1A"'):
        core_api.deployment_environment_variables_create(
            populated_project.project_name, populated_project.deployment_name, data
        )
