"""Unchanged | models"""

import pickle

import ubiops

api = ubiops.CoreApi()
deployment = api.deployments_get("project-1", "deployment-1")
print(deployment == api.deployments_get("project-1", "deployment-1"), deployment == "deployment-1")
print(deployment.name, vars(deployment)["_name"], deployment.to_dict()["name"])
print(pickle.loads(pickle.dumps(deployment)) == deployment)
deployment.colour = "red"
deployment.description = "new"
print(deployment.colour, deployment.description)
model = ubiops.DeploymentCreate(name="word-count", input_type="plain", output_type="plain", description=None)
print(model.description, model.labels, ubiops.DeploymentCreate.openapi_types["name"])
print(ubiops.ApiClient().sanitize_for_serialization(model))

# All print:
#   True False
#   deployment-1 deployment-1 deployment-1
#   True
#   red new
#   None None str
#   {'name': 'word-count', 'input_type': 'plain', 'output_type': 'plain'}
