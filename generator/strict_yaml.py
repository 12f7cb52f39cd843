"""Reads YAML without surprises: no dates, no yes and no, no duplicate keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from generator.errors import DescriptionError

if TYPE_CHECKING:
    from pathlib import Path


class _Loader(yaml.SafeLoader):
    """Loads YAML with the plain values of JSON: ``NO`` and ``2024-03-05`` are text."""

    # The resolvers of YAML 1.1 are not inherited.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the base declares it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} must be quoted", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"null|~|", "n~"),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [*_first, ""])


def read_yaml(path: Path, name: str) -> Any:
    """Reads a file.

    Args:
        path: The file.
        name: Its name in errors.

    Raises:
        DescriptionError: The file does not exist, or is not the YAML that is supported.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DescriptionError(name, f"the file can't be read: {error.strerror}", "correct the path") from None
    except UnicodeDecodeError as error:
        raise DescriptionError(name, f"the file is not UTF-8: {error.reason}", "save it as UTF-8") from None
    try:
        return yaml.load(text, Loader=_Loader)  # a loader that makes plain values only  # noqa: S506  # nosec B506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise DescriptionError(place, f"not supported YAML: {error.problem}", "correct the line") from None
    except yaml.YAMLError as error:
        raise DescriptionError(name, f"not supported YAML: {error}", "correct the file") from None
