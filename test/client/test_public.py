"""The public names of the package, which are imported on first use."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import ubiops
import ubiops.api
from ubiops.api._base import Api
from ubiops.options import CallOptions

PACKAGE = Path(ubiops.__file__).parent


def run(code: str) -> str:
    """Returns what a new Python process prints for a piece of code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_all_public_names_exist() -> None:
    for name in ubiops.__all__:
        assert getattr(ubiops, name) is not None
    assert {*ubiops.models.__all__, *ubiops.exceptions.__all__} <= set(ubiops.__all__)
    assert set(ubiops.__all__) <= set(dir(ubiops))
    assert {"CoreApi", "Deployments", "ApiException", "utils", "models", "NULL"} <= set(dir(ubiops))
    assert {*ubiops.api.__all__} <= set(ubiops.__all__)


@pytest.mark.parametrize("package", [ubiops, ubiops.api, ubiops.models], ids=lambda package: package.__name__)
def test_stubs_match_the_names_at_run_time(package: ModuleType) -> None:
    stub = ast.parse((Path(package.__file__ or "").parent / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    named = {alias.asname or alias.name for node in imports for alias in node.names if alias.name != "*"}
    named |= set(ubiops.exceptions.__all__) if package is ubiops else set()
    modules = set(ubiops._MODULES) if package is ubiops else set()
    assert named - modules == set(package.__all__)


def test_help_shows_the_documentation_of_the_options() -> None:
    documentation = CallOptions.__doc__ or ""
    for name in ("_preload_content", "_request_timeout", "async_req"):
        assert f"- ``{name}``: " in documentation


def methods() -> list[str]:
    return [
        name
        for name, value in inspect.getmembers(ubiops.CoreApi)
        if isinstance(value, FunctionType) and name not in dir(Api) and not name.endswith("_with_http_info")
    ]


@pytest.mark.parametrize("name", methods())
def test_each_method_has_a_with_http_info_twin(name: str) -> None:
    method, twin = getattr(ubiops.CoreApi, name), getattr(ubiops.CoreApi, f"{name}_with_http_info")
    expected, found = inspect.signature(method), inspect.signature(twin)
    assert found.parameters == expected.parameters
    assert found.return_annotation == f"tuple[{expected.return_annotation}, int, Mapping[str, str]]"
    assert "**options: Options of the call, see ``ubiops.options.CallOptions``." in (method.__doc__ or "")


def test_each_area_is_a_public_class() -> None:
    areas = [cls for cls in ubiops.CoreApi.__mro__ if issubclass(cls, Api) and cls not in (ubiops.CoreApi, Api)]
    assert {cls.__name__ for cls in areas} == set(ubiops.api.__all__) - {"CoreApi"}
    for cls in areas:
        assert getattr(ubiops.api, cls.__name__) is cls
        assert getattr(ubiops, cls.__name__) is cls or hasattr(ubiops.models, cls.__name__)
        assert isinstance(cls(ubiops.ApiClient()), Api)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'ubiops' has no attribute 'CoreAPI'"):
        ubiops.CoreAPI  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    "statement",
    [
        "from ubiops import CoreApi",
        "from ubiops.api import CoreApi",
        "from ubiops.api.core_api import CoreApi",
        "from ubiops.api.deployments import Deployments",
        "from ubiops.api import Deployments",
        "from ubiops import Deployments",
        "import ubiops; ubiops.Deployments",
        "import ubiops; ubiops.models.DeploymentCreate; ubiops.options.CallOptions",
        "from ubiops.api_client import ApiClient",
        "from ubiops.configuration import Configuration",
        "from ubiops.exceptions import ApiException",
        "from ubiops.models import DeploymentCreate",
        "from ubiops.models.deployment_create import DeploymentCreate",
        "from ubiops.rest import RESTClient",
        "from ubiops.utils import wait_for_revision",
        "import ubiops.utils; ubiops.utils.wait_for_deployment_version",
        "import ubiops; ubiops.utils.wait_for_deployment_version; ubiops.exceptions.ApiException; ubiops.api.CoreApi",
        "import ubiops; ubiops.DeploymentCreate; ubiops.models.DeploymentCreate",
        "from ubiops import *; ApiClient; CoreApi; DeploymentCreate; Deployments; NULL",
        "import ubiops.emulator; ubiops.emulator.start",
        "import ubiops; ubiops.emulator.start",
    ],
)
def test_each_way_to_import_works_in_a_new_process(statement: str) -> None:
    assert run(statement) == ""


def test_importing_has_no_side_effects() -> None:
    code = (
        "import logging, http.client, socket, warnings, signal\n"
        "def state():\n"
        "    return (logging.getLogger().level, logging.getLogger().handlers, logging.getLogger('urllib3').level,\n"
        "            logging.getLogger('ubiops').handlers, http.client.HTTPConnection.debuglevel,\n"
        "            socket.getdefaulttimeout(), list(warnings.filters), signal.getsignal(signal.SIGINT))\n"
        "before = state()\n"
        "import ubiops; ubiops.CoreApi(); ubiops.utils.wait_for_revision\n"
        "assert state() == before\n"
    )
    assert run(code) == ""
