"""Mistakes of users, which mypy and pyright find in the lines with a comment."""

from __future__ import annotations

import ubiops
import ubiops.api
import ubiops.emulator
import ubiops.models
import ubiops.utils

api = ubiops.CoreApi(ubiops.ApiClient())
api.deployments_get("p", "d")
api.deployments_get("p", "d", no_such_option=True)  # error
api.deployments_get("p", 1.5)  # error
api.deployments_get("p", "d", _request_timeout="5")  # error
api.deployments_create("p", [])  # error
api.deployments_create("p", "d")  # error
api.deployments_list("p", labels=["a"])  # error
api.deployment_audit_events_list("p", "d", limit="all")  # error
api.revisions_file_upload("p", "d", "v", file=1)  # error
api.no_such_method("p")  # error
api.deployments_get("p", "d").no_such_field  # error
api.deployments_get("p", "d").name + 1  # error
ubiops.DeploymentCreate(input_type="plain")  # error
ubiops.DeploymentCreate(name=1, input_type="plain", output_type="plain")  # error
ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", no_such_field=1)  # error
ubiops.DeploymentVersionCreate(version="v", maximum_instances="5")  # error
ubiops.DeploymentCreate(name="d", input_type="text", output_type="plain")  # error
ubiops.DeploymentCreate("d", input_type="plain", output_type="plain")  # error
ubiops.DeploymentCreate(name=None, input_type="plain", output_type="plain")  # error
ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", labels={"a": 1})  # error
ubiops.DeploymentCreate(name="d", input_type="plain", output_type="plain", input_fields=["a"])  # error
widget = ubiops.OutputFieldWidgetCreate(type="button")
ubiops.DeploymentInputFieldCreate(name="n", data_type="int", widget=widget)  # error
ubiops.DeploymentInputFieldCreate(name="n", data_type="number")  # error
change = ubiops.DeploymentUpdate(name="e")
change.description = 5  # error
change.descripton = "e"  # error
ubiops.DeploymentList(no_such_field=1)  # error
ubiops.DeploymentList(name=1)  # error
ubiops.CoreApi(ubiops.Configuration())  # error
ubiops.Configuration(no_such_setting=1)  # error
ubiops.NoSuchName  # error
ubiops.models.NoSuchName  # error
ubiops.api.NoSuchName  # error
ubiops.emulator.NoSuchName  # error
ubiops.utils.wait_for_revision(api, "p", "d", "v", "r")
ubiops.utils.wait_for_revision(api, "p", "d", "v")  # error
ubiops.utils.wait_for_revision(ubiops.Configuration(), "p", "d", "v", "r")  # error
ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", timeout="60")  # error
ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", on_status="print")  # error
ubiops.utils.wait_for_revision(api, "p", "d", "v", "r", on_status=lambda: None)  # error
ubiops.utils.wait_for_environment(api, "p")  # error
