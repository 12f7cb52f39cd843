"""The audit log lists the changes of a deployment, newest first."""

from __future__ import annotations

from datetime import datetime

import pytest
from populated import PopulatedProject

import ubiops


def test_every_change_is_logged(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    core_api.deployment_environment_variables_delete(*names, populated_project.variable_of_deployment)
    events = core_api.deployment_audit_events_list(*names)
    assert events[0].event == "Deleted environment variable LANGUAGE for deployment deployment-1"
    assert events[0].action == "delete"
    assert events[-1].event == "Created deployment deployment-1"
    assert "Created version first for deployment deployment-1" in [event.event for event in events]
    dates = [event.date for event in events]
    assert all(isinstance(date, datetime) for date in dates)
    assert dates == sorted(dates, reverse=True)


def test_limit_and_offset_select_a_page(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    everything = core_api.deployment_audit_events_list(*names)
    assert core_api.deployment_audit_events_list(*names, limit=2, offset=1) == everything[1:3]
    assert core_api.deployment_audit_events_list(*names, offset=len(everything)) == []


def test_events_are_filtered_by_action(core_api: ubiops.CoreApi, populated_project: PopulatedProject) -> None:
    names = populated_project.project_name, populated_project.deployment_name
    assert {event.action for event in core_api.deployment_audit_events_list(*names, action="create")} == {"create"}
    with pytest.raises(ubiops.ApiValueError, match="action"):
        core_api.deployment_audit_events_list(*names, action="destroy")
