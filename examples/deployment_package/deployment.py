"""A deployment that counts the words of a text. UbiOps makes one instance of Deployment and hands it each request."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any


class Deployment:
    """Counts words, most frequent first."""

    def __init__(self, base_directory: str, context: dict[str, Any]) -> None:
        """Runs once when the instance starts: the place to load a model.

        Args:
            base_directory: The folder that this file is in.
            context: Facts about the deployment, such as its name and version.
        """
        # An environment variable of the deployment or its version; set anew, it needs no new upload.
        self.at_most = int(os.environ.get("MOST_FREQUENT", "3"))

    def request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Runs for each request.

        Args:
            data: The deployment's input fields: ``text``.

        Returns:
            The deployment's output fields: ``words`` and ``total``.
        """
        words = data["text"].lower().split()
        return {"words": dict(Counter(words).most_common(self.at_most)), "total": len(words)}
