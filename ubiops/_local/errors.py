"""What can go wrong when a deployment package runs in this process."""

from __future__ import annotations

from ubiops.exceptions import UbiOpsException


class LocalRunError(UbiOpsException):
    """The code of the package raised an exception, which is the cause of this one."""


class RequestFunctionError(LocalRunError, AttributeError):
    """There is no class ``Deployment``, or it has no function for requests."""
