"""``ubiops.utils.run_local`` runs the code of a package in this process."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

import ubiops.utils
from ubiops.exceptions import UbiOpsException


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a deployment package whose class has this body."""

    def write_package(body: str, before: str = "") -> Path:
        code = f"{dedent(before)}\nclass Deployment:\n{indent(dedent(body), '    ')}\n"
        (tmp_path / "deployment.py").write_text(code, encoding="utf-8")
        return tmp_path

    return write_package


def run(*arguments: Any, **keywords: Any) -> Any:
    return ubiops.utils.run_local(*arguments, **keywords)


def test_it_has_the_signature_of_the_official_client() -> None:
    assert list(inspect.signature(ubiops.utils.run_local).parameters) == [
        "deployment_directory",
        "data",
        "init_context",
        "request_context",
    ]


@pytest.mark.parametrize(
    ("body", "data", "result"),
    [
        ("def request(self, data): return data * 2", 2, 4),
        ("def request(self, data): return data * 2", [1, 2], [2, 4]),
        ("def requests(self, data): return len(data)", [1, 2], 2),
        ("def requests(self, data): return [one * 2 for one in data]", 2, 4),
        ("def requests(self, data): return {'all': data}", 2, {"all": [2]}),
        ("def request(self, data): return 'one'\ndef requests(self, data): return 'many'", 2, "one"),
        ("def request(self, data): return 'one'\ndef requests(self, data): return 'many'", [2], "many"),
        ("async def request(self, data): return data * 2", 2, 4),
        ("def request(self, data, context): return context['request_mode']", 2, "express"),
        ("def request(self, data, other): return other['request_mode']", 2, "express"),
        ("def request(self, data, *, context): return context['request_mode']", 2, "express"),
        ("def request(self, data, **more): return more['context']['request_mode']", 2, "express"),
        ("def request(self, data, flag=False): return flag", 2, False),
        ("def request(self, data, context=None, flag=False): return context is None", 2, False),
    ],
)
def test_functions_are_called_as_on_the_platform(body: str, data: Any, result: Any, write: Any) -> None:
    assert run(write(body), data) == result


@pytest.mark.parametrize(
    ("signature", "seen"),
    [
        ("self", ()),
        ("self, base_directory", ("base_directory",)),
        ("self, context", ("context",)),
        ("self, base_directory, context", ("base_directory", "context")),
        ("self, context, base_directory", ("base_directory", "context")),
        ("self, **everything", ("base_directory", "context")),
    ],
)
def test_init_gets_what_it_names(signature: str, seen: tuple[str, ...], write: Any) -> None:
    body = f"""
    def __init__({signature}):
        self.seen = {{**locals(), **locals().get("everything", {{}})}}
    def request(self, data):
        return {{name: self.seen[name] for name in ("base_directory", "context") if name in self.seen}}
    """
    folder = write(body)
    result = run(folder, None, init_context={"project": "mine"})
    assert sorted(result) == sorted(seen)
    assert result.get("base_directory", str(folder)) == str(folder)
    if "context" in result:
        assert result["context"]["project"] == "mine"
        assert result["context"]["deployment"] == "run-local"


def test_a_class_without_init_runs(write: Any) -> None:
    assert run(write("def request(self, data): return 1"), None, None, {"id": "mine"}) == 1


def test_partial_results_are_printed(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(write("def request(self, data, context): context['streaming_update']('half')"), None)
    assert capsys.readouterr().out == "half\n"


def test_modules_of_the_package_are_found_and_forgotten(write: Any, tmp_path: Path) -> None:
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "inner_helper.py").write_text("VALUE = 1\n", encoding="utf-8")
    (tmp_path / "outer_helper.py").write_text("VALUE = 2\n", encoding="utf-8")
    body = "def request(self, data):\n    import inner_helper\n    return inner_helper.VALUE + outer_helper.VALUE"
    folder = write(body, "import outer_helper")
    path, modules = list(sys.path), set(sys.modules)
    assert run(folder, None) == 3
    (tmp_path / "outer_helper.py").write_text("VALUE = 3000\n", encoding="utf-8")
    os.utime(tmp_path / "outer_helper.py", (1, 1))
    assert run(folder, None) == 3001
    assert sys.path == path
    assert {"deployment", "inner_helper", "outer_helper"} & (set(sys.modules) - modules) == set()


def test_variables_of_the_context_are_set_for_the_time_being(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE_OF_TEST", "en")
    folder = write(
        "def request(self, data): return os.environ['LANGUAGE_OF_TEST'], os.environ['OTHER_OF_TEST']", "import os"
    )
    context = {"environment_variables": {"LANGUAGE_OF_TEST": "nl", "OTHER_OF_TEST": 1}}
    assert run(folder, None, init_context=context) == ("nl", "1")
    assert os.environ["LANGUAGE_OF_TEST"] == "en"
    assert "OTHER_OF_TEST" not in os.environ


def test_the_cause_of_an_error_is_kept(write: Any) -> None:
    folder = write("def request(self, data): return data['missing']")
    with pytest.raises(UbiOpsException, match=r"An exception occurred in the request.*KeyError: 'missing'") as caught:
        run(folder, {})
    assert isinstance(caught.value.__cause__, KeyError)
    body = """
    def request(self, data):
        error = ValueError("inner")
        error.public_error_message = "no such station"
        raise error
    """
    with pytest.raises(UbiOpsException, match="^no such station$") as caught:
        run(write(body), {})
    assert str(caught.value.__cause__) == "inner"
    with pytest.raises(UbiOpsException, match="Failed to initialize deployment: AttributeError: .*'nothing'") as caught:
        run(write("def __init__(self): self.nothing\ndef request(self, data): pass"), {})
    assert not isinstance(caught.value, AttributeError)
    assert isinstance(caught.value.__cause__, AttributeError)
    with pytest.raises(UbiOpsException, match="Failed to load deployment package: ModuleNotFoundError"):
        run(write("pass", "import no_such_module_at_all"), {})


def test_what_is_missing_is_named(write: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        run(tmp_path / "nothing", {})
    with pytest.raises(FileNotFoundError, match=r"it has no deployment\.py"):
        run(tmp_path, {})
    with pytest.raises(AttributeError, match="neither a function request nor requests"):
        run(write("pass"), {})
    (tmp_path / "deployment.py").write_text("class Other: pass\n", encoding="utf-8")
    with pytest.raises(AttributeError, match="has no class Deployment"):
        run(str(tmp_path), {})
    with pytest.raises(TypeError, match="deployment_directory must be a path, got int"):
        run(5, {})
    with pytest.raises(TypeError, match="init_context must be a dict, got int"):
        run(tmp_path, {}, 5)


def test_coroutines_run_while_an_event_loop_runs(write: Any) -> None:
    folder = write(
        "async def request(self, data):\n    if data is None:\n        raise ValueError('no data')\n    return data"
    )

    async def main() -> Any:
        return run(folder, 1)

    assert asyncio.run(main()) == 1

    async def fail() -> Any:
        return run(folder, None)

    with pytest.raises(UbiOpsException, match="ValueError: no data"):
        asyncio.run(fail())


def test_the_official_import_path_leaves_the_function_callable(write: Any) -> None:
    module: Any = importlib.import_module("ubiops.utils.run_local")
    folder = write("def request(self, data): return data")
    assert module.run_local(folder, 1) == module(folder, 2) - 1 == ubiops.utils.run_local(folder, 1) == 1
