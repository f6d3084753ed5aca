"""`lakehouse openapi`."""

import json
from collections.abc import Mapping
from typing import Any

from ninja import NinjaAPI

from lakehouse_project.management.generate import GenerateCommand

WIDTH = 160


class Command(GenerateCommand):
    help = "Write docs/openapi-v1.json and -v2.json: the REST API as it is, so that a change of it shows in a review."

    def files(self) -> Mapping[str, str]:
        from lakehouse_project.api import APIS  # noqa: PLC0415  the routes of all apps

        return {f"openapi-{version}.json": _document(version, api) for version, api in APIS.items()}


def _document(version: str, api: NinjaAPI) -> str:
    schema = api.get_openapi_schema(path_prefix=f"/api/{version}/")
    return f"{_text(json.loads(json.dumps(schema, sort_keys=True, default=str)))}\n"


def _text(value: Any, indent: str = "") -> str:
    """JSON with whatever fits into one line in one: a change of a parameter is a change of a line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = f"{indent} "
    if isinstance(value, list):
        parts, (begin, end) = [_text(each, inner) for each in value], "[]"
    else:
        parts = [f"{json.dumps(name)}: {_text(each, inner)}" for name, each in value.items()]
        begin, end = "{}"
    joined = f",\n{inner}".join(parts)
    return f"{begin}\n{inner}{joined}\n{indent}{end}"
