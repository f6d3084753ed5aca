"""Answers of the API as JSON: numbers of records with every digit that they were stored with."""

from typing import Any

import orjson
from django.http import HttpRequest
from ninja.renderers import JSONRenderer

from lakehouse_project.kernel.exact import raw

OPTIONS = (
    orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_NON_STR_KEYS
)


class ExactRenderer(JSONRenderer):
    """As the renderer of the framework, which knows floats alone."""

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        try:
            return orjson.dumps(data, default=self._default, option=OPTIONS)
        except (
            orjson.JSONEncodeError
        ):  # a whole number of other origin with more than 64 bits, half a surrogate pair
            return super().render(request, data, response_status=response_status)

    def _default(self, value: Any) -> Any:
        if (number := raw(value)) is not None:
            return number
        match value:  # subclasses of what orjson knows
            case str():
                return str.__str__(value)
            case dict():
                return dict(value)
            case list() | tuple():
                return list(value)
        return self.encoder_class().default(value)
