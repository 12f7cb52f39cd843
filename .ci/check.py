"""Everything that CI checks: finds the Pythons on this machine, runs tox on all of them, and tells the numbers."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".tox" / "reports"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
CHECKS = ("lint", "types", "docs", "package")


def find_pythons() -> dict[str, str]:
    """The interpreters on PATH and under pyenv by their versions; the one that runs this is always among them."""
    found = {}
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in VERSIONS:
        candidates = [shutil.which(f"python{version}")]
        candidates += sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"), reverse=True)
        for candidate in candidates:
            if candidate and version_of(candidate) == version:
                found[version] = candidate
                break
    found.setdefault(version_of(sys.executable) or "", sys.executable)
    return found


def version_of(python: str) -> str | None:
    """The version of an interpreter, or None when it does not run (such as a shim for one that is not installed)."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else None


def count(report: Path) -> tuple[int, int]:
    """How many tests passed and how many did not, by a report in JUnit's format."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - written by the run above
    passed = failed = 0
    for suite in suites:
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return passed, failed


def main() -> int:
    pythons = find_pythons()
    here = version_of(sys.executable)
    print("Pythons:", ", ".join(f"{version} ({path})" for version, path in pythons.items()), flush=True)
    missing = [version for version in VERSIONS if version not in pythons]
    if missing:
        print("Skipped, because they are not installed:", ", ".join(missing), flush=True)
    # The suite runs on this Python with coverage, and on the others without.
    environments = ["coverage", "lowest", *(f"py{v.replace('.', '')}" for v in pythons if v != here), *CHECKS]
    shutil.rmtree(REPORTS, ignore_errors=True)
    command = [sys.executable, "-m", "tox", "run-parallel", "--parallel", "2", "--parallel-no-spinner"]
    command += ["-e", ",".join(environments), "--discover", *pythons.values()]
    oldest = min(pythons, key=lambda v: [int(part) for part in v.split(".")])
    environment = {**os.environ, "LOWEST_PYTHON": pythons[oldest]}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    passed = failed = 0
    for report in sorted(REPORTS.glob("*.xml")):
        good, bad = count(report)
        print(f"{report.stem}: {good} passed, {bad} failed")
        passed, failed = passed + good, failed + bad
    if done.returncode == 0 and not passed:
        print("No test ran.")
        return 1
    if done.returncode and not failed:
        print("The tests passed, but a check did not: see above.")
    print(f"{passed} passed, {failed} failed")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
