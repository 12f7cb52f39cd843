"""Unchanged | import paths"""

import ubiops
import ubiops.api
import ubiops.utils
from ubiops import api_client, configuration, exceptions, models
from ubiops.api.core_api import CoreApi
from ubiops.api_client import ApiClient
from ubiops.configuration import Configuration
from ubiops.exceptions import ApiException
from ubiops.models import DeploymentCreate
from ubiops.models.deployment_create import DeploymentCreate as FromModule
from ubiops.utils import wait_for_deployment_version, wait_for_revision

print(CoreApi is ubiops.CoreApi, ApiClient is ubiops.ApiClient, Configuration is ubiops.Configuration)
print(DeploymentCreate is FromModule is ubiops.DeploymentCreate, ApiException is exceptions.ApiException)
print(api_client.ApiClient is ApiClient, configuration.Configuration is Configuration)
print(models.DeploymentCreate is DeploymentCreate)
print(callable(wait_for_revision), callable(wait_for_deployment_version), ubiops.api is not ubiops.utils)

# All print:
#   True True True
#   True True
#   True True
#   True
#   True True True
