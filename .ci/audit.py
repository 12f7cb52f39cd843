"""Reports known vulnerabilities of the packages that users install.

Without a network this prints a note and succeeds.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys


def shipped() -> set[str]:
    """Returns the installed packages that come with `ubiops` and its extras."""
    names: set[str] = set()
    waiting = ["ubiops"]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in names:
            continue
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        names.add(name)
        waiting += [re.split(r"[^A-Za-z0-9._-]", one)[0] for one in required]
    return names - {"ubiops"}


def main() -> int:
    """Runs pip-audit, and returns 1 if a vulnerability is known."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
        )
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("Not audited: the vulnerability database can't be reached.")
        return 0
    found = [one for one in found if one["name"] in shipped()]
    vulnerable = [one for one in found if one.get("vulns")]
    for one in vulnerable:
        for vulnerability in one["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {vulnerability['id']}, fixed in {fixed}")
    print(f"Audited {len(found)} packages: {len(vulnerable)} with a known vulnerability.")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
