"""``python -m ubiops version``: what is installed."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

import ubiops
from ubiops._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ubiops._cli.output import Output

# As in setup.py. The metadata of the installed distribution may be that of another one
# of the same name, or missing.
DEPENDENCIES = ("certifi", "python-dateutil", "six", "urllib3")
EXTRAS = {
    "emulator": ("PyYAML", "cronsim", "jsonschema", "python-multipart", "starlette", "uvicorn"),
    "fast": ("msgspec",),
    "packages": ("PyYAML", "packaging", "pathspec"),
    "progress": ("tqdm",),
}

_COLUMN = 16


def run(output: Output, *, as_json: bool) -> int:
    """Shows the versions; returns the exit status."""
    found = versions()
    if as_json:
        output.json(found)
    else:
        _show(output, found)
    return 0 if all(found["dependencies"].values()) else 1


def versions() -> dict[str, Any]:
    """Returns all versions; None stands for what is not installed."""
    return {
        "ubiops": __version__,
        "location": os.path.dirname(os.path.abspath(ubiops.__file__)),
        "distribution": _version_of("ubiops"),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "openssl": _openssl(),
        "dependencies": {name: _version_of(name) for name in DEPENDENCIES},
        "extras": {extra: {name: _version_of(name) for name in names} for extra, names in EXTRAS.items()},
    }


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _openssl() -> str | None:
    try:
        import ssl
    except ImportError:
        # Python can be built without it.
        return None
    return ssl.OPENSSL_VERSION


def _show(output: Output, found: dict[str, Any]) -> None:
    output.entry("ubiops", found["ubiops"], _COLUMN)
    output.entry("  location", found["location"], _COLUMN)
    if found["distribution"] not in (None, found["ubiops"]):
        output.entry(
            "  note",
            f"pip has installed ubiops {found['distribution']}, but this is another copy: see its location",
            _COLUMN,
        )
    output.entry("Python", f"{found['python']} ({found['implementation']})", _COLUMN)
    output.entry("  executable", found["executable"], _COLUMN)
    output.entry("platform", found["platform"], _COLUMN)
    output.entry("OpenSSL", (found["openssl"] or "not available").replace("OpenSSL ", "", 1), _COLUMN)
    output.line()
    output.heading("Dependencies")
    for name, version in found["dependencies"].items():
        output.entry(name, version or f"missing: pip install {name}", _COLUMN)
    output.line()
    output.heading("Extras")
    for extra, packages in found["extras"].items():
        output.entry(extra, _describe_extra(extra, packages), _COLUMN)


def _describe_extra(extra: str, packages: dict[str, str | None]) -> str:
    present = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
    missing = [name for name, version in packages.items() if version is None]
    if not missing:
        return f"installed: {present}"
    if not present:
        return f"not installed: pip install 'ubiops[{extra}]'"
    return f"incomplete, without {', '.join(missing)}: pip install 'ubiops[{extra}]'"
