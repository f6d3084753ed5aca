"""How bodies are read by the routes that have a schema for them."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from lakehouse_project.kernel.bodies import MalformedBody, json_text


class JsonParser(Parser):
    """JSON that says of itself that it is, and where it is broken."""

    def parse_body(self, request: HttpRequest) -> Any:
        text = json_text(request)
        try:
            return json.loads(text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise MalformedBody(
                f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            ) from error
        except RecursionError as error:
            raise MalformedBody("The body is nested too deeply.") from error
        except ValueError as error:  # a whole number with thousands of digits
            raise MalformedBody(f"The body cannot be read: {error}.") from error


def _refuse(name: str) -> None:
    raise MalformedBody(f"The body is not JSON: {name} is no number.")
