"""The keyword options of every method, read from ``ubiops/options.py``."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_FILE = Path(__file__).resolve().parent.parent / "ubiops" / "options.py"


def read_call_options(path: Path = _FILE) -> dict[str, str]:
    """Returns the options by name, each with its description in Markdown.

    They are the list in the docstring of ``CallOptions``. The module is not imported:
    the generator must work when the package doesn't.
    """
    [documented] = [
        ast.get_docstring(node) or ""
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "CallOptions"
    ]
    entries = re.findall(r"^- ``(\w+)``: (.*(?:\n  .*)*)", documented, re.MULTILINE)
    return {name: " ".join(text.split()).replace("``", "`") for name, text in entries}
