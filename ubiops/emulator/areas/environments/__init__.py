"""The area environments: what code runs on, in both generations of the API.

An environment has tags, a tag has revisions, and a revision has builds. The API
``/v2.1`` shows revisions and builds and uploads to one tag; ``/v2`` shows the tags.
"""

from __future__ import annotations
