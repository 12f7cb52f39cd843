"""Progress bars on terminals and in notebooks."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import io
import sys
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from ubiops._io import progress


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process look like the kernel of a notebook without ipywidgets."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    monkeypatch.setattr(progress, "_hinted", False)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ipywidgets" else find_spec(name))


def show(times: int = 1) -> None:
    for _ in range(times):
        with progress.progress_bar(True, 10, "upload") as advance:
            assert advance is not None
            advance(10)


def test_a_notebook_without_widgets_shows_text_and_says_once_what_to_install(
    notebook: None, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(times=2)
    shown = capsys.readouterr().err
    assert shown.count("To show it as a widget: pip install ipywidgets\n") == 1
    assert shown.count("10.0/10.0") >= 2


def test_a_notebook_with_widgets_uses_them(notebook: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tqdm_auto = pytest.importorskip("tqdm.auto")
    found = importlib.machinery.ModuleSpec("ipywidgets", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    assert progress._find_bar() is tqdm_auto.tqdm


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(config=None), SimpleNamespace(config={})])
def test_a_terminal_needs_no_widgets(shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    pytest.importorskip("tqdm")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    assert not progress.in_notebook()
    show()
    assert "ipywidgets" not in capsys.readouterr().err


def test_no_bar_is_shown_unless_it_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress_bar(False, 10, "upload") as advance:
        assert advance is None
    assert capsys.readouterr().err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "total", "shown"),
    [
        (Terminal(), 10, "\rupload: 40%\rupload: 100%\n"),
        (Terminal(), None, "\rupload: 0 MiB\n"),
        (Terminal(), 0, "\rupload: 0 MiB\n"),
        (io.StringIO(), 10, ""),
        (None, 10, ""),
    ],
    ids=["terminal", "unknown size", "empty", "file", "no stderr"],
)
def test_without_the_extra_a_terminal_shows_text(
    stream: Any, total: int | None, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.progress_bar(True, total, "upload") as advance:
        assert advance is not None
        for size in (4, 0, 6):
            advance(size)
    assert stream is None or stream.getvalue() == shown
