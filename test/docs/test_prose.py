"""The form of the prose in hand-written pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = ROOT / "docs" / "emulated.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), ROOT / "examples" / "README.md"]
PAGES.remove(GENERATED)
UNWRAPPED = re.compile(r"^\s*```.*?^\s*```$|^\|.*?$|^\[[^]]+\]: .*?$|^!\[.*?$", re.DOTALL | re.MULTILINE)
LINK_ONLY = re.compile(r"\s*(?:[-*] )?\[[^]]*\]\(\S+\)\S*( is)?")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_is_wrapped_at_88_columns(page: Path) -> None:
    lines = UNWRAPPED.sub("", page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in lines if len(line) > 88 and not LINK_ONLY.fullmatch(line)] == []
