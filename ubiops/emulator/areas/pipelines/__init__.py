"""The area pipelines.

Pipelines, their versions with objects and attachments, their audit events, and the
evaluation of expressions.
"""

from __future__ import annotations
