"""The error for a function of the official client that this version does not have."""

from __future__ import annotations

import opcode
import sys

_UNAVAILABLE = frozenset(
    (
        "wait_for_deployment_request",
        "wait_for_deployment_version_request",
        "wait_for_environment",
        "wait_for_experiment",
        "wait_for_experiment_run",
        "wait_for_export",
        "wait_for_import",
        "wait_for_pipeline_request",
        "wait_for_pipeline_version_request",
    )
)


def missing_name(name: str, module: str) -> Exception:
    """Returns the error for a name that a module does not have.

    Call it from the module's ``__getattr__``.

    Args:
        name: The name that was looked up.
        module: The name of the module.

    Returns:
        An ``AttributeError``. If a function of the official client is imported, an
        ``ImportError``, because Python would replace an ``AttributeError`` with an error
        that doesn't say why the name is missing.
    """
    if name not in _UNAVAILABLE:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    message = (
        f"{name}() is not available in this version of ubiops, which does not have the operations that it needs; "
        "this version has wait_for_deployment_version() and wait_for_revision()"
    )
    # The statement that looked the name up.
    caller = sys._getframe(2)
    if caller.f_lasti >= 0 and opcode.opname[caller.f_code.co_code[caller.f_lasti]] == "IMPORT_FROM":
        return ImportError(message, name=module)
    return AttributeError(message)
