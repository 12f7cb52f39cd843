"""Runs the tests of the transport if the installed urllib3 is a pre-release.

The other environments already test the newest release. Without a pre-release, only the
private names of urllib3 that the transport relies on are checked.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version


def suite(installed: str) -> list[str]:
    """Returns the tests to run with a version of urllib3."""
    if re.fullmatch(r"[\d.]+", installed):
        return ["test/client/test_transport.py"]
    return ["test/client/test_transport.py", "test/faults", "test/performance"]


def main() -> int:
    """Runs the tests with the given options of pytest, and returns the exit status."""
    installed = version("urllib3")
    tests = suite(installed)
    print(f"urllib3 {installed}: {' '.join(tests)}", flush=True)
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:], *tests], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
