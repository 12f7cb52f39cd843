"""Tests of how the emulator starts: it imports and compiles only what it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast

from starlette.routing import Match

from ubiops.emulator.app import PathRoute, Paths, _routes
from ubiops.emulator.core.paths import PathTemplate
from ubiops.emulator.endpoints import Endpoint
from ubiops.emulator.route import Route

CODE = """
import sys
import ubiops.emulator
with ubiops.emulator.start() as emulator:
    loaded = sorted({"dateutil", "jsonschema", "referencing", "urllib3"} & set(sys.modules))
print(loaded)
"""


def test_it_starts_without_modules_that_not_every_call_needs() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_operation_is_compiled_when_it_is_first_called(api: Any) -> None:
    (route,) = [one for one in _routes(api.emulator._backend) if one.template.match(b"/v2/status") is not None]
    assert isinstance(route._methods["GET"], Route)
    endpoint = route._endpoint("GET")
    assert isinstance(endpoint, Endpoint)
    assert route._endpoint("HEAD") is endpoint


def test_a_path_belongs_to_the_first_route_that_accepts_its_method() -> None:
    literal, parameter = (
        PathRoute(cast("Any", None), cast("Any", None), PathTemplate(path), dict.fromkeys(methods, cast("Any", None)))
        for path, methods in (("/a/b", ["POST"]), ("/a/{name}", ["GET"]))
    )
    paths = Paths([literal, parameter])

    def find(method: str, path: str) -> tuple[Match, Any]:
        match, found = paths.matches({"type": "http", "method": method, "path": path, "raw_path": path.encode()})
        return match, found.get("ubiops.route")

    assert find("POST", "/v2/a/b") == (Match.FULL, literal)
    assert find("HEAD", "/v2.1/a/b") == (Match.FULL, parameter)
    assert find("PATCH", "/v2.1/a/b") == (Match.PARTIAL, literal)
    for path in ("/v2.1/a", "/v2.1/a/", "/v2.1/a/b/", "v2.1/a/b", "/v3/a/b", "*"):
        assert find("POST", path) == (Match.NONE, None)
