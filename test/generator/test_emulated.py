"""The page of emulated operations lists what has a handler."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.build_ir import build_ir
from generator.emulated import MARKER, PAGE, handled, render_emulated
from generator.load import load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DESCRIPTION = HERE / "golden" / "description" / "openapi.yaml"


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The page of an emulator with a few handlers."""
    api = build_ir(load(DESCRIPTION))
    first, second = api.areas[0], api.areas[1]
    areas = tmp_path / "ubiops" / "emulator" / "areas"
    (areas / first.module).mkdir(parents=True)
    (areas / first.module / "__init__.py").write_text('EMULATED = """\nBooks are kept.\n"""\n', encoding="utf-8")
    code = f'@handler("{first.operations[0].id}", slow=True)\ndef get(context): ...\n'
    (areas / first.module / "one.py").write_text(code, encoding="utf-8")
    ids = ", ".join(f'"{operation.id}"' for operation in second.operations)
    (areas / f"{second.module}.py").write_text(f"handler({ids})(get)\n", encoding="utf-8")
    return render_emulated(api, tmp_path)[PAGE]


def test_the_page_names_what_is_emulated_and_what_is_not(page: str) -> None:
    first, second = build_ir(load(DESCRIPTION)).areas[:2]
    assert page.startswith(f"<!-- {MARKER} -->\n")
    section = page.partition(f"## {first.module.capitalize()}\n")[2].partition("\n## ")[0]
    assert "Books are kept." in section
    emulated, _, missing = section.partition("Not emulated:")
    for operation in first.operations:
        link = f"- [{operation.id}](api/{first.module}.md#{operation.id})"
        is_emulated = operation is first.operations[0]
        assert (link in emulated, link in missing) == (is_emulated, not is_emulated)
    assert f"All {len(second.operations)} operations are emulated" in page


def test_there_is_no_page_without_an_emulator(tmp_path: Path) -> None:
    assert render_emulated(build_ir(load(DESCRIPTION)), tmp_path) == {}


def test_the_handlers_that_are_found_are_those_that_are_registered() -> None:
    from ubiops.emulator import areas
    from ubiops.emulator.core.handlers import HANDLERS

    assert areas.MIGRATIONS
    assert handled(ROOT / "ubiops" / "emulator" / "areas") == set(HANDLERS)
