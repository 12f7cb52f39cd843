"""Counts the words of a text."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any


class Deployment:
    """The deployment. The platform creates one object per process."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        # An environment variable of the deployment or the version.
        self.most_frequent = int(os.environ.get("MOST_FREQUENT", "10"))

    def request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Receives the field 'text' and returns the fields 'words' and 'total'."""
        words = re.findall(r"\w+", data["text"].lower())
        return {"words": dict(Counter(words).most_common(self.most_frequent)), "total": len(words)}
