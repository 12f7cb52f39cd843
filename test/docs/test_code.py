"""Code blocks in README and docs do what the page says."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib.util
import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
REFERENCE = [*sorted(ROOT.glob("docs/api/*.md")), *sorted(ROOT.glob("docs/models/*.md"))]
CLASSES = sorted(ROOT.glob("docs/reference/*.md"))
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and what it prints or logs (None if the page shows neither)."""

    page: Path
    line: int
    language: str
    text: str
    output: str | None
    logs: bool = False

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for fence, following in zip(found, [*found[1:], None]):
        between = text[fence.end() : following.start()].strip() if following is not None else ""
        logs = between.endswith("\n\nIt logs:") or between == "It logs:"
        output = following["text"] if following is not None and (logs or between == "It prints:") else None
        yield Block(page, text.count("\n", 0, fence.start()) + 1, fence["language"], fence["text"], output, logs)


def of_language(pages: list[Path], language: str) -> list[Block]:
    return [block for page in pages for block in blocks(page) if block.language == language]


@contextlib.contextmanager
def log_to(stream: io.StringIO) -> Iterator[io.StringIO]:
    """Lets ``logging.basicConfig`` write to a stream, as in a new process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        with contextlib.redirect_stderr(stream):
            yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def run(block: Block, namespace: dict[str, Any]) -> None:
    """Runs a block and compares its output; a traceback names the page and the line."""
    code = compile("\n" * block.line + block.text, str(block.page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with log_to(io.StringIO()) as logged, contextlib.redirect_stdout(printed):
        exec(code, namespace)  # noqa: S102 - this is what the test is for
    if block.output is None:
        return
    got = logged.getvalue() if block.logs else printed.getvalue()
    checker, options = doctest.OutputChecker(), doctest.ELLIPSIS
    if not checker.check_output(block.output, got, options):
        example = doctest.Example(block.text, block.output)
        difference = checker.output_difference(example, got, options)
        pytest.fail(f"{block.place} prints something different\n{difference}")


def is_test_file(block: Block) -> bool:
    return "\ndef test_" in block.text


def is_edit(block: Block) -> bool:
    """Whether a block is the content of a file, which its first line names."""
    return re.match(r"# [\w/.-]+\.(?:py|ya?ml)\n", block.text) is not None


def is_available(block: Block) -> bool:
    """Whether the modules that a block needs exist."""
    return all(importlib.util.find_spec(name) is not None for name in ("ubiops.aio", "pandas") if name in block.text)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_guide_runs_from_start_to_end(page: Path, docs_project: Any) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python" and not is_test_file(block) and not is_edit(block) and is_available(block):
            run(block, namespace)


@pytest.mark.parametrize("block", [b for b in of_language(GUIDES, "python") if is_test_file(b)], ids=lambda b: b.place)
def test_tests_in_a_guide_pass(block: Block, tmp_path: Path) -> None:
    (tmp_path / "test_shown.py").write_text(block.text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        # By its module, because its name exists only where the package is installed.
        "-p",
        "no:ubiops_emulator",
        "-p",
        "ubiops.emulator.pytest_plugin",
        "--rootdir",
        str(tmp_path),
        "test_shown.py",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", of_language(REFERENCE, "python"), ids=lambda block: block.place)
def test_reference_example_runs(block: Block, reference_namespace: dict[str, Any]) -> None:
    """The client accepts each call and gets the response that the page shows."""
    run(block, reference_namespace)


def test_every_reference_page_has_an_example() -> None:
    pages = {block.page for block in of_language(REFERENCE, "python")}
    assert pages >= {page for page in REFERENCE if page.name != "README.md"}
    assert pages


@pytest.mark.parametrize("block", of_language([*GUIDES, *REFERENCE], "json"), ids=lambda block: block.place)
def test_json_is_valid(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", of_language([*GUIDES, *REFERENCE], "yaml"), ids=lambda block: block.place)
def test_yaml_is_valid(block: Block) -> None:
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", of_language(CLASSES, "python"), ids=lambda block: block.place)
def test_signature_is_valid(block: Block) -> None:
    ast.parse(block.text)


def test_every_block_has_a_tested_language() -> None:
    languages = {(block.language, block.place) for page in [*GUIDES, *REFERENCE, *CLASSES] for block in blocks(page)}
    assert [place for language, place in languages if language not in ("python", "sh", "json", "yaml", "text")] == []
