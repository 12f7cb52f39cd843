"""Lists the parts of the official client that this one lacks, from the facts.

`python test/support/not_covered.py` writes the list that error messages are made from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT / "test" / "openapi" / "api-facts.json"
TARGET = ROOT / "ubiops" / "_not_covered.py"
# The helpers and classes of the official client that are written by hand there.
UTILS = (
    "download_files",
    "handle_file_input",
    "upload_files",
    "MetricClient",
    "StreamLogs",
)
OTHERS = ("Training", "training")


def make(facts: dict[str, Any], methods: set[str], models: set[str], helpers: set[str], others: set[str]) -> str:
    """Returns the text of the module.

    Args:
        facts: The facts of the whole API.
        methods: The names that `CoreApi` has.
        models: The names that `ubiops.models` has.
        helpers: The names that `ubiops.utils` has.
        others: The names that `ubiops` has.
    """
    missing = [
        f"    {json.dumps(name)}: {json.dumps(fact['http'] + ' ' + fact['path'])},"
        for name, fact in sorted(facts["methods"].items())
        # The operations on blobs are gone from the API.
        if name not in methods and fact["area"] != "blobs"
    ]
    lines = [
        '"""What the official client has and this one does not, for error messages.',
        "",
        "Made by `python test/support/not_covered.py`. Do not edit.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *(["METHODS: dict[str, str] = {", *missing, "}"] if missing else ["METHODS: dict[str, str] = {}"]),
        *_names("MODELS", {*facts["models"], *OTHERS} - models - others),
        *_names("UTILS", {*UTILS} - helpers),
    ]
    return "\n".join(lines) + "\n"


def _names(variable: str, names: set[str]) -> list[str]:
    """Returns the lines of a set of names, as the formatter writes them."""
    shown = [json.dumps(name) for name in sorted(names)]
    if len(shown) < 2:
        return [f"{variable}: frozenset[str] = frozenset(({shown[0] + ',' if shown else ''}))"]
    return [f"{variable}: frozenset[str] = frozenset(", "    (", *(f"        {name}," for name in shown), "    )", ")"]


def current() -> str:
    """Returns the text for the client as it is."""
    import ubiops
    import ubiops.api
    import ubiops.models
    import ubiops.utils

    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return make(facts, set(dir(ubiops.CoreApi)), set(ubiops.models.__all__), set(dir(ubiops.utils)), set(dir(ubiops)))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    TARGET.write_text(current(), encoding="utf-8")
