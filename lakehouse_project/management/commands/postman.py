"""`lakehouse postman`."""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse_project.management.generate import GenerateCommand


class Command(GenerateCommand):
    help = "Write docs/postman/: a Postman collection for each version of the API, and their environment."

    def files(self) -> Mapping[str, str]:
        from lakehouse_project import api  # noqa: PLC0415  the routes of all apps
        from lakehouse_project.postman import collection, environment  # noqa: PLC0415  contracts

        versions = {"v1": api.v1, "v2": api.v2}
        made = {
            f"postman/lakehouse-{name}.postman_collection.json": collection(
                version.get_openapi_schema(path_prefix=f"/api/{name}/")
            )
            for name, version in versions.items()
        }
        made["postman/lakehouse.postman_environment.json"] = environment()
        return {path: _written(content) for path, content in made.items()}


def _written(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
