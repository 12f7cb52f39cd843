"""Lists the environment variables that the code of a pipeline object sees."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployments.kinds import VERSION
from ubiops.emulator.areas.deployments.variables import list_with_inherited
from ubiops.emulator.areas.pipelines.kinds import OBJECT
from ubiops.emulator.areas.pipelines.lookup import find_version
from ubiops.emulator.areas.pipelines.objects import resolve
from ubiops.emulator.core.errors import not_found
from ubiops.emulator.core.handlers import handler
from ubiops.emulator.core.lookup import get_row

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext


@handler("pipeline_version_object_environment_variables_list")
def list_variables(context: RequestContext) -> list[dict[str, Any]]:
    """Lists the variables of the deployment version that an object refers to.

    Other objects have none.
    """
    with context.reading() as db:
        objects = json.loads(find_version(db, context)["graph"])["objects"]
        stored = next((one for one in objects if one["name"] == context.path["name"]), None)
        if stored is None:
            raise not_found(OBJECT)
        node = resolve(db, stored)
        if node.kind != "deployment":
            return []
        version_name = node.version_name
        if version_name is None:
            deployment = get_row(db, VERSION, "deployments", {"pk": node.reference})
            version_name = get_row(db, VERSION, "versions", {"pk": deployment["default_version"]})["name"]
        path = {"project_name": context.project, "deployment_name": node.reference_name, "version": version_name}
        found = list_with_inherited(replace(context, path=path))
    return [
        one if one["inheritance_type"] else {**one, "inheritance_type": "version", "inheritance_name": version_name}
        for one in found
    ]
