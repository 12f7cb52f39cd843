"""Fixtures for pytest, available wherever this package is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ubiops
    from ubiops.emulator import Emulator

_FIXTURES = ("ubiops_emulator", "ubiops_api")


@pytest.fixture(scope="session")
def ubiops_emulator_options() -> dict[str, Any]:
    """The options of the emulator, as for ``ubiops.emulator.start``.

    Override this fixture to change them.
    """
    return {}


@pytest.fixture(scope="session")
def ubiops_emulator(ubiops_emulator_options: dict[str, Any]) -> Iterator[Emulator]:
    """An emulator that all tests of a session share."""
    from ubiops.emulator import start

    with start(**ubiops_emulator_options) as emulator:
        yield emulator


@pytest.fixture
def ubiops_api(ubiops_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ubiops.CoreApi]:
    """A client of the emulator, whose state is discarded first.

    The variables ``UBIOPS_API_HOST`` and ``UBIOPS_API_TOKEN`` lead there too, for code
    that makes its own client.
    """
    ubiops_emulator.reset()
    monkeypatch.setenv("UBIOPS_API_HOST", ubiops_emulator.host)
    monkeypatch.setenv("UBIOPS_API_TOKEN", ubiops_emulator.token)
    with ubiops_emulator.api() as api:
        yield api


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turns warnings about unknown fields into errors, in tests with an emulator."""
    for item in items:
        if any(name in getattr(item, "fixturenames", ()) for name in _FIXTURES):
            item.add_marker(pytest.mark.filterwarnings("error::ubiops.exceptions.UnknownFieldWarning"))
