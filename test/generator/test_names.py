"""The rules for names and types agree with the hand-written part of the library."""

from __future__ import annotations

import re
import typing

import pytest

import ubiops
from generator import names
from generator.call_options import read_call_options
from generator.ir import Field, Limits, Type
from ubiops._core import request
from ubiops.api._base import Api
from ubiops.exceptions import class_for_status
from ubiops.models._base import RequestModel
from ubiops.options import CallOptions


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("project_name", "project_name"),
        ("projectName", "project_name"),
        ("HTTPPort", "http_port"),
        ("v2Name", "v2_name"),
        ("content-type", "content_type"),
        ("x.y z", "x_y_z"),
        ("class", "class_"),
        ("None", "none"),
        ("_id", "id"),
        ("to_dict", "to_dict_"),
        ("datetime", "datetime_"),
        ("type", "type"),
        ("1st", None),
        ("_", None),
        ("", None),
        ("größe", "gr__e"),
    ],
)
def test_names_of_fields(name: str, python: str | None) -> None:
    assert names.python_name(name, names.RESERVED_FIELDS) == python


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("DeploymentVersionPort", "deployment_version_port"),
        ("InputOutputFieldDetail", "input_output_field_detail"),
        ("HTTPReply", "http_reply"),
        ("V2Book", "v2_book"),
        ("Import", "import_"),
    ],
)
def test_names_of_modules(name: str, module: str) -> None:
    assert names.module_name(name) == module


@pytest.mark.parametrize(
    ("area", "name"),
    [
        ("deployments", "Deployments"),
        ("request_schedules", "RequestSchedules"),
        ("imports_and_exports", "ImportsAndExports"),
    ],
)
def test_names_of_classes(area: str, name: str) -> None:
    assert names.class_name(area) == name


@pytest.mark.parametrize(
    ("name", "valid"),
    [("books_list", True), ("v2_list", True), ("list", True), ("booksList", False), ("_list", False), ("a__b", False)],
)
def test_names_of_methods_and_areas(name: str, valid: bool) -> None:
    assert names.is_lower_name(name) is valid


def test_a_keyword_is_not_the_name_of_a_method() -> None:
    assert not names.is_lower_name("import")


@pytest.mark.parametrize(
    ("model", "one", "many"),
    [
        ("DeploymentCreateResponse", "deployment", "deployments"),
        ("DeploymentVersionDetail", "deployment_version", "deployment_versions"),
        ("RevisionCreate", "revision", "revisions"),
        ("Room", "room", "rooms"),
        ("List", "list", "lists"),
        ("ImportList", "import_", "imports"),
        ("Status", "status", "status"),
        ("BatchResponse", "batch", "batches"),
        ("InstanceListPaginated", "instance_page", "instance_pages"),
        ("RequestSingleDetail", "request", "requests"),
        ("EnvironmentTagDependency", "environment_tag_dependency", "environment_tag_dependencies"),
    ],
)
def test_nouns(model: str, one: str, many: str) -> None:
    assert (names.noun(model), names.noun(model, plural=True)) == (one, many)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 502, 503])
def test_exceptions_are_those_that_are_raised(status: int) -> None:
    assert names.exception_name(status) == class_for_status(status).__name__


def test_a_field_never_hides_an_attribute_of_models() -> None:
    public = {name for name in dir(RequestModel) if not name.startswith("_")}
    assert public <= names.RESERVED_FIELDS


def test_a_method_never_hides_an_attribute_of_its_class() -> None:
    public = {name for name in dir(Api) if not name.startswith("_")}
    assert public | {"api_client"} == names.RESERVED_METHODS


def test_a_model_never_hides_a_public_name() -> None:
    # A model may have the name of an area: `ubiops.Name` is the model then, and
    # `ubiops.api.Name` the area.
    areas = set(ubiops.api.__all__) - {"CoreApi"}
    public = set(ubiops.__all__) - set(ubiops.models.__all__) - areas | set(ubiops.exceptions.__all__)
    taken = names.RESERVED_MODELS | {name for name in public if name.endswith(("Error", "Exception", "Warning"))}
    assert {name for name in public if names.is_class_name(name)} <= taken | {"NULL"}


