"""The kinds of objects of this area, as errors name them."""

from __future__ import annotations

DEPLOYMENT = "Deployment"
VERSION = "Deployment version"
REVISION = "Revision"
BUILD = "Build"
VARIABLE = "Environment variable"
TEMPLATE = "Template deployment"
