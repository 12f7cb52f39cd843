"""The core has no side effects: it uses no network, clock or threads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import ubiops

CORE = Path(ubiops.__file__).parent / "_core"
MODULES = sorted(path.stem for path in CORE.glob("*.py"))
DOING = {"asyncio", "http", "multiprocessing", "queue", "requests", "select", "socket", "ssl", "threading", "time"}
LAYERS_ABOVE = {"_client", "_driver", "_io", "_transport", "aio", "api", "api_client", "emulator", "response", "rest"}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_imports_networks_clocks_or_threads(module: str) -> None:
    """Anywhere in a module, except in TYPE_CHECKING blocks."""
    tree = ast.parse((CORE / f"{module}.py").read_text(encoding="utf-8"))
    for block in ast.walk(tree):
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            block.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert not {name.partition(".")[0] for name in names} & (DOING | {"urllib3"})
    assert not {name.split(".")[1] for name in names if name.startswith("ubiops.")} & LAYERS_ABOVE


def test_importing_the_core_imports_no_network() -> None:
    code = (
        "import sys, json, importlib\n"
        f"for name in {MODULES!r}:\n"
        "    importlib.import_module(f'ubiops._core.{name}')\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(done.stdout))
    assert not {name.partition(".")[0] for name in loaded} & {"asyncio", "socket", "ssl", "urllib3"}
    assert not loaded & {f"ubiops.{name}" for name in LAYERS_ABOVE}
