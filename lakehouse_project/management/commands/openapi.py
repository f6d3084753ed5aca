"""`lakehouse openapi`."""

import json
from collections.abc import Mapping

from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/openapi-v1.json: the REST API as it is, so that a change of it shows in a review."

    def files(self) -> Mapping[str, str]:
        from lakehouse_project.api import v1  # noqa: PLC0415  the routes of all apps

        schema = v1.get_openapi_schema(path_prefix="/api/v1/")
        return {"openapi-v1.json": json.dumps(schema, indent=1, sort_keys=True, default=str) + "\n"}
