"""The reference of hand-written classes and functions comes from their docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

from generator.classes import PAGES, render_classes
from generator.docstrings import markdown, signature

ROOT = Path(__file__).resolve().parents[2]
DOCSTRING = """Packs a folder.

Give it to ``upload``. It looks like this::

    folder/
      code.py

- The first of two
  rules.
- The second ``rule with words``.

Args:
    path: The folder. It
        must exist.
    everything: Whether to pack ``all`` of it.

Returns:
    The size in bytes.

Raises:
    ubiops.ApiValueError: There is no folder.
"""
EXPECTED = """Packs a folder.

Give it to `upload`. It looks like this:

```text
folder/
  code.py
```

- The first of two rules.
- The second `rule with words`.

**Arguments**

- `path`: The folder. It must exist.
- `everything`: Whether to pack `all` of it.

**Returns**

The size in bytes.

**Raises**

- `ubiops.ApiValueError`: There is no folder.
"""


def function(code: str) -> ast.FunctionDef:
    (node,) = ast.parse(code).body
    assert isinstance(node, ast.FunctionDef)
    return node


def test_a_docstring_becomes_markdown() -> None:
    assert markdown(DOCSTRING) == EXPECTED


def test_code_is_never_broken_across_lines() -> None:
    shown = markdown(
        "Install what it needs, which takes a moment, with the command ``pip install 'ubiops[packages]'``."
    )
    assert "\n`pip install 'ubiops[packages]'`." in shown


def test_a_short_signature_takes_one_line() -> None:
    assert signature(function("def read(self, amt: int | None=None) -> bytes: pass")) == (
        "def read(self, amt: int | None = None) -> bytes: ..."
    )


def test_a_long_signature_takes_a_line_for_each_argument() -> None:
    names = ", ".join(f"argument_{number}: int=1" for number in range(5))
    shown = signature(function(f"def call(first, *rest, {names}, **options) -> None: pass"))
    assert shown.splitlines()[:4] == ["def call(", "    first,", "    *rest,", "    argument_0: int = 1,"]
    assert shown.splitlines()[-2:] == ["    **options,", ") -> None: ..."]


def test_a_folder_without_the_package_has_no_pages(tmp_path: Path) -> None:
    assert render_classes(tmp_path) == {}


def test_each_page_documents_its_names_and_the_index_lists_it() -> None:
    pages = render_classes(ROOT)
    index = pages.pop("docs/reference/README.md")
    assert set(pages) == {f"docs/reference/{name}.md" for name in PAGES}
    assert all(f"({name}.md)" in index for name in PAGES)
    assert "\n### Configuration.copy\n" in pages["docs/reference/configuration.md"]


def test_members_of_private_bases_are_documented_and_those_of_public_ones_are_not() -> None:
    pages = render_classes(ROOT)
    assert "\n### ApiClient.set_default_header\n" in pages["docs/reference/clients.md"]
    assert "\n### CoreApi.deployments_get\n" not in pages["docs/reference/clients.md"]
    assert "\n### NotFoundError.get_body_message\n" not in pages["docs/reference/exceptions.md"]


def test_attributes_have_the_docstrings_that_follow_them() -> None:
    page = render_classes(ROOT)["docs/reference/hooks.md"]
    event = page.partition("## RetryEvent\n")[2]
    assert "\n**Attributes**\n\n- `operation`: The name of the method" in event
