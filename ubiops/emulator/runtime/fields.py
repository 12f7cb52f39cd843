"""Checks results against output fields, and moves files in and out of buckets."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ubiops.emulator.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ubiops.emulator.core.interfaces import BucketFiles

URI_PREFIX = "ubiops-file://"
DEFAULT_BUCKET = "default"
BUCKET_VARIABLE = "SYS_DEFAULT_BUCKET"
DEEPEST = 100
NO_BUCKETS = "This emulator has no buckets, so it can't handle the field {!r} of the type {}"

# How often a file is looked for that is replaced again and again.
_TRIES = 5
_LONGEST_NAME = 200

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "double": (int, float),
    "string": (str,),
    "bool": (bool,),
    "dict": (dict,),
}


class FieldError(Exception):
    """An input or output that can't be used. The message is meant for the caller."""


class FileStore:
    """The files of one request.

    Args:
        buckets: The buckets, if the emulator has any.
        project: The project.
        request: The id of the request.
        forbidden: A folder whose files code must not hand out: the emulator's own.
    """

    def __init__(self, buckets: BucketFiles | None, project: str, request: str, forbidden: Path) -> None:
        self._buckets = buckets
        self.project = project
        self._request = request
        self._forbidden = forbidden

    def fetch(self, inputs: Sequence[Any], fields: Mapping[str, str] | None, folder: Path) -> list[Any]:
        """Returns inputs with local paths in place of the URIs in fields for files.

        The files are copied: the code may change them.

        Raises:
            FieldError: A file can't be found.
        """
        names = file_fields(fields)
        if not names:
            return list(inputs)
        number = 0

        def fetch(name: str, kind: str, uri: Any) -> Any:
            nonlocal number
            if not isinstance(uri, str) or not uri.startswith(URI_PREFIX):
                return uri
            if self._buckets is None:
                raise FieldError(NO_BUCKETS.format(name, kind))
            number += 1
            try:
                target = folder / str(number) / _base_name(uri)
                target.parent.mkdir(parents=True)
                self._copy(self._buckets, uri, target)
            except ApiError as error:
                raise FieldError(f"The file {uri} of the field {name!r} can't be read: {error.message}") from error
            except OSError as error:
                raise FieldError(f"The file {uri} of the field {name!r} can't be read: {error.strerror}") from error
            return str(target)

        return [_replace_files(item, names, fetch) for item in inputs]

    def store(self, result: Any, fields: Mapping[str, str] | None, folder: Path, bucket: str) -> Any:
        """Returns a result with URIs in place of the paths in fields for files.

        Args:
            result: The result, which has been checked.
            fields: The output fields.
            folder: The working folder of the code.
            bucket: The bucket for files that name none.

        Raises:
            FieldError: A file doesn't exist, or can't be stored.
        """
        names = file_fields(fields)
        if not names:
            return result

        def store(name: str, kind: str, value: Any) -> Any:
            if value is None or (isinstance(value, str) and value.startswith(URI_PREFIX)):
                return value
            chosen = value if isinstance(value, dict) else {"file": value}
            path = self._local_file(folder, chosen["file"], name)
            if self._buckets is None:
                raise FieldError(NO_BUCKETS.format(name, kind))
            # Where the platform puts it was seen only as a folder: a guess.
            place = chosen.get("bucket_file") or f"deployment_requests/{self._request}/output/{path.name}"
            target = chosen.get("bucket") or bucket
            try:
                return self._buckets.put(self.project, target, place, path)
            except ApiError as error:
                raise FieldError(f"The file of the output field {name!r} can't be stored: {error.message}") from error
            except OSError as error:
                raise FieldError(f"The file of the output field {name!r} can't be stored: {error.strerror}") from error

        if isinstance(result, list):
            return [self.store(item, fields, folder, bucket) for item in result]
        return _replace_files(result, names, store)

    def _copy(self, buckets: BucketFiles, uri: str, target: Path) -> None:
        for last in (False,) * (_TRIES - 1) + (True,):
            source = buckets.open(self.project, uri)
            try:
                shutil.copyfile(source, target)
                return
            except FileNotFoundError:
                # Another file has just taken its place.
                if last:
                    raise

    def _local_file(self, folder: Path, value: str, name: str) -> Path:
        try:
            path = Path(os.path.realpath(folder / os.path.expanduser(value)))
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            raise FieldError(f"The file {value!r} of the output field {name!r} does not exist") from error
        if not stat.S_ISREG(mode):
            raise FieldError(f"{value!r}, which the output field {name!r} names, is not a file")
        if _is_below(path, self._forbidden) and not _is_below(path, folder.parent):
            raise FieldError(f"The file {value!r} of the output field {name!r} belongs to the emulator")
        return path


