"""Reads the zip file of an import: what it contains, in the form that the API has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from ubiops._packages.archive import open_archive
from ubiops._packages.errors import UnusableError
from ubiops.emulator.areas.imports_and_exports import layout
from ubiops.emulator.areas.imports_and_exports.layout import DEPLOYMENTS, OBJECTS, SUFFIXES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ubiops._packages.archive import ZipFiles

# Bounds, as anyone may have made the file and reading YAML is slow.
MAXIMUM_FILE = 256 * 1024
MAXIMUM_TOTAL = 4 * 1024**2
MAXIMUM_OBJECTS = 1_000
_LITTER = ("__MACOSX", ".DS_Store")
# The files of an object beside its settings.
_PACKAGES = (".zip", ".txt")


class _Loader(yaml.SafeLoader):
    """Reads YAML whose size bounds what it stands for: there are no references."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references to other parts of the file are not supported")
        return super().compose_node(parent, index)


# Dates are texts, as in JSON.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_archive(path: Path) -> dict[str, Any]:
    """Returns the objects of a zip file by kind and name.

    Raises:
        UnusableError: It isn't a file that can be imported. The message says why.
    """
    with open_archive(path) as archive:
        return _Reader(archive).read()


def member_path(path: Path, name: str) -> str:
    """Returns the name in the archive of a file below its root folder.

    Raises:
        UnusableError: There is no such file.
    """
    with open_archive(path) as archive:
        found = _root(archive) + name
        if found not in archive.names:
            raise UnusableError(f"the file {name} is missing")
        return found


class _Reader:
    def __init__(self, archive: ZipFiles) -> None:
        self._archive = archive
        self._root = _root(archive)
        # The files of interest by their paths below the root folder.
        self._names = {name[len(self._root) :]: name for name in archive.names if _is_wanted(name, self._root)}
        self._size = 0
        self._count = 0

    def read(self) -> dict[str, Any]:
        info = self._load(layout.INFO)
        if str(info.get("format_spec")) != layout.FORMAT:
            raise UnusableError(f"format_spec of {layout.INFO} must be {layout.FORMAT}")
        found: dict[str, Any] = {kind: {} for kind in layout.KINDS}
        if layout.VARIABLES in self._names:
            listed = self._load(layout.VARIABLES).get("environment_variables")
            found["environment_variables"] = _variables(listed, layout.VARIABLES)
        for kind in OBJECTS:
            for path in self._settings_of(kind):
                name, settings = self._object(kind, path)
                if name in found[kind.folder]:
                    raise UnusableError(f"{path}: there is another {kind.noun} {name!r}")
                found[kind.folder][name] = settings
        return found

    def _settings_of(self, kind: Kind) -> Iterator[str]:
        """Yields the files with the settings of objects: one in each folder."""
        folders: dict[str, str] = {}
        for path in self._names:
            parts = path.split("/")
            if parts[0] != kind.folder or not path.endswith(SUFFIXES) or len(parts) != 3:
                continue
            if parts[1] in folders:
                raise UnusableError(f"the folder {kind.folder}/{parts[1]} has several files with settings")
            folders[parts[1]] = path
        for path in self._names:
            parts = path.split("/")
            if parts[0] == kind.folder and len(parts) > 2 and parts[1] not in folders:
                raise UnusableError(f"the folder {kind.folder}/{parts[1]} has no file with settings")
        yield from folders.values()

    def _object(self, kind: Kind, path: str) -> tuple[str, dict[str, Any]]:
        name, settings = self._settings(path, kind.noun)
        if not kind.has_versions:
            return name, {**settings, **self._package(path)}
        if kind is DEPLOYMENTS:
            settings["environment_variables"] = _variables(settings.get("environment_variables"), path)
        versions: dict[str, Any] = {}
        start = f"{path.rpartition('/')[0]}/versions/"
        for below in self._names:
            if below.startswith(start) and below.endswith(SUFFIXES) and "/" not in below[len(start) :]:
                version, of_version = self._settings(below, "version")
                if version in versions:
                    raise UnusableError(f"{below}: there is another version {version!r}")
                if kind is DEPLOYMENTS:
                    listed = of_version.get("environment_variables")
                    of_version["environment_variables"] = _variables(listed, below)
                    of_version.update(self._package(below))
                versions[version] = of_version
        return name, {**settings, "versions": versions}

    def _settings(self, path: str, noun: str) -> tuple[str, dict[str, Any]]:
        loaded = self._load(path)
        known = {f"{noun}_{key}": key for key in layout.PREFIXED}
        settings = {known.get(key, key): value for key, value in loaded.items()}
        name = settings.pop("name", None)
        if not isinstance(name, str) or not name:
            raise UnusableError(f"{path}: {noun}_name is required")
        return name, settings

    def _package(self, path: str) -> dict[str, str]:
        base = path.rpartition(".")[0]
        found = next((base + suffix for suffix in _PACKAGES if base + suffix in self._names), None)
        return {} if found is None else {"zip": found}

    def _load(self, path: str) -> dict[str, Any]:
        self._count += 1
        if self._count > MAXIMUM_OBJECTS:
            raise UnusableError(f"it has more than {MAXIMUM_OBJECTS:,} files with settings")
        content = self._archive.read(self._names[path], MAXIMUM_FILE)
        self._size += len(content)
        if self._size > MAXIMUM_TOTAL:
            raise UnusableError(f"its settings are larger than {MAXIMUM_TOTAL // 1024**2} MB together")
        try:
            loaded = yaml.load(content, Loader=_Loader)  # noqa: S506  # nosec B506
            # What JSON has no place for can be neither stored nor sent.
            json.dumps(loaded, allow_nan=False, ensure_ascii=False).encode("utf-8")
            value = json.loads(json.dumps(loaded))
        except RecursionError as error:
            raise UnusableError(f"{path} is nested too deeply") from error
        except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
            raise UnusableError(f"{path} is not valid: {_one_line(error)}") from error
        if not isinstance(value, dict):
            raise UnusableError(f"{path} must contain keys and values")
        return value


def _root(archive: ZipFiles) -> str:
    """Returns the folder that holds info.yaml, with a slash, whatever its name is."""
    found = [name for name in archive.names if name.rpartition("/")[2] == layout.INFO and not _is_litter(name)]
    if not found:
        raise UnusableError(f"The file {layout.INFO} is missing")
    shortest = min(found, key=lambda name: (name.count("/"), name))
    return shortest[: -len(layout.INFO)]


def _is_wanted(name: str, root: str) -> bool:
    return name.startswith(root) and not _is_litter(name[len(root) :])


def _is_litter(name: str) -> bool:
    return any(part in _LITTER for part in name.split("/"))


def _variables(listed: Any, path: str) -> dict[str, Any]:
    """Returns a list of variables by their names."""
    if listed is None:
        return {}
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UnusableError(f"{path}: environment variables must be a list of name, value and secret")
    found: dict[str, Any] = {}
    for one in listed:
        name, value = one.get("name"), one.get("value")
        if not isinstance(name, str) or name in found:
            raise UnusableError(f"{path}: each environment variable needs a name of its own")
        if value is not None and not isinstance(value, str):
            raise UnusableError(f"{path}: the value of environment variable {name} must be a text in quotes")
        found[name] = {"value": value, "secret": bool(one.get("secret", False))}
    return found


def _one_line(error: Exception) -> str:
    problem = getattr(error, "problem", None)
    mark = getattr(error, "problem_mark", None)
    text = str(problem or error).partition("\n")[0]
    return f"{text} (line {mark.line + 1})" if mark is not None else text
