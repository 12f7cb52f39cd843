"""Asks whether a weakness is known of what users install; without a network it says so and lets it pass."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys


def shipped() -> set[str]:
    """The names of all that comes with the package and its extras, as far as it is installed."""
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
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False
        )
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("Not audited: what is known of weaknesses can't be asked for from here.")
        return 0
    found = [one for one in found if one["name"] in shipped()]
    weak = [one for one in found if one.get("vulns")]
    for one in weak:
        for weakness in one["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {weakness['id']}, mended in {fixed}")
    print(f"Audited {len(found)} packages: {len(weak)} with a known weakness.")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
