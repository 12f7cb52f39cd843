"""Validating the files that say what a build installs."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ubiops._packages.errors import PackageError, PackageFileNotFoundError, as_text
from ubiops._packages.limits import MAXIMUM_REQUIREMENTS_SIZE, MAXIMUM_SETTINGS_SIZE, readable

if TYPE_CHECKING:
    from ubiops.api_client import ApiClient

__all__ = ["validate_requirements_file", "validate_yaml_file"]

_logger = logging.getLogger("Validate")
# Where the official helper looks packages up.
_PUBLIC_INDEX = "pypi.org"
_SECONDS = 10
_NAMES_AT_MOST = 200


def validate_requirements_file(
    file_path: str | os.PathLike[str], client: ApiClient | None = None, *, check_index: bool = True
) -> bool:
    """Checks a requirements.txt, and whether its packages exist.

    What is wrong is logged to ``Validate``. Lines are read as pip reads them; with
    packaging (``pip install 'ubiops[packages]'``) completely, else roughly. Packages
    are looked up on pypi.org, or in the index of the variable ``PIP_INDEX_URL``, unless
    the file names another one. If the index can't be reached, a warning says so.

    Args:
        file_path: The path of the file.
        client: A client whose settings for certificates are used for the index.
        check_index: Whether to look the packages up. The official client always does.

    Returns:
        Whether the file is valid.

    Raises:
        FileNotFoundError: There is no such file.
        PackageError: The file can't be read; also the error above.
    """
    from ubiops._packages.requirements import check_requirements

    required = check_requirements(_read(file_path, MAXIMUM_REQUIREMENTS_SIZE))
    valid = True
    for remark in required.remarks:
        where = f"Line {remark.line}, " if remark.line else ""
        hint = f" ({remark.hint})" if remark.hint else ""
        _logger.log(logging.ERROR if remark.is_problem else logging.WARNING, "%s%s%s", where, remark.message, hint)
        valid = valid and not remark.is_problem
    if not check_index or not required.names:
        return valid
    if required.has_other_index:
        _logger.warning("Packages are not looked up, as the file names an index of its own")
        return valid
    return _check_index(required.names, client) and valid


def validate_yaml_file(file_path: str | os.PathLike[str]) -> bool:
    """Checks a ubiops.yaml.

    What is wrong is logged to ``Validate``. Without PyYAML (``pip install
    'ubiops[packages]'``), only the outermost keys are checked, and a warning says so.

    Args:
        file_path: The path of the file.

    Returns:
        Whether the file is valid.

    Raises:
        FileNotFoundError: There is no such file.
        PackageError: The file can't be read; also the error above.
    """
    from ubiops._packages.settings import REDUCED, check_settings

    settings = check_settings(_read(file_path, MAXIMUM_SETTINGS_SIZE))
    for problem in settings.problems:
        where = f"Line {problem.line}, " if problem.line else ""
        hint = f" ({problem.hint})" if problem.hint else ""
        _logger.error("%s%s%s", where, problem.message, hint)
    if not settings.is_complete:
        _logger.warning("%s", REDUCED)
    return not settings.problems


def _read(file_path: str | os.PathLike[str], limit: int) -> bytes:
    path = as_text(file_path, "file_path")
    try:
        with open(path, "rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        raise PackageFileNotFoundError(f"there is no file {path!r}") from None
    except OSError as error:
        raise PackageError(f"{path!r} can't be read: {error.strerror}") from None
    if len(content) > limit:
        raise PackageError(f"{path!r} is larger than {readable(limit)}")
    return content


def _check_index(names: dict[str, int], client: ApiClient | None) -> bool:
    """Looks packages up; if the index can't be reached, only the first is tried."""
    context = _tls_context(client)
    index = os.environ.get("PIP_INDEX_URL", "").strip() or f"https://{_PUBLIC_INDEX}/simple"
    host = urlsplit(index).hostname or index
    valid = True
    for name, line in list(names.items())[:_NAMES_AT_MOST]:
        found = _is_in_index(index, name, context)
        if found is None:
            _logger.warning("Packages can't be looked up: %s can't be reached", host)
            return valid
        if not found:
            _logger.error("Line %d, %s is not found on %s", line, name, host)
            valid = False
    return valid


def _tls_context(client: ApiClient | None) -> Any:
    import ssl

    import certifi

    configuration = getattr(client, "configuration", None)
    path = getattr(configuration, "ssl_ca_cert", None) or os.environ.get("SSL_CERT_FILE") or certifi.where()
    return ssl.create_default_context(cafile=path)


def _is_in_index(index: str, name: str, context: Any) -> bool | None:
    """Returns whether an index has a package; None if it can't be asked."""
    import http.client
    import urllib.error
    import urllib.request

    if not re.fullmatch(r"[a-z0-9-]+", name):
        return False
    if urlsplit(index).scheme not in ("http", "https"):
        return None
    try:
        request = urllib.request.Request(f"{index.rstrip('/')}/{name}/", method="HEAD")  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=_SECONDS, context=context):  # noqa: S310 - checked above  # nosec B310
            return True
    except urllib.error.HTTPError as error:
        with error:
            return False if error.code == 404 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