def test_the_documented_options_are_those_that_calls_accept() -> None:
    documented = read_call_options()
    assert set(typing.get_type_hints(CallOptions)) == set(documented)
    assert set(documented) == request.OPTIONS
    assert set(documented) < names.RESERVED_ARGUMENTS
    assert all(text.endswith(".") and "Default: " in text for text in documented.values())


PAGES = Type("list", item=Type("model", "Page"))


@pytest.mark.parametrize(
    ("kind", "declared", "read", "write"),
    [
        (Type("string"), "str", "str", "str"),
        (Type("string", format="uuid"), "str", "str", "str"),
        (Type("integer"), "int", "int", "int"),
        (Type("number"), "float", "float", "float"),
        (Type("boolean"), "bool", "bool", "bool"),
        (Type("datetime"), "datetime", "datetime", "datetime | str"),
        (Type("object"), "object", "dict[str, Any]", "Mapping[str, Any]"),
        (Type("map"), "dict(str, str)", "dict[str, str]", "Mapping[str, str]"),
        (Type("model", "Page"), "Page", "Page", "Page | Mapping[str, Any]"),
        (PAGES, "list[Page]", "list[Page]", "Sequence[Page | Mapping[str, Any]]"),
        (Type("list", item=Type("string")), "list[str]", "list[str]", "Sequence[str]"),
        (Type("list", item=Type("object")), "list[object]", "list[dict[str, Any]]", "Sequence[Mapping[str, Any]]"),
        (Type("date"), "date", "date", "date | str"),
        (Type("any"), "object", "Any", "Any"),
        (
            Type("map", item=Type("object")),
            "dict(str, object)",
            "dict[str, dict[str, Any]]",
            "Mapping[str, Mapping[str, Any]]",
        ),
        (Type("file"), "file", "Response", "FileValue"),
    ],
)
def test_types(kind: Type, declared: str, read: str, write: str) -> None:
    assert (kind.declared, kind.read, kind.write) == (declared, read, write)


@pytest.mark.parametrize(
    ("kind", "grammar", "write"),
    [
        (Type("string"), "str", "str"),
        (Type("object"), "object", "Mapping[str, Any]"),
        (Type("any"), "any", "Any"),
        (Type("list", item=Type("any")), "list[any]", "Sequence[Any]"),
        (
            Type("union", item=Type("model", "Page")),
            "Page | list[Page]",
            "Page | Mapping[str, Any] | Sequence[Page | Mapping[str, Any]]",
        ),
        (Type("events"), "events", "EventStream"),
    ],
)
def test_types_of_bodies_and_responses(kind: Type, grammar: str, write: str) -> None:
    assert (kind.grammar, kind.write) == (grammar, write)


def field(kind: Type, *, required: bool = False, nullable: bool = False, limits: Limits | None = None) -> Field:
    return Field("shelfMark", "shelf_mark", "Mark.", kind, limits or Limits(), required, nullable)


def test_annotations_of_fields() -> None:
    text = Type("string")
    assert field(text).attribute == "str"
    assert field(text, nullable=True).attribute == "str | None"
    assert field(text, required=True).written == "str"
    assert field(text).written == "str | Null | None"


def test_declarations_of_fields() -> None:
    text = Type("string")
    assert field(text).declaration(sent=True) == "field(default=None, key='shelfMark')"
    assert field(text, required=True).declaration(sent=True) == "field(key='shelfMark')"
    limited = field(Type("integer"), limits=Limits(minimum=0, maximum=9))
    assert limited.declaration(sent=True) == "field(default=None, key='shelfMark', minimum=0, maximum=9)"
    assert limited.declaration(sent=False) == "field(default=None, key='shelfMark')"


def test_choices_are_in_the_annotation() -> None:
    choice = field(Type("integer"), limits=Limits(enum=(1, 2), minimum=1))
    assert choice.written == "Literal[1, 2] | Null | None"
    assert choice.attribute == "int"
    assert "minimum" not in choice.declaration(sent=True)


@pytest.mark.parametrize("pattern", ["^a$", "^a", r"a\$"])
def test_a_pattern_lets_no_line_break_pass_at_its_end(pattern: str) -> None:
    used = Limits(pattern=pattern).arguments["pattern"]
    for text in ("a", "a$", "ba"):
        assert bool(re.search(used, text)) == bool(re.search(pattern, text))
    assert pattern != "^a$" or not re.search(used, "a\n")
