"""The kinds of objects of this area, as errors name them."""

from __future__ import annotations

ENVIRONMENT = "Environment"
TAG = "Environment tag"
REVISION = "Environment revision"
BUILD = "Environment build"
SECRET = "Environment tag secret"  # noqa: S105  # nosec B105 - no secret itself
