"""Runs scripts with the client of this interpreter, and prints what they print as JSON.

The interpreter of an official client runs it, so it imports nothing of this repository.
All scripts share a process, because the official clients take long to import.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from pathlib import Path

PACKAGE = "deployment_package.zip"


def run(script: Path, folder: Path) -> str:
    """Runs a script in a folder of its own, which has a package.

    Returns:
        What it prints, and its error if it fails.
    """
    (folder / script.stem).mkdir()
    shutil.copy(folder / PACKAGE, folder / script.stem)
    os.chdir(folder / script.stem)
    code = compile(script.read_text(encoding="utf-8"), str(script), "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, {"__name__": "__main__"})  # noqa: S102 - this is what the test is for
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return printed.getvalue()


def main(scripts: str, folder: str) -> None:
    # For replies.py, which some scripts import.
    sys.path.insert(0, str(Path(__file__).parent))
    outputs = {script.stem: run(script, Path(folder)) for script in sorted(Path(scripts).glob("*.py"))}
    print(json.dumps(outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
