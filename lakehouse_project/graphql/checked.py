"""Values that a schema of the REST API checks, refused in the words of the product."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.unfit import sentence_of

Model = TypeVar("Model", bound=BaseModel)


def checked(schema: type[Model], values: Mapping[str, Any]) -> Model:
    """Raises `InvalidInput` that names each value that does not fit."""
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        errors = [
            FieldError(
                "/".join(map(str, each["loc"])),
                each["type"],
                sentence_of(each["type"], each.get("ctx", {}), each["msg"]),
            )
            for each in error.errors()
        ]
    raise InvalidInput("; ".join(f"{each.field} {each.message}" for each in errors), errors=errors)
