"""Text is wrapped to the width of a docstring and escaped."""

from __future__ import annotations

import ast

import pytest

from generator import text


def test_lines_are_filled_and_paragraphs_stay_apart() -> None:
    words = "word " * 40
    lines = text.wrap(f"{words}\n{words}\n\nlast", 8).split("\n")
    assert all(line.startswith("        ") and len(line) <= text.WIDTH for line in lines if line)
    assert lines[-2:] == ["", "        last"]
    assert len(lines) == 7


def test_entries_of_lists_keep_their_lines() -> None:
    assert text.wrap("One:\n\n- a\n- b\n  c", 4) == "    One:\n\n    - a\n    - b c"


def test_lines_after_the_first_may_hang() -> None:
    lines = text.wrap("word " * 40, 4, 4).split("\n")
    assert [len(line) - len(line.lstrip()) for line in lines] == [4, 8, 8]


def test_a_docstring_opens_in_its_first_line() -> None:
    opened = text.opening("word " * 30, 4)
    assert opened.startswith('    """word ')
    assert max(map(len, opened.split("\n"))) <= text.WIDTH


@pytest.mark.parametrize("length", range(76, 86))
def test_the_closing_quotes_of_a_docstring_fit_into_its_width(length: int) -> None:
    words = "word " * 14
    lines = text.quoted(words + "x" * (length - len(words) - 4), 4).split("\n")
    assert len(lines) == 1 or len(lines[0]) <= text.WIDTH - 3
    assert max(map(len, lines)) <= text.WIDTH


@pytest.mark.parametrize("given", ['"""', "\\", "\\n", 'a"""\nimport os\n"""', "{x}", "%s", "`code`"])
def test_a_docstring_holds_any_text(given: str) -> None:
    module = ast.parse(f'"""{text.docstring(given)}."""')
    [statement] = module.body
    assert isinstance(statement, ast.Expr)
    assert ast.literal_eval(statement.value) == text.docstring(given).replace("\\\\", "\\").replace('\\"', '"') + "."


def test_code_has_the_marks_of_docstrings() -> None:
    assert text.docstring("`a` and ``b``") == "``a`` and ``b``"


def test_a_cell_stays_a_cell() -> None:
    assert text.cell("a | b\nc") == "a \\| b c"
    assert text.cell("`[a](b|c)` `[d]`") == "<code>&#91;a&#93;&#40;b&#124;c&#41;</code> `[d]`"


@pytest.mark.parametrize(
    ("value", "code"), [("a", '`"a"`'), (True, "`True`"), (None, "`None`"), ([], "`[]`"), (0.5, "`0.5`")]
)
def test_values_are_shown_as_in_python(value: object, code: str) -> None:
    assert text.code(value) == code
