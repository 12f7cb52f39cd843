"""Runs every check of CI: finds the Pythons, runs tox, and counts the tests."""

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
DATA = ROOT / ".tox" / "data"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
# The slowest first, so that none of them is left to run alone at the end.
FIRST = ("coverage", "emulator", "lowest", "once")
LAST = ("types", "docs", "migration", "package", "urllib3-pre", "lint", "report")


def find_pythons() -> dict[str, str]:
    """Finds the supported interpreters on PATH and under pyenv.

    Returns:
        The paths by version, oldest first. The interpreter that runs this is always
        among them.
    """
    found = {version_of(sys.executable) or "": sys.executable}
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for version in VERSIONS:
        candidates = [shutil.which(f"python{version}")]
        candidates += sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"), reverse=True)
        for candidate in candidates:
            if version not in found and candidate and version_of(candidate) == version:
                found[version] = candidate
    return dict(sorted(found.items(), key=lambda item: [int(part) for part in item[0].split(".")]))


def version_of(python: str) -> str | None:
    """Returns the version of an interpreter, or None if it does not run.

    The shims of pyenv for versions that are not installed do not run.
    """
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def environments(pythons: dict[str, str], here: str | None) -> tuple[list[str], str]:
    """Chooses the environments of tox.

    The default Python runs the suite in `coverage` and `emulator`, the oldest one in
    `lowest`. The newest of the others runs it with the extra `fast`. None of these
    three needs an environment of its own.

    Args:
        pythons: The interpreters by version, oldest first.
        here: The version of the default Python.

    Returns:
        The names of the environments, and the version of Python for `fast`.
    """
    others = [version for version in pythons if version != here]
    fast = others.pop() if others else here or ""
    oldest = next(iter(pythons), "")
    others = [version for version in others if version != oldest]
    named = [f"py{version.replace('.', '')}" for version in others]
    return [*FIRST, "fast", *named, *LAST], fast


def count(report: Path) -> tuple[int, int]:
    """Returns how many tests passed and how many failed, from a JUnit report."""
    passed = failed = 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314 - written by tox above
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return passed, failed


def main() -> int:
    """Runs tox in every environment, and returns its exit status."""
    pythons = find_pythons()
    print("Pythons:", ", ".join(f"{version} ({path})" for version, path in pythons.items()), flush=True)
    missing = [version for version in VERSIONS if version not in pythons]
    if missing:
        print("Skipped, because they are not installed:", ", ".join(missing), flush=True)
    names, fast = environments(pythons, version_of(sys.executable))
    for folder in (REPORTS, DATA):
        shutil.rmtree(folder, ignore_errors=True)
    DATA.mkdir(parents=True)
    # Tests also wait, for processes and sockets: one environment more than cores.
    parallel = str((os.cpu_count() or 1) + 1)
    command = [sys.executable, "-m", "tox", "run-parallel", "--parallel", parallel, "--parallel-no-spinner"]
    command += ["-e", ",".join(names), "--discover", *pythons.values()]
    environment = {**os.environ, "LOWEST_PYTHON": next(iter(pythons.values())), "FAST_PYTHON": pythons[fast]}
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
        print("The tests passed, but another check failed: see above.")
    print(f"{passed} passed, {failed} failed")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
