"""Features of all models: reading, validation, repr, copying and sending."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle
import pprint
import subprocess
import sys
import warnings
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

import ubiops
from ubiops._core.codec import dump_json
from ubiops._core.dates import read_date, read_datetime
from ubiops.models._base import Model, Null, RequestModel
from ubiops.models._checks import as_model

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2020-05-12T16:23:15.456812Z", datetime(2020, 5, 12, 16, 23, 15, 456812, UTC)),
        ("2020-12-23T16:15:11.200+00:00", datetime(2020, 12, 23, 16, 15, 11, 200000, UTC)),
        ("2020-12-23T16:15:11Z", datetime(2020, 12, 23, 16, 15, 11, 0, UTC)),
        ("2020-12-23T16:15:11.2Z", datetime(2020, 12, 23, 16, 15, 11, 200000, UTC)),
        ("2020-12-23T16:15:11.123456789Z", datetime(2020, 12, 23, 16, 15, 11, 123456, UTC)),
        ("2020-12-23 16:15:11+02:00", datetime(2020, 12, 23, 16, 15, 11, 0, timezone(timedelta(hours=2)))),
        ("2020-12-23T16:15:11", datetime(2020, 12, 23, 16, 15, 11)),
        ("Wed, 23 Dec 2020 16:15:11 GMT", datetime(2020, 12, 23, 16, 15, 11, 0, UTC)),
    ],
)
def test_dates_are_read_in_every_form_that_the_api_has_sent(text: str, value: datetime) -> None:
    read = read_datetime(text)
    assert read == value
    assert read.utcoffset() == value.utcoffset()


@pytest.mark.parametrize(
    "value",
    [
        "2020-06-22T18:04:76.123754Z",
        "",
        "yesterday",
        "May",
        "16:15",
        "10",
        "2020-13-01T00:00:00Z",
        "9" * 500,
        None,
        5,
        [],
        True,
    ],
)
def test_a_value_that_is_not_a_date_is_returned_unchanged(value: Any) -> None:
    assert read_datetime(value) is value
    assert read_date(value) is value


def test_dates_without_a_time_are_read() -> None:
    assert read_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize("value", ["2023-02-29", "20240229", "2024-W09-4", "2024-02-29T00:00:00Z"])
def test_only_one_form_of_a_date_is_read_in_all_versions_of_python(value: str) -> None:
    assert read_date(value) is value


def port(**changes: Any) -> ubiops.DeploymentVersionPort:
    return ubiops.DeploymentVersionPort(**{"public_port": 2222, "deployment_port": 22, "protocol": "tcp", **changes})


def field(name: str = "n", **more: Any) -> dict[str, Any]:
    return {"name": name, "data_type": "int", **more}


def deployment(**changes: Any) -> ubiops.DeploymentCreate:
    return ubiops.DeploymentCreate(**{"name": "d", "input_type": "structured", "output_type": "plain", **changes})


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": None}, ubiops.ApiValueError, "DeploymentCreate.name must be given (it is required), got None"),
        ({"name": ubiops.NULL}, ubiops.ApiValueError, "DeploymentCreate.name must not be null (it is required)"),
        ({"name": ""}, ubiops.ApiValueError, "DeploymentCreate.name must have at least 1 character, got ''"),
        ({"name": "x" * 65}, ubiops.ApiValueError, "DeploymentCreate.name must have at most 64 characters, got 65"),
        ({"name": 5}, ubiops.ApiTypeError, "DeploymentCreate.name must be a string, got int: 5"),
        (
            {"input_type": "Plain"},
            ubiops.ApiValueError,
            "DeploymentCreate.input_type must be one of 'structured', 'plain'",
        ),
        ({"labels": {"a": 1}}, ubiops.ApiTypeError, "DeploymentCreate.labels['a'] must be a string, got int: 1"),
        ({"labels": {1: "a"}}, ubiops.ApiTypeError, "DeploymentCreate.labels must have strings as keys, got int: 1"),
        ({"labels": "a:b"}, ubiops.ApiTypeError, "DeploymentCreate.labels must be a dict, got str: 'a:b'"),
        ({"input_fields": {}}, ubiops.ApiTypeError, "DeploymentCreate.input_fields must be a list, got dict: {}"),
        ({"input_fields": [5]}, ubiops.ApiTypeError, "DeploymentCreate.input_fields[0] must be a"),
        ({"input_fields": [None]}, ubiops.ApiValueError, "DeploymentCreate.input_fields[0] must be given"),
        (
            {"input_fields": [field(), {"name": "m"}]},
            ubiops.ApiValueError,
            "DeploymentCreate.input_fields[1].data_type must be given",
        ),
        (
            {"input_fields": [field(widget={"type": "knob"})]},
            ubiops.ApiValueError,
            "DeploymentCreate.input_fields[0].widget.type must be one of",
        ),
    ],
)
def test_a_model_is_validated_when_it_is_built(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        deployment(**changes)
    assert message in str(caught.value)


# --- several errors at once -----------------------------------------------------------


def test_all_invalid_fields_are_reported_at_once() -> None:
    with pytest.raises(ubiops.ApiValueError) as caught:
        deployment(name=None, labels={"a": 1, "b": 2}, input_fields=[field(), {"name": 5}, 6])
    assert str(caught.value).splitlines() == [
        "DeploymentCreate has 6 invalid values:",
        "  DeploymentCreate.name must be given (it is required), got None",
        "  DeploymentCreate.input_fields[1].name must be a string, got int: 5",
        "  DeploymentCreate.input_fields[1].data_type must be given (it is required), got None",
        "  DeploymentCreate.input_fields[2] must be a DeploymentInputFieldCreate or a dict, got int: 6",
        "  DeploymentCreate.labels['a'] must be a string, got int: 1",
        "  DeploymentCreate.labels['b'] must be a string, got int: 2",
    ]


def test_several_values_of_the_wrong_type_are_a_type_error() -> None:
    with pytest.raises(ubiops.ApiTypeError, match="DeploymentCreate has 2 invalid values"):
        deployment(name=5, labels=6)


def test_all_invalid_fields_of_a_dict_are_reported_too() -> None:
    with pytest.raises(ubiops.ApiValueError, match="DeploymentCreate has 3 invalid values"):
        as_model({"name": "", "input_type": "x", "output_type": 1}, "DeploymentCreate", ubiops.DeploymentCreate)


# --- unknown names --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nmae", "DeploymentCreate has no field 'nmae', which is ignored; did you mean 'name'?"),
        ("xyz", "DeploymentCreate has no field 'xyz', which is ignored; it has name, description, supports_"),
    ],
)
def test_an_unknown_keyword_is_dropped_with_a_warning(name: str, message: str) -> None:
    with pytest.warns(ubiops.UnknownFieldWarning) as caught:
        model = deployment(**{name: "d"})
    assert len(caught) == 1
    assert str(caught[0].message).startswith(message)
    # The warning is about the line that builds the model.
    assert caught[0].filename == __file__
    assert name not in json.loads(dump_json(model))
    assert model == deployment()


def test_an_unknown_keyword_that_is_none_is_ignored() -> None:
    assert deployment(supports_request_format=None) == deployment()


@pytest.mark.parametrize(
    ("extra", "place", "meant"),
    [
        ({"descripton": "d"}, "DeploymentCreate", "'descripton', but it is sent; did you mean 'description'"),
        ({"input_fields": [{**field(), "widgets": {}}]}, "DeploymentCreate.input_fields.0.", "did you mean 'widget'"),
    ],
)
def test_a_misspelled_key_of_a_dict_is_sent_with_a_warning(extra: dict[str, Any], place: str, meant: str) -> None:
    data = {**deployment().to_dict(), **extra}
    with pytest.warns(ubiops.UnknownFieldWarning, match=f"^{place} has no field .*{meant}"):
        model = as_model(data, "DeploymentCreate", ubiops.DeploymentCreate)
    sent = json.loads(dump_json(model))
    assert all(sent[name] == value for name, value in extra.items())


def test_a_key_of_a_dict_that_resembles_no_field_or_one_that_is_given_is_sent_silently() -> None:
    data = {"name": "d", "input_type": "plain", "output_type": "plain", "names": ["d"], "zone": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = as_model(data, "DeploymentCreate", ubiops.DeploymentCreate)
    assert json.loads(dump_json(model)) == data


def test_setting_an_unknown_attribute_of_a_request_model_gives_a_warning() -> None:
    model = deployment()
    with pytest.warns(ubiops.UnknownFieldWarning, match="'descripton', so it is not sent; did you mean 'description'"):
        model.descripton = "d"  # type: ignore[attr-defined]
    model.description = "e"
    assert json.loads(dump_json(model)) == {**json.loads(dump_json(deployment())), "description": "e"}


def test_a_response_model_accepts_further_attributes() -> None:
    version: Any = ubiops.DeploymentVersionDetail.from_dict({"version": "v1", "newer": 1})
    version.input_type = "plain"
    version.newer = 2
    assert version.input_type == "plain"
    assert version.additional_properties == {"newer": 2}
    for written in (version.to_dict(), version._to_json(), eval(repr(version.to_str()))):  # noqa: S307
        assert "input_type" not in written
    assert vars(version)["input_type"] == "plain"
    for again in (copy.copy(version), copy.deepcopy(version), pickle.loads(pickle.dumps(version))):
        assert again == version
        assert again.input_type == "plain"
        assert "input_type" not in again.to_dict()
    del version.input_type
    assert not hasattr(version, "input_type")


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python makes suggestions since 3.10")
def test_reading_an_attribute_that_does_not_exist_suggests_a_field() -> None:
    code = "import ubiops; ubiops.DeploymentVersionPort.from_dict({}).protocl"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    shown = done.stderr
    assert "'DeploymentVersionPort' object has no attribute 'protocl'. Did you mean: 'protocol'?" in shown


# --- names of methods -----------------------------------------------------------------


HOSTILE = sorted({*dir(Model), *dir(ubiops.DeploymentDetail), "__getattr__", "__deepcopy__", "__copy__", "__html__"})


@pytest.mark.parametrize("name", HOSTILE)
def test_no_key_of_a_response_hides_a_method(name: str) -> None:
    data = {"name": "d", "creation_date": "2024-01-01T00:00:00Z", "input_fields": [{"name": "a"}], name: "hostile"}
    model = ubiops.DeploymentDetail.from_dict(data)
    assert model.to_dict()[name] == "hostile"
    assert "hostile" in model.to_str()
    assert model._to_json()[name] == "hostile"
    assert model.attribute_map is ubiops.DeploymentDetail.attribute_map
    assert model.openapi_types is ubiops.DeploymentDetail.openapi_types
    assert type(model).from_dict(model.to_dict()) == model == model.from_dict(model.to_dict())
    assert repr(model).startswith("DeploymentDetail(")
    assert (name in model.additional_properties) == (name not in model.attribute_map)
    for again in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again == model
    vars(model), dir(model)


def test_methods_can_not_be_replaced() -> None:
    for name in ("to_dict", "openapi_types"):
        with pytest.raises(AttributeError):
            setattr(port(), name, None)


# --- reading --------------------------------------------------------------------------


def test_the_dict_that_is_read_belongs_to_the_caller() -> None:
    data: dict[str, Any] = {"name": "d", "input_fields": [{"name": "a", "widget": {"type": "x"}}], "creation_date": "x"}
    before = copy.deepcopy(data)
    model = ubiops.DeploymentDetail.from_dict(data)
    model.name = "e"
    model.input_fields[0].name = "b"
    model.input_fields[0].widget.type = "y"
    model.to_dict()["input_fields"].append(1)
    assert data == before


def test_unknown_fields_are_shown_as_such() -> None:
    model = ubiops.InputOutputFieldList.from_dict({"name": "d", "newer": [1]})
    assert repr(model) == ("InputOutputFieldList(name='d', data_type=None, additional_properties={'newer': [1]})")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"public_port": 0}, "DeploymentVersionPort.public_port must be at least 1, got 0"),
        ({"public_port": 65536}, "DeploymentVersionPort.public_port must be at most 65535, got 65536"),
        ({"public_port": True}, "DeploymentVersionPort.public_port must be an integer, got bool: True"),
        ({"public_port": 1.0}, "DeploymentVersionPort.public_port must be an integer, got float: 1.0"),
        ({"public_port": "1"}, "DeploymentVersionPort.public_port must be an integer, got str: '1'"),
    ],
)
def test_numbers_must_be_in_their_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ubiops.OpenApiException) as caught:
        port(**changes)
    assert str(caught.value) == message


def test_a_missing_field_is_a_value_error_as_in_the_official_client() -> None:
    with pytest.raises(ubiops.ApiValueError, match="EnvironmentVariableCopy.source_deployment must be given"):
        ubiops.EnvironmentVariableCopy()  # type: ignore[call-arg]


def test_a_changed_model_is_validated_when_it_is_sent() -> None:
    data = deployment()
    data.name = ""
    with pytest.raises(ubiops.ApiValueError, match="DeploymentCreate.name must have at least 1 character"):
        ubiops.CoreApi().deployments_create("p", data)


def test_none_is_omitted_and_null_is_sent() -> None:
    data = deployment(description=None, labels=ubiops.NULL, input_fields=[field(widget=None)])
    assert json.loads(dump_json(data)) == {
        "name": "d",
        "input_type": "structured",
        "output_type": "plain",
        "labels": None,
        "input_fields": [field()],
    }


def test_a_dict_can_contain_models() -> None:
    widget = ubiops.InputFieldWidgetCreate(type="slider", configuration={"min": 0, "max": 1.5, "list": [None]})
    as_model = ubiops.DeploymentInputFieldCreate(name="n", data_type="int", widget=widget)
    as_dict = field(widget={"type": "slider", "configuration": {"min": 0, "max": 1.5, "list": [None]}})
    for fields in ([as_model], [as_dict], (as_dict,), [field(widget=widget)]):
        assert json.loads(dump_json(deployment(input_fields=fields)))["input_fields"] == [as_dict]


def test_unknown_fields_of_a_response_are_kept_and_returned() -> None:
    read = ubiops.DeploymentVersionPort.from_dict({"public_port": 1, "new": {"a": [1]}, "other": None})
    assert (read.public_port, read.protocol) == (1, None)
    assert read.additional_properties == {"new": {"a": [1]}, "other": None}
    assert read.to_dict() == {
        "public_port": 1,
        "deployment_port": None,
        "protocol": None,
        "new": {"a": [1]},
        "other": None,
    }
    assert "'new': {'a': [1]}" in repr(read)


@pytest.mark.parametrize("value", [None, "x", 5, [], [{}], {"type": 5}, [None, 5, {"name": 5}]])
def test_a_response_is_never_rejected_for_its_shape(value: Any) -> None:
    read = ubiops.DeploymentDetail.from_dict(
        {"input_fields": value, "labels": value, "creation_date": value, "name": value}
    )
    again = ubiops.DeploymentDetail.from_dict(read.to_dict())
    assert again == read
    repr(read), read.to_str(), pickle.dumps(read)


def test_only_a_mapping_can_be_read() -> None:
    with pytest.raises(ubiops.ApiTypeError, match="DeploymentDetail.from_dict\\(\\) needs a mapping, got list"):
        ubiops.DeploymentDetail.from_dict([])  # type: ignore[arg-type]


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_and_pickles_are_equal(take: Any) -> None:
    for model in (
        port(),
        deployment(input_fields=[field()]),
        ubiops.DeploymentDetail.from_dict({"name": "n", "new": 1}),
    ):
        again = take(model)
        assert again == model
        assert type(again) is type(model)
        assert again is not model


def test_models_with_equal_fields_are_equal() -> None:
    assert port() == port()
    assert port() != port(protocol="udp")
    assert port() != port().to_dict()
    assert ubiops.InputFieldWidgetCreate(type="button") != ubiops.OutputFieldWidgetCreate(type="button")
    with pytest.raises(TypeError, match="unhashable"):
        hash(port())


@pytest.mark.parametrize("secret", [True, None])
def test_the_value_of_a_secret_is_available_but_not_shown(secret: bool | None) -> None:
    variable = ubiops.EnvironmentVariableList.from_dict({"name": "KEY", "value": "hunter2", "secret": secret})
    assert variable.value == "hunter2"
    assert variable.to_dict()["value"] == "hunter2"
    for shown in (repr(variable), str(variable), variable.to_str(), f"{[variable]}"):
        assert "hunter2" not in shown
        assert "***" in shown
    created = ubiops.EnvironmentVariableCreate(name="KEY", value="hunter2", secret=True)
    assert "hunter2" not in repr(created)
    assert json.loads(dump_json(created))["value"] == "hunter2"


def test_a_value_that_is_not_a_secret_is_shown() -> None:
    assert "plain" in repr(ubiops.EnvironmentVariableCreate(name="KEY", value="plain", secret=False))


def test_a_small_model_is_shown_on_one_line_and_a_large_one_on_several() -> None:
    assert repr(port()) == "DeploymentVersionPort(public_port=2222, deployment_port=22, protocol='tcp')"
    shown = repr(
        deployment(description="x" * 100, input_fields=[ubiops.DeploymentInputFieldCreate(name="n", data_type="int")])
    )
    assert shown.splitlines()[0] == "DeploymentCreate("
    assert "    input_fields=[DeploymentInputFieldCreate(name='n', data_type='int')]," in shown.splitlines()
    assert eval(repr(port()), vars(ubiops)) == port()  # noqa: S307 - a repr that can be typed in again


def test_a_response_shows_which_fields_it_has_and_a_model_to_send_what_is_given() -> None:
    shown = repr(ubiops.DeploymentVersionDetail.from_dict({"version": "v1"}))
    assert "    active_revision=None,\n" in shown
    assert "None" not in repr(deployment())
    assert "labels=ubiops.NULL" in repr(deployment(labels=ubiops.NULL))


@pytest.mark.parametrize(
    ("received", "text"),
    [
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"),
        ("2026-11-23T10:00:00.120000+00:00", "2026-11-23T10:00:00.120000Z"),
        ("2026-11-23T10:00:00+02:00", "2026-11-23T10:00:00+02:00"),
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00"),
        ("Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_are_shown_and_written_as_iso_text(received: str, text: str) -> None:
    model = ubiops.DeploymentDetail.from_dict({"creation_date": received})
    assert f"    creation_date={text!r},\n" in repr(model)
    assert json.loads(model.to_json())["creation_date"] == text


class Names(dict):  # type: ignore[type-arg]
    """The names that ``from ubiops import *`` would bring."""

    def __missing__(self, name: str) -> Any:
        return getattr(ubiops, name)


def test_the_repr_of_a_response_can_be_typed_in_again() -> None:
    data = {"name": "d", "creation_date": "2026-11-23T10:00:00Z", "input_fields": [field(widget={"type": "x"})]}
    model = ubiops.DeploymentDetail.from_dict(data)
    again = eval(repr(model), Names())  # noqa: S307
    assert again == model
    assert again.creation_date == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_response_that_is_built_is_read_as_if_it_came_from_a_server() -> None:
    built: Any = ubiops.DeploymentDetail(creation_date="2026-11-23T10:00:00Z", input_fields=[field()])  # type: ignore[arg-type, list-item]
    assert built.creation_date.year == 2026
    assert built.input_fields[0].name == "n"


# --- JSON -----------------------------------------------------------------------------


def test_a_response_is_json_with_all_its_fields() -> None:
    model = ubiops.DeploymentDetail.from_dict({"name": "d", "input_fields": [field()], "newer": {"a": [1.5, None]}})
    written = json.loads(model.to_json())
    assert written == model.to_dict()
    assert written["description"] is None
    assert model.to_json(indent=2).splitlines()[1] == '  "id": null,'
    assert "\n" not in model.to_json()


def test_a_model_to_send_is_the_json_that_would_be_sent() -> None:
    model = deployment(labels=ubiops.NULL, input_fields=[field(widget=None)])
    assert json.loads(model.to_json()) == json.loads(dump_json(model))


def test_json_is_readable_and_always_valid() -> None:
    assert '"name": "\u00e9"' in ubiops.DeploymentList.from_dict({"name": "\u00e9"}).to_json()
    half = ubiops.DeploymentList.from_dict({"name": "\ud800\u00e9"}).to_json()
    assert half.isascii()
    assert json.loads(half)["name"] == "\ud800\u00e9"


def test_what_json_has_no_form_for_is_named() -> None:
    model = ubiops.DeploymentList.from_dict({"name": "d", "newer": {"a": [float("nan")]}})
    with pytest.raises(
        ubiops.ApiValueError, match=r"the DeploymentList can't be written as JSON at DeploymentList\['newer'\]"
    ):
        model.to_json()
    with pytest.raises(ubiops.ApiValueError, match=r"the list can't be written as JSON at list\[0\]"):
        ubiops.ModelList([model]).to_json()
    with pytest.raises(ubiops.ApiTypeError, match="can't be written as JSON: keys must be"):
        ubiops.DeploymentList.from_dict({"labels": {(1,): 2}}).to_json()
    with pytest.raises(ubiops.ApiTypeError, match="a value of type bytes"):
        ubiops.DeploymentList.from_dict({"labels": b"x"}).to_json()
    nested: dict[str, Any] = {}
    nested["a"] = nested
    with pytest.raises(ubiops.ApiValueError, match="can't be written as JSON"):
        ubiops.DeploymentInputFieldCreate(
            name="n", data_type="int", widget={"type": "slider", "configuration": nested}
        ).to_json()


# --- dataclasses ----------------------------------------------------------------------


def test_models_are_dataclasses_for_programs_that_look_for_those() -> None:
    model = ubiops.DeploymentDetail.from_dict(
        {"name": "d", "creation_date": "2026-11-23T10:00:00Z", "input_fields": [{"name": "a"}], "newer": 1}
    )
    assert dataclasses.is_dataclass(model)
    assert [one.name for one in dataclasses.fields(model)] == list(model.attribute_map)
    values = dataclasses.asdict(model)
    assert values["creation_date"] == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert values["input_fields"] == [{"name": "a", "data_type": None, "widget": None}]
    assert "newer" not in values
    assert dataclasses.replace(port(), protocol="udp") == port(protocol="udp")
    with pytest.raises(ubiops.ApiValueError, match="public_port must be at least 1"):
        dataclasses.replace(port(), public_port=0)
    assert pprint.pformat(port()) == repr(port())


def test_pydantic_takes_a_model_as_it_is() -> None:
    pytest.importorskip("pydantic_core")
    schema = ubiops.DeploymentDetail.__get_pydantic_core_schema__(None, None)
    assert schema["type"] == "is-instance"
    assert schema["cls"] is ubiops.DeploymentDetail


def test_there_is_one_null() -> None:
    assert Null() is ubiops.NULL
    assert copy.deepcopy(ubiops.NULL) is ubiops.NULL
    assert pickle.loads(pickle.dumps(ubiops.NULL)) is ubiops.NULL
    assert not ubiops.NULL
    assert repr(ubiops.NULL) == "ubiops.NULL"


# --- features of the official client --------------------------------------------------


def fields_of(model: Any) -> dict[str, Any]:
    """Returns the fields that ubiops-cli prints of a model."""
    return {name[1:]: value for name, value in model.__dict__.items() if name.startswith("_")}


def test_vars_shows_each_field_behind_an_underscore() -> None:
    detail = ubiops.DeploymentDetail.from_dict({"name": "d", "input_fields": [{"name": "a"}], "newer": 1})
    shown = fields_of(detail)
    assert list(shown) == list(detail.attribute_map)
    assert shown["name"] == "d"
    assert shown["description"] is None
    assert fields_of(shown["input_fields"][0]) == {"name": "a", "data_type": None, "widget": None}
    assert vars(detail) == detail.__dict__
    assert vars(detail)["newer"] == 1
    assert vars(port()) == {"_public_port": 2222, "_deployment_port": 22, "_protocol": "tcp"}


def test_models_survive_yaml() -> None:
    yaml = pytest.importorskip("yaml")
    model = ubiops.DeploymentDetail.from_dict({"name": "d", "input_fields": [{"name": "a"}], "newer": 1})
    assert yaml.unsafe_load(yaml.dump(model)) == model


def test_a_pickle_survives_a_change_of_the_order_of_fields() -> None:
    make, (cls, values, received) = port().__reduce_ex__(4)[:2]
    assert make(cls, dict(reversed(values.items())), received) == port()


# --- signatures and help --------------------------------------------------------------


def test_the_signature_shows_the_types_of_the_fields() -> None:
    signature = inspect.signature(ubiops.DeploymentCreate)
    assert {one.kind for one in signature.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert signature.parameters["name"].default is inspect.Parameter.empty
    assert signature.parameters["name"].annotation == "str"
    assert signature.parameters["input_type"].annotation == "Literal['structured', 'plain'] | Null | None"
    assert signature.parameters["labels"].default is None
    assert list(inspect.signature(ubiops.DeploymentList).parameters) == list(ubiops.DeploymentList.attribute_map)


def test_help_shows_the_fields_with_their_descriptions() -> None:
    text = inspect.getdoc(ubiops.EnvironmentVariableCreate) or ""
    assert text.startswith("An environment variable to create")
    assert "Args:\n    name: Name " in text
    assert "    secret: Whether the value is" in text
    assert "Raises:" in text
    assert "Attributes:" in (inspect.getdoc(ubiops.DeploymentList) or "")
    assert inspect.getdoc(ubiops.DeploymentList.to_dict)


def test_help_works_without_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(value: object) -> str:
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", fail)
    monkeypatch.setattr(ubiops.BuildList, "_computed", {})
    assert "    id: str\n" in (ubiops.BuildList.__doc__ or "")


class Custom(ubiops.DeploymentList):
    """A user's own class."""

    def title(self) -> str:
        return self.name.title()


def test_models_can_be_extended_by_users() -> None:
    custom = Custom.from_dict({"name": "d", "creation_date": "2024-01-01T00:00:00Z"})
    assert type(custom) is Custom
    assert custom.title() == "D"
    assert custom.creation_date.year == 2024
    assert Custom.attribute_map == ubiops.DeploymentList.attribute_map
    assert (Custom.__doc__ or "").startswith("A user's own class.")


@pytest.mark.parametrize("name", ubiops.models.__all__)
def test_every_model_has_the_features_of_all_models(name: str) -> None:
    cls: type[Model] = getattr(ubiops, name)
    assert issubclass(cls, Model)
    assert set(cls.openapi_types) == set(cls.attribute_map)
    assert cls.from_dict({}).to_dict() == dict.fromkeys(cls.attribute_map.values())
    if not issubclass(cls, RequestModel):
        assert cls() == cls.from_dict({})
    assert cls.__doc__
    for attribute in cls.attribute_map:
        assert f"{attribute}:" in cls.__doc__
        assert getattr(cls.from_dict({}), attribute) is None
