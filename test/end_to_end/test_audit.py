"""The audit log tells what was done to a deployment, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import ubiops


def test_everything_that_is_done_is_told(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name
    core_api.deployment_environment_variables_delete(*names, project.variable_of_deployment)
    events = core_api.deployment_audit_events_list(*names)
    assert events[0].event == "Deleted environment variable LANGUAGE for deployment deployment-1"
    assert events[0].action == "delete"
    assert events[-1].event == "Created deployment deployment-1"
    assert "Created version v1 for deployment deployment-1" in [event.event for event in events]
    dates = [event.date for event in events]
    assert all(isinstance(date, datetime) for date in dates)
    assert dates == sorted(dates, reverse=True)


def test_a_page_of_it_is_given_on_request(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name
    everything = core_api.deployment_audit_events_list(*names)
    assert core_api.deployment_audit_events_list(*names, limit=2, offset=1) == everything[1:3]
    assert core_api.deployment_audit_events_list(*names, offset=len(everything)) == []


def test_an_action_selects(core_api: ubiops.CoreApi, project: Any) -> None:
    names = project.project_name, project.deployment_name
    assert {event.action for event in core_api.deployment_audit_events_list(*names, action="create")} == {"create"}
    with pytest.raises(ubiops.ApiValueError, match="action"):
        core_api.deployment_audit_events_list(*names, action="destroy")