def check_result(result: Any, fields: Mapping[str, str] | None, *, files: bool = True) -> None:
    """Checks what code returned for one request.

    A list is checked item by item: code may return many results for one input. That an
    unknown field is an error, and null is not, are guesses.

    Args:
        result: The result.
        fields: The output fields; None if outputs are plain.
        files: Whether fields for files hold local paths.

    Raises:
        FieldError: The result doesn't have the fields.
    """
    _check_depth(result)
    if fields is not None:
        for item in result if isinstance(result, list) else [result]:
            if isinstance(item, list):
                check_result(item, fields, files=files)
            else:
                _check_fields(item, fields)


def _check_fields(result: Any, fields: Mapping[str, str]) -> None:
    if not isinstance(result, dict):
        wanted = ", ".join(fields) or "none"
        raise FieldError(
            f"The deployment returned {_type_name(result)} instead of a dictionary with its output fields ({wanted})"
        )
    missing = [name for name in fields if name not in result]
    if missing:
        raise FieldError(f"The deployment's result lacks the output field {missing[0]!r}")
    unknown = [name for name in result if name not in fields]
    if unknown:
        raise FieldError(f"The deployment's result has the field {unknown[0]!r:.100}, which is not an output field")
    for name, kind in fields.items():
        value = result[name]
        if value is not None and not _fits(value, kind):
            raise FieldError(f"The output field {name!r} must be of the type {kind}, but is {_type_name(value)}")


def _fits(value: Any, kind: str) -> bool:
    if kind.startswith("array_"):
        inner = kind[len("array_") :]
        return isinstance(value, list) and all(_fits(item, inner) for item in value)
    if kind == "file":
        return isinstance(value, str) or (
            isinstance(value, dict)
            and isinstance(value.get("file"), str)
            and all(isinstance(value.get(name), (str, type(None))) for name in ("bucket", "bucket_file"))
        )
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _TYPES.get(kind, (object,)))


def _check_depth(result: Any) -> None:
    """Rejects what the emulator's own JSON functions could not handle."""
    level, depth = [result], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise FieldError(f"The deployment's result is nested too deeply: at most {DEEPEST} levels are allowed")
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(one for one in value.values() if isinstance(one, (dict, list)))
            elif isinstance(value, list):
                inner.extend(one for one in value if isinstance(one, (dict, list)))
        level = inner


def file_fields(fields: Mapping[str, str] | None) -> dict[str, str]:
    """Returns the fields for files with their types."""
    return {name: kind for name, kind in (fields or {}).items() if kind in ("file", "array_file")}


def _replace_files(item: Any, names: Mapping[str, str], replace: Callable[[str, str, Any], Any]) -> Any:
    if not isinstance(item, dict):
        return item
    changed = dict(item)
    for name, kind in names.items():
        value = changed.get(name)
        if kind == "array_file" and isinstance(value, list):
            changed[name] = [replace(name, kind, one) for one in value]
        elif value is not None:
            changed[name] = replace(name, kind, value)
    return changed


def _base_name(uri: str) -> str:
    name = uri.rpartition("/")[2].replace("\0", "_")
    # File systems accept shorter names than buckets. The end tells the type.
    name = name.encode("utf-8")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return name if name not in ("", ".", "..") else "file"


def _is_below(path: Path, folder: Path) -> bool:
    return folder in path.parents


def _type_name(value: Any) -> str:
    names = {dict: "a dictionary", list: "a list", str: "a string", bool: "a boolean", int: "an integer"}
    return "null" if value is None else names.get(type(value), "a number")
