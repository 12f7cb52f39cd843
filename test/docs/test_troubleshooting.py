"""docs/troubleshooting.md shows messages as they are now: each mistake is made."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import ubiops.emulator

from .mistakes import Mistakes

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MESSAGES = re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)
# The official client shows it, which is not installed here.
NOT_SHOWN_HERE = {"No module named 'ubiops.emulator'"}
NAMES = [name for name, found in vars(Mistakes).items() if not name.startswith("_") and found.__code__.co_argcount == 1]


@pytest.fixture(scope="module")
def strict_emulator() -> Iterator[ubiops.emulator.Emulator]:
    with ubiops.emulator.start(tokens=["Token right"]) as running:
        yield running


@pytest.fixture
def mistakes(
    strict_emulator: ubiops.emulator.Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mistakes]:
    made = Mistakes(strict_emulator, tmp_path, monkeypatch)
    with made.api as api:
        yield made
        for deployment in api.deployments_list("project-1"):
            api.deployments_delete("project-1", deployment.name)


def shown(message: str, text: str) -> bool:
    """Whether a text shows a message of the page, in which "..." matches anything."""
    pattern = ".*?".join(re.escape(part) for part in message.split("..."))
    return re.search(pattern, text, re.DOTALL) is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_the_message_of_a_mistake(name: str, mistakes: Mistakes, made: dict[str, str]) -> None:
    with warnings.catch_warnings(record=True) as issued:
        warnings.simplefilter("always")
        try:
            getattr(mistakes, name)()
        except Exception as error:
            made[name] = str(error)
        else:
            assert issued, "nothing was raised, and no warning was issued"
            made[name] = str(issued[0].message)
    assert [message for message in MESSAGES if shown(message, made[name])], made[name]


def test_every_message_of_the_page_is_one_that_is_shown(made: dict[str, str]) -> None:
    if set(made) != set(NAMES):
        pytest.skip("not all mistakes were made")
    unknown = {message for message in MESSAGES if not any(shown(message, text) for text in made.values())}
    assert unknown == NOT_SHOWN_HERE


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The messages of the mistakes that were made so far."""
    return {}
