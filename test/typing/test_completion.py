"""Completion with jedi, as in IPython, Jupyter and Spyder, offers valid names."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import jedi
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
START = "import ubiops\nimport ubiops.api, ubiops.models\napi = ubiops.CoreApi()\n"


@pytest.fixture(scope="module")
def project() -> jedi.Project:
    """The package that is installed, or else the source tree."""
    installed = Path(sysconfig.get_paths()["purelib"]) / "ubiops" / "py.typed"
    added = [] if installed.exists() else [str(ROOT)]
    return jedi.Project(sys.prefix, added_sys_path=added, smart_sys_path=False)


def complete(project: jedi.Project, line: str) -> set[str]:
    code = START + line
    script = jedi.Script(code, project=project, path=Path(sys.prefix) / "user.py")
    return {str(completion.name_with_symbols) for completion in script.complete()}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("ubiops.Dep", {"Deployments", "DeploymentCreate", "DeploymentDetail", "DeploymentVersionPort"}),
        ("ubiops.", {"CoreApi", "ApiClient", "Configuration", "NULL", "NotFoundError", "Response", "models", "utils"}),
        ("ubiops.api.", {"CoreApi", "Deployments"}),
        ("ubiops.models.Rev", {"RevisionCreate", "RevisionList"}),
        ("ubiops.utils.", {"wait_for_revision", "StatusUpdate", "exceptions"}),
        ("ubiops.utils.wait_for.", {"wait_for_revision"}),
        ("ubiops.utils.wait_for_revision(", {"client=", "revision_id=", "on_status="}),
        ('ubiops.utils.wait_for_revision(api, "p", "d", "v", "r").', {"status", "error_message"}),
        ("from ubiops import Dep", {"Deployments", "DeploymentCreate"}),
        ("api.", {"deployments_get", "deployments_get_with_http_info", "revisions_file_upload", "close", "api_client"}),
        ('api.deployments_get("p", "d").', {"name", "creation_date", "input_fields", "to_dict"}),
        ('api.deployments_get("p", "d").name.', {"upper", "split"}),
        ('api.deployments_list("p")[0].', {"name", "labels"}),
        ('for one in api.deployments_list("p"):\n    one.', {"name", "labels"}),
        ('api.deployments_get("p", "d").input_fields[0].', {"name", "data_type"}),
        ('with api.revisions_file_download("p", "d", "r", "v") as response:\n    response.', {"read", "save"}),
        ("with ubiops.CoreApi() as core:\n    core.", {"deployments_get"}),
        ("api.deployments_get(", {"project_name=", "deployment_name="}),
        ("api.deployment_audit_events_list(project_name='p', ", {"deployment_name=", "action=", "limit="}),
        ("ubiops.DeploymentVersionCreate(", {"version=", "environment=", "maximum_instances="}),
        ("ubiops.Configuration(", {"host=", "api_key="}),
    ],
)
def test_completion_offers(project: jedi.Project, line: str, names: set[str]) -> None:
    assert names <= complete(project, line)


def test_help_on_a_method_shows_its_documentation(project: jedi.Project) -> None:
    script = jedi.Script(f"{START}api.deployments_get", project=project, path=Path(sys.prefix) / "user.py")
    [method] = script.help()
    assert "Get a deployment." in method.docstring()
    assert method.docstring().startswith("deployments_get(")
