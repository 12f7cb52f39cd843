"""What is imported and when: imports take most of the time until the first response."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from scripted import Wire, reply

import ubiops

# Modules that take long to import and that few programs need.
SELDOM = {
    "concurrent.futures",
    "dataclasses",
    "dateutil",
    "difflib",
    "inspect",
    "multiprocessing",
    "platform",
    "pprint",
    "six",
    "tqdm",
    "ubiops.emulator",
    "ubiops._core.retry",
    "ubiops.utils",
    "uuid",
}
NETWORK = {"certifi", "email", "http", "socket", "ssl", "urllib3"}
FIRST_CALL = """
api = ubiops.CoreApi(ubiops.ApiClient(ubiops.Configuration(host=sys.argv[1], api_key={"Authorization": "x"})))
assert api.deployment_versions_list("p", "d")[0].creation_date.year == 2024
"""


def new_modules(before: str, code: str, *arguments: str) -> set[str]:
    """The modules that code imports in a new process, beyond those of other code."""
    program = "\n".join(
        (
            "import sys",
            before,
            "before = set(sys.modules)",
            code,
            "found = sorted(set(sys.modules) - before)",
            "import json",
            "print(json.dumps(found))",
        )
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "UBIOPS_JSON": "", "PYTHONPATH": str(Path(ubiops.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout))


def test_the_package_imports_little_more_than_its_exceptions() -> None:
    found = new_modules("", "import ubiops")
    own = {name for name in found if name.startswith("ubiops")}
    assert own == {
        "ubiops",
        "ubiops._core",
        "ubiops._core.messages",
        "ubiops._version",
        "ubiops.exceptions",
    }
    # Modules that json imports, which each call needs.
    assert len(found - own) <= len(new_modules("", "import json")) + 1, sorted(found - own)
    assert not found & (SELDOM | NETWORK | {"html", "logging", "typing"})


def test_a_client_imports_no_network_before_its_first_call() -> None:
    found = new_modules("import ubiops, logging, urllib.parse", "ubiops.CoreApi(); ubiops.DeploymentCreate")
    assert not found & (SELDOM | NETWORK)


@pytest.mark.parametrize("date", ["2024-05-12T16:15:11.200+00:00", "2024-05-12T16:15:11Z"])
def test_a_first_call_imports_little_more_than_urllib3(date: str) -> None:
    with Wire([reply(200, [{"version": "v1", "creation_date": date}])]) as server:
        found = new_modules("import urllib3, ubiops", FIRST_CALL, server.host)
    assert not found & SELDOM
    others = {name for name in found if not name.startswith("ubiops")}
    # The codec for host names, its dependencies, and what urllib3 imports to connect.
    assert len(others) <= 8, sorted(others)
    areas = {name for name in found if name.startswith("ubiops.api.")} - {"ubiops.api._base", "ubiops.api.core_api"}
    assert len(found) - len(others) - len(areas) <= 39, sorted(found - others - areas)
