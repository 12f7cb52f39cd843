"""What an operation and a model cost: lines of generated code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from described import described_operations

from ubiops import models

ROOT = Path(__file__).resolve().parents[2]
API = ROOT / "ubiops" / "api"
FILES = {
    "methods": [path for path in API.glob("*.py") if path.name != "_base.py"],
    "types": list(API.glob("*.pyi")),
    "types of the async client": [ROOT / "ubiops" / "aio" / "core_api.pyi"],
    "models": list((ROOT / "ubiops" / "models").glob("[a-z]*.py")),
}


def lines_of(path: Path, *, documentation: bool = False) -> int:
    """Returns the number of lines of a file that are neither blank nor comments; with
    or without those of docstrings.
    """
    text = path.read_text(encoding="utf-8")
    left_out: set[int] = set()
    if not documentation:
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sum(
        number not in left_out or line.strip().startswith(("def ", "async def "))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    )


def per(part: str, count: int, *, documentation: bool = False) -> float:
    return sum(lines_of(path, documentation=documentation) for path in FILES[part]) / count


@pytest.mark.parametrize(("part", "limit"), [("methods", 21), ("types", 31), ("types of the async client", 23)])
def test_an_operation_costs_few_lines(part: str, limit: int) -> None:
    assert limit - 2 < per(part, len(described_operations())) <= limit


def test_an_operation_costs_at_most_85_lines_with_types_for_both_clients() -> None:
    parts = ("methods", "types", "types of the async client")
    assert sum(per(part, len(described_operations())) for part in parts) <= 85


def test_a_model_costs_at_most_35_lines_with_its_documentation() -> None:
    assert per("models", len(models.__all__)) <= 15
    assert per("models", len(models.__all__), documentation=True) <= 35
