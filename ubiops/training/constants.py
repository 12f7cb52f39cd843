"""Names that the platform uses for training."""

from __future__ import annotations

DEFAULT_TRAINING_DEPLOYMENT_NAME = "training-base-deployment"
"""The deployment whose versions are experiments."""
TEMPLATE_DEPLOYMENT_NAME = "training-base-deployment"
"""The template that the deployment is created from."""
DEFAULT_TRAINING_BUCKET_NAME = "SYS_DEFAULT_BUCKET"
"""The environment variable with the bucket of an experiment's files."""
DEFAULT_BUCKET = "default"
"""The bucket of experiments that name none."""
