"""Names of models: which deployment they address, and which of them there are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ubiops.emulator.areas.deployment_requests.api import Target
from ubiops.emulator.core.errors import bad_request
from ubiops.emulator.core.handlers import extra_route

if TYPE_CHECKING:
    from ubiops.emulator.core.context import RequestContext

PATH = "/projects/{project_name}/openai-compatible/v1"

_MODEL = re.compile(r"ubiops-deployment/(?P<deployment>[^/]+)/(?P<version>[^/]*)/(?P<name>.+)", re.DOTALL)
# The labels of versions that announce models.
_IS_COMPATIBLE = "openai-compatible"
_NAMES = "openai-model-names"


def target_of(project: str, model: Any) -> Target:
    """Returns the deployment that the name of a model addresses.

    An empty version stands for the default one.
    """
    found = _MODEL.fullmatch(model) if isinstance(model, str) else None
    if found is None:
        raise bad_request(
            "model must have the form ubiops-deployment/{deployment}/{version}/{model name}; leave the version empty "
            "for the default one"
        )
    return Target(project, found["deployment"], found["version"] or None)


@extra_route("GET", path=f"{PATH}/models", prefixed=True)
def list_all(context: RequestContext) -> dict[str, Any]:
    """Lists the models that the labels of a project's versions announce."""
    with context.reading() as db:
        rows = db.execute(
            "SELECT deployments.name AS deployment, versions.name AS version, versions.settings, versions.created"
            " FROM versions JOIN deployments ON deployments.pk = versions.deployment"
            " WHERE deployments.project = ? ORDER BY versions.pk",
            (context.project,),
        ).fetchall()
    models = []
    for row in rows:
        labels = json.loads(row["settings"]).get("labels") or {}
        if str(labels.get(_IS_COMPATIBLE)).lower() == "true":
            names = [name.strip() for name in str(labels.get(_NAMES, "")).split(";")]
            models += [
                {
                    "id": f"ubiops-deployment/{row['deployment']}/{row['version']}/{name}",
                    "object": "model",
                    "created": int(row["created"]),
                    "owned_by": context.project,
                }
                for name in names
                if name
            ]
    return {"object": "list", "data": models}
