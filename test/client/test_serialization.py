"""What models share: tolerant reading, strict building, and how they are shown, copied and sent."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import ubiops
from ubiops._core.codec import dump_json
from ubiops._core.dates import read_datetime
from ubiops.models._base import Model, Null, RequestModel

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
def test_dates_are_read_in_every_form_that_the_api_was_seen_to_send(text: str, value: datetime) -> None:
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
def test_what_is_no_date_stays_what_came(value: Any) -> None:
    assert read_datetime(value) is value


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
        ({"nmae": "d"}, ubiops.ApiTypeError, "DeploymentCreate has no field 'nmae'; did you mean 'name'?"),
        ({"xyz": "d"}, ubiops.ApiTypeError, "DeploymentCreate has no field 'xyz'; it has name, description"),
    ],
)
def test_what_is_built_is_checked_and_the_message_says_what_is_wrong(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        deployment(**changes)
    assert message in str(caught.value)


def test_fields_that_the_model_does_not_know_are_shown_as_what_they_are() -> None:
    model = ubiops.DeploymentDetail.from_dict({"name": "d", "newer": [1]})
    assert repr(model) == "DeploymentDetail(name='d', additional_properties={'newer': [1]})"


def test_fields_are_given_by_their_names() -> None:
    message = r"as in DeploymentCreate\(name=\.\.\.\); those of a dict are given as DeploymentCreate\(\*\*data\)"
    for wrong in (("d",), ({"name": "d"},)):
        with pytest.raises(ubiops.ApiTypeError, match=message):
            ubiops.DeploymentCreate(*wrong)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"public_port": 0}, "DeploymentVersionPort.public_port must be at least 1, got 0"),
        ({"public_port": 65536}, "DeploymentVersionPort.public_port must be at most 65535, got 65536"),
        ({"public_port": True}, "DeploymentVersionPort.public_port must be a whole number, got bool: True"),
        ({"public_port": 1.0}, "DeploymentVersionPort.public_port must be a whole number, got float: 1.0"),
        ({"public_port": "1"}, "DeploymentVersionPort.public_port must be a whole number, got str: '1'"),
    ],
)
def test_numbers_are_held_to_their_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ubiops.OpenApiException) as caught:
        port(**changes)
    assert str(caught.value) == message


def test_a_field_that_is_missing_is_an_error_of_value_as_in_the_official_client() -> None:
    with pytest.raises(ubiops.ApiValueError, match="EnvironmentVariableCopy.source_deployment must be given"):
        ubiops.EnvironmentVariableCopy()  # type: ignore[call-arg]


def test_a_model_that_was_changed_is_checked_when_it_is_sent() -> None:
    data = deployment()
    data.name = ""
    with pytest.raises(ubiops.ApiValueError, match="DeploymentCreate.name must have at least 1 character"):
        ubiops.CoreApi().deployments_create("p", data)


def test_none_is_not_given_and_null_is_sent() -> None:
    data = deployment(description=None, labels=ubiops.NULL, input_fields=[field(widget=None)])
    assert json.loads(dump_json(data)) == {
        "name": "d",
        "input_type": "structured",
        "output_type": "plain",
        "labels": None,
        "input_fields": [field()],
    }


def test_a_dict_and_models_in_it_mix() -> None:
    widget = ubiops.InputFieldWidgetCreate(type="slider", configuration={"min": 0, "max": 1.5, "list": [None]})
    as_model = ubiops.DeploymentInputFieldCreate(name="n", data_type="int", widget=widget)
    as_dict = field(widget={"type": "slider", "configuration": {"min": 0, "max": 1.5, "list": [None]}})
    for fields in ([as_model], [as_dict], (as_dict,), [field(widget=widget)]):
        assert json.loads(dump_json(deployment(input_fields=fields)))["input_fields"] == [as_dict]


def test_unknown_fields_of_an_answer_are_kept_and_given_back() -> None:
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
def test_an_answer_is_never_refused_for_its_shape(value: Any) -> None:
    read = ubiops.DeploymentDetail.from_dict(
        {"input_fields": value, "labels": value, "creation_date": value, "name": value}
    )
    again = ubiops.DeploymentDetail.from_dict(read.to_dict())
    assert again == read
    repr(read), read.to_str(), pickle.dumps(read)


def test_a_dict_that_is_read_must_be_one() -> None:
    with pytest.raises(ubiops.ApiTypeError, match="DeploymentDetail.from_dict takes a mapping, got list"):
        ubiops.DeploymentDetail.from_dict([])  # type: ignore[arg-type]


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])  # noqa: S301
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


def test_models_are_equal_by_what_they_hold() -> None:
    assert port() == port()
    assert port() != port(protocol="udp")
    assert port() != port().to_dict()
    assert ubiops.InputFieldWidgetCreate(type="button") != ubiops.OutputFieldWidgetCreate(type="button")
    with pytest.raises(TypeError, match="unhashable"):
        hash(port())


def test_a_misspelled_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError):
        port().protocl = "tcp"  # type: ignore[attr-defined]


@pytest.mark.parametrize("secret", [True, None])
def test_the_value_of_a_secret_is_not_shown_but_there(secret: bool | None) -> None:
    variable = ubiops.EnvironmentVariableList.from_dict({"name": "KEY", "value": "hunter2", "secret": secret})
    assert variable.value == "hunter2"
    assert variable.to_dict()["value"] == "hunter2"
    for shown in (repr(variable), str(variable), variable.to_str(), f"{[variable]}"):
        assert "hunter2" not in shown
        assert "***" in shown
    created = ubiops.EnvironmentVariableCreate(name="KEY", value="hunter2", secret=True)
    assert "hunter2" not in repr(created)
    assert json.loads(dump_json(created))["value"] == "hunter2"


def test_a_value_that_is_no_secret_is_shown() -> None:
    assert "plain" in repr(ubiops.EnvironmentVariableCreate(name="KEY", value="plain", secret=False))


def test_a_small_model_is_shown_in_a_line_and_a_large_one_in_lines() -> None:
    assert repr(port()) == "DeploymentVersionPort(public_port=2222, deployment_port=22, protocol='tcp')"
    shown = repr(
        deployment(description="x" * 100, input_fields=[ubiops.DeploymentInputFieldCreate(name="n", data_type="int")])
    )
    assert shown.splitlines()[0] == "DeploymentCreate("
    assert "    input_fields=[DeploymentInputFieldCreate(name='n', data_type='int')]," in shown.splitlines()
    assert eval(repr(port()), vars(ubiops)) == port()  # noqa: S307 - a repr that can be typed in again


def test_null_is_one_and_stays_one() -> None:
    assert Null() is ubiops.NULL
    assert copy.deepcopy(ubiops.NULL) is ubiops.NULL
    assert pickle.loads(pickle.dumps(ubiops.NULL)) is ubiops.NULL  # noqa: S301
    assert not ubiops.NULL
    assert repr(ubiops.NULL) == "ubiops.NULL"


@pytest.mark.parametrize("name", ubiops.models.__all__)
def test_every_model_has_what_models_have(name: str) -> None:
    cls: type[Model] = getattr(ubiops, name)
    assert issubclass(cls, Model)
    assert set(cls.openapi_types) == set(cls.attribute_map)
    assert not hasattr(cls.from_dict({}), "__dict__")
    assert cls.from_dict({}).to_dict() == dict.fromkeys(cls.attribute_map.values())
    if not issubclass(cls, RequestModel):
        assert cls() == cls.from_dict({})
    assert cls.__doc__
    for attribute in cls.attribute_map:
        assert f"{attribute}:" in cls.__doc__
