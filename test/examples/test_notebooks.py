"""The notebooks are valid and run from start to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import ubiops

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def run(name: str) -> dict[str, Any]:
    """Runs all cells of a notebook, as Jupyter does, and returns their names."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells(EXAMPLES / name, "code"):
        exec(compile("".join(cell["source"]), f"{name} {cell['id']}", "exec"), namespace)  # noqa: S102
    return namespace


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_quickstart_deploys() -> None:
    names = run("quickstart.ipynb")
    assert names["version"].status == "available"
    assert names["request"].result == {"total": 5}


def test_the_notebook_about_tables_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    names = run("tables.ipynb")
    assert type(names["deployments"]) is ubiops.ModelList
    assert names["frame"]["team"].tolist().count("research") == 4
    shown = capsys.readouterr().out
    assert '"name": "model-1"' in shown
    assert "(404) Not Found" in shown


def test_a_trained_model_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    names = run("train_and_deploy.ipynb")
    assert names["predicted"] == names["local"]
    assert len(names["predicted"]) == 38
    assert names["correct"] > 30
    assert "The model is loaded" in capsys.readouterr().out


def test_tokens_are_streamed(capsys: pytest.CaptureFixture[str]) -> None:
    names = run("stream_tokens.ipynb")
    assert len(names["tokens"]) == 20
    assert names["ended"].result == names["request"].result
    assert names["ended"].result["text"] == " ".join(["the rain", *names["tokens"]])
    assert names["number"] == 5
    assert "The model has no more ideas" in capsys.readouterr().out


def test_every_notebook_is_tested() -> None:
    assert {path.name for path in NOTEBOOKS} == {
        "quickstart.ipynb",
        "stream_tokens.ipynb",
        "tables.ipynb",
        "train_and_deploy.ipynb",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    assert [cell["id"] for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"]] == []
    identifiers = [cell["id"] for kind in ("code", "markdown") for cell in cells(path, kind)]
    assert len(set(identifiers)) == len(identifiers)
