"""Every operation, through both clients, in both generations of the API.

The server compares each request with the description, and the responses are read
completely. Arguments and responses are derived from the description.
"""

from __future__ import annotations

import inspect
import json
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from contract.calls import Arguments, arguments_of, as_objects
from contract.operations import EVENTS, GENERATIONS, JSON, Contract, contracts
from contract.reading import read_completely
from contract.server import ContractServer, content_of, responses

import ubiops
from ubiops._core.codec import dump_json

BY_GENERATION = {generation: {one.operation_id: one for one in contracts(generation)} for generation in GENERATIONS}
IDS = list(BY_GENERATION["v2"])
PRESENT = [one for generation in GENERATIONS for one in BY_GENERATION[generation].values() if not one.elsewhere]
ABSENT = [one for generation in GENERATIONS for one in BY_GENERATION[generation].values() if one.elsewhere]


def name_of(contract: Contract) -> str:
    return f"{contract.operation_id}-{contract.generation}"


every_operation = pytest.mark.parametrize("contract", PRESENT, ids=name_of)


def calls_of(contract: Contract) -> list[tuple[Arguments, str]]:
    """Returns all arguments and all responses of an operation, in pairs: as many as the
    larger number of them.
    """
    arguments, names = arguments_of(contract), list(responses(contract))
    count = max(len(arguments), len(names))
    return list(islice(zip(cycle(arguments), cycle(names)), count))


def read(caller: Any, contract: Contract, result: Any, name: str) -> None:
    """Reads a result, and compares it with the response of that name."""
    sent = responses(contract)[name]
    if contract.response is None:
        assert result is None
    elif contract.response[0] == JSON:
        read_completely(result, contract.response[1].schema, sent)
    elif contract.response[0] == EVENTS:
        *lines, last = sent.splitlines()
        assert result.result is None
        events = caller.read_events(result)
        assert [event.data for event in events] == [line[6:] for line in lines if line.startswith("data: ")]
        assert {event.event for event in events} <= {"update"}
        assert result.result == json.loads(last)
    else:
        assert caller.read_file(result) == content_of(contract, sent)


@every_operation
def test_a_call_with_keywords_keeps_to_the_description(
    contract: Contract, caller: Any, contract_server: ContractServer
) -> None:
    method = caller.method(contract.generation, contract.operation_id)
    twin = caller.method(contract.generation, f"{contract.operation_id}_with_http_info")
    for number, (arguments, response) in enumerate(calls_of(contract)):
        contract_server.chosen[contract.operation_id] = response
        read(caller, contract, method(**as_objects(contract, arguments.named)), response)
        data, status, headers = twin(**arguments.named)
        read(caller, contract, data, response)
        assert status == contract.status
        assert headers.get("content-type") == (contract.response[0] if contract.response else None)
        made = contract_server.calls[2 * number :]
        assert [(call.operation_id, call.generation) for call in made] == [
            (contract.operation_id, contract.generation)
        ] * 2
        assert (made[0].path, made[0].query) == (made[1].path, made[1].query)
        assert made[0].path == {one.name: one.example for one in contract.placed("path")}


@every_operation
def test_a_call_by_position_keeps_to_the_description(
    contract: Contract, caller: Any, contract_server: ContractServer
) -> None:
    method = caller.method(contract.generation, contract.operation_id)
    for arguments, response in calls_of(contract):
        contract_server.chosen[contract.operation_id] = response
        positional, keywords = arguments.by_position()
        read(caller, contract, method(*positional, **keywords), response)
    assert {call.operation_id for call in contract_server.calls} == {contract.operation_id}


@every_operation
def test_arguments_are_all_of_those_that_the_method_has(contract: Contract) -> None:
    """What the description has for either generation, and nothing else."""
    accepted = inspect.signature(getattr(ubiops.CoreApi, contract.operation_id)).parameters
    given: set[str] = set()
    for generation in GENERATIONS:
        for arguments in arguments_of(BY_GENERATION[generation][contract.operation_id]):
            given |= set(arguments.named)
    assert given == set(accepted) - {"self", "extra", "options"}


@pytest.mark.parametrize("contract", [one for one in PRESENT if JSON in one.body], ids=name_of)
def test_what_is_sent_is_what_was_given(contract: Contract, caller: Any, contract_server: ContractServer) -> None:
    """A JSON body arrives unchanged, as a dict and as a model."""
    method = caller.method(contract.generation, contract.operation_id)
    for arguments in arguments_of(contract):
        if "data" not in arguments.named:
            continue
        data = arguments.named["data"]
        for given in (arguments.named, as_objects(contract, arguments.named)):
            method(**given)
            call = contract_server.calls[-1]
            if call.headers["content-type"] == JSON:
                assert json.loads(call.body) == json.loads(dump_json(data))
            else:
                assert call.body.decode() == data


@pytest.mark.parametrize(
    "contract", [one for one in PRESENT if one.response and one.response[0] not in (JSON, EVENTS)], ids=name_of
)
def test_a_download_is_saved(
    contract: Contract, caller: Any, contract_server: ContractServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = arguments_of(contract)[0]
    method = caller.method(contract.generation, contract.operation_id)
    saved = Path(method(**arguments.named, _preload_content=True))
    assert list(tmp_path.iterdir()) == [saved]
    assert saved.read_bytes() == content_of(contract, next(iter(responses(contract).values())))


@pytest.mark.parametrize("contract", ABSENT, ids=name_of)
def test_an_operation_of_the_other_generation_names_its_host(contract: Contract, caller: Any) -> None:
    other = next(one for one in GENERATIONS if one != contract.generation)
    arguments = arguments_of(BY_GENERATION[other][contract.operation_id])[0]
    with pytest.raises(ubiops.NotFoundError, match=rf"http://127\.0\.0\.1:[0-9]+/{other}'"):
        caller.method(contract.generation, contract.operation_id)(**arguments.named)


def test_both_generations_have_operations_of_their_own() -> None:
    assert {one.generation for one in ABSENT} == set(GENERATIONS)
    assert len(IDS) == 254
