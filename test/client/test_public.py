"""What the package shows to the world: names, lazily imported, each found by whoever imports it first."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ubiops


def run(code: str) -> str:
    """What a fresh Python prints for a piece of code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_all_names_are_there_and_sorted_into_their_kinds() -> None:
    for name in ubiops.__all__:
        assert getattr(ubiops, name) is not None
    assert {*ubiops.models.__all__, *ubiops.exceptions.__all__} <= set(ubiops.__all__)
    assert set(ubiops.__all__) <= set(dir(ubiops))
    assert {"CoreApi", "ApiException", "utils", "models", "NULL"} <= set(dir(ubiops))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'ubiops' has no attribute 'CoreAPI'"):
        ubiops.CoreAPI  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    "statement",
    [
        "from ubiops import CoreApi",
        "from ubiops.api import CoreApi",
        "from ubiops.api.core_api import CoreApi",
        "from ubiops.api.deployments import Deployments",
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
        "from ubiops import *; ApiClient; CoreApi; DeploymentCreate; NULL",
        "import ubiops.emulator; ubiops.emulator.start",
        "import ubiops; ubiops.emulator.start",
    ],
)
def test_each_way_to_import_works_in_a_process_of_its_own(statement: str) -> None:
    assert run(statement) == ""


def test_importing_changes_nothing_that_others_see() -> None:
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
