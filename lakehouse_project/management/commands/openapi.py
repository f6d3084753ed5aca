"""`lakehouse openapi`."""

import json
from collections.abc import Mapping

from ninja import NinjaAPI

from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/openapi-v1.json and -v2.json: the REST API as it is, so that a change of it shows in a review."

    def files(self) -> Mapping[str, str]:
        from lakehouse_project.api import APIS  # noqa: PLC0415  the routes of all apps

        return {f"openapi-{version}.json": _document(version, api) for version, api in APIS.items()}


def _document(version: str, api: NinjaAPI) -> str:
    schema = api.get_openapi_schema(path_prefix=f"/api/{version}/")
    return json.dumps(schema, indent=1, sort_keys=True, default=str) + "\n"
