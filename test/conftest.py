"""Fixtures of all tests: an emulator, a client for it, and unused project names."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ubiops
    from ubiops.emulator import Emulator

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes variables that would change where the client sends requests."""
    for name in ("UBIOPS_API_HOST", "UBIOPS_API_TOKEN", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """The emulator that all tests share; each test uses its own project."""
    from thread_runner import provided

    import ubiops.emulator

    with ubiops.emulator.start() as running, provided(running):
        yield running


@pytest.fixture
def core_api(emulator: Emulator) -> Iterator[ubiops.CoreApi]:
    """A client of the emulator."""
    import ubiops

    with ubiops.CoreApi(ubiops.ApiClient(emulator.configuration())) as api:
        yield api


@pytest.fixture
def project_name() -> str:
    """The name of a project that no other test uses."""
    return f"project-of-test-{next(_numbers)}"


@pytest.fixture(scope="session")
def package() -> bytes:
    """A deployment package that builds."""
    code = (
        "import time\n\n"
        "class Deployment:\n"
        "    def __init__(self, base_directory, context):\n"
        "        pass\n\n"
        "    def request(self, data):\n"
        "        while data == 'wait':\n"
        "            time.sleep(1)\n"
        "        return data\n"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("deployment_package/deployment.py", code)
    return packed.getvalue()
