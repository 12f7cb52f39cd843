"""Every code block of README and docs does what the page says."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
REFERENCE = [*sorted(ROOT.glob("docs/api/*.md")), *sorted(ROOT.glob("docs/models/*.md"))]
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and what the page says that it prints (None: the page doesn't say)."""

    page: Path
    line: int
    language: str
    text: str
    output: str | None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for fence, following in zip(found, [*found[1:], None]):
        output = None
        if following is not None and text[fence.end() : following.start()].strip() == "It prints:":
            output = following["text"]
        yield Block(page, text.count("\n", 0, fence.start()) + 1, fence["language"], fence["text"], output)


def of_language(pages: list[Path], language: str) -> list[Block]:
    return [block for page in pages for block in blocks(page) if block.language == language]


def run(block: Block, namespace: dict[str, Any]) -> None:
    """Runs a block, with a traceback that names the page and its line, and compares what it prints."""
    code = compile("\n" * block.line + block.text, str(block.page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)  # noqa: S102 - this is what the test is for
    if block.output is None:
        return
    checker, options = doctest.OutputChecker(), doctest.ELLIPSIS
    if not checker.check_output(block.output, printed.getvalue(), options):
        example = doctest.Example(block.text, block.output)
        pytest.fail(
            f"{block.place} prints something else\n{checker.output_difference(example, printed.getvalue(), options)}"
        )


def is_test_file(block: Block) -> bool:
    return "\ndef test_" in block.text


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_guide_runs_from_its_beginning_to_its_end(page: Path, world: Any) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python" and not is_test_file(block):
            run(block, namespace)


@pytest.mark.parametrize("block", [b for b in of_language(GUIDES, "python") if is_test_file(b)], ids=lambda b: b.place)
def test_tests_that_a_guide_shows_pass(block: Block, tmp_path: Path) -> None:
    (tmp_path / "test_shown.py").write_text(block.text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        "test_shown.py",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def with_real_ids(block: Block, world: Any) -> Block:
    """The block with the ids that the emulator gave in place of those that the page shows."""
    ids: dict[str, str] = world._asdict()
    of_version = "deployment_version_environment_variables" in block.text
    ids["id"] = ids["variable_of_version" if of_version else "variable_of_deployment"]
    text = re.sub(
        r'^(\s*)(\w+) = "[^"]*"',
        lambda m: f'{m[1]}{m[2]} = "{ids[m[2]]}"' if m[2] in ids else m[0],
        block.text,
        flags=re.MULTILINE,
    )
    return block._replace(text=text)


@pytest.mark.parametrize("block", of_language(REFERENCE, "python"), ids=lambda block: block.place)
def test_an_example_of_the_reference_runs_alone(block: Block, world: Any) -> None:
    run(with_real_ids(block, world), {"__name__": "__main__"})


def test_every_page_of_the_reference_shows_code() -> None:
    pages = {block.page for block in of_language(REFERENCE, "python")}
    assert pages >= {page for page in REFERENCE if page.name != "README.md"}
    assert pages


@pytest.mark.parametrize("block", of_language([*GUIDES, *REFERENCE], "json"), ids=lambda block: block.place)
def test_json_is_valid(block: Block) -> None:
    json.loads(block.text)


def test_every_block_is_of_a_language_that_is_looked_at() -> None:
    languages = {(block.language, block.place) for page in [*GUIDES, *REFERENCE] for block in blocks(page)}
    assert [place for language, place in languages if language not in ("python", "sh", "json", "text")] == []
