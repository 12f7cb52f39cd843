"""Training models on the platform: experiments and their runs.

::

    import ubiops

    training = ubiops.Training(ubiops.ApiClient())
    training.initialize("my-project")
"""

from __future__ import annotations

from ubiops.training import constants as constants
from ubiops.training._models import (
    ExperimentCreate,
    ExperimentDetail,
    ExperimentList,
    ExperimentRunCreate,
    ExperimentRunCreateResponse,
    ExperimentRunDetail,
    ExperimentRunList,
    ExperimentRunUpdate,
    ExperimentUpdate,
)
from ubiops.training.training import Training

__all__ = [
    "ExperimentCreate",
    "ExperimentDetail",
    "ExperimentList",
    "ExperimentRunCreate",
    "ExperimentRunCreateResponse",
    "ExperimentRunDetail",
    "ExperimentRunList",
    "ExperimentRunUpdate",
    "ExperimentUpdate",
    "Training",
]
