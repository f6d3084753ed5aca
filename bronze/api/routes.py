"""How one view serves the data sets of all contracts."""

import inspect
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from bronze.contracts import Contract


def bound(view: Callable[..., Any], **fixed: str) -> Callable[..., Any]:
    """`view` with some parameters fixed, in the shape that ninja reads: a function whose signature lacks them."""
    whole = partial(view, **fixed)
    signature = inspect.signature(view)
    visible = [parameter for name, parameter in signature.parameters.items() if name not in fixed]
    whole.__signature__ = signature.replace(parameters=visible)  # type: ignore[attr-defined]
    whole.__name__ = "_".join([view.__name__, *fixed.values()])  # type: ignore[attr-defined]
    whole.__module__ = view.__module__
    return whole


def row_schema(model: type[Contract], *, required: bool) -> dict[str, Any]:
    """The JSON schema of a row. The check itself is the contract check, the same as for files."""
    schema: dict[str, Any] = json.loads(json.dumps(model.model_json_schema()))
    for field in schema["properties"].values():
        field.pop("x-contract", None)
    if not required:
        schema.pop("required", None)
    return schema


def example_of(model: type[Contract]) -> dict[str, Any]:
    return {field.name: field.example for field in model.spec().fields}


def json_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The OpenAPI request body."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def body_schema(model: type[Contract], *, required: bool) -> dict[str, Any]:
    """The OpenAPI request body of one row of a contract."""
    return json_body(row_schema(model, required=required), example_of(model))
