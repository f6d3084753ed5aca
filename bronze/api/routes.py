"""How one view serves the data sets of all contracts."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

from bronze.contracts import MODELS
from lakehouse_project.kernel.problem import Problem

HEADERS = {
    "Idempotency-Key": (
        "Any text of your own, 1 to 255 ASCII characters, new for each new request. The same request with the same key "
        "is done once and answered again with `Idempotency-Replayed: true`, for 24 hours; another request with it is "
        "422, one while the first is running 409. A request that failed left nothing: it is tried again."
    ),
    "If-Match": 'The revision that you have seen, as its ETag: `"3"`, or `*`. If the record has another one, 412.',
    "If-None-Match": "An ETag that you have already: 304 if the record is still the same.",
}


CHOICES = {
    "ordering": "Fields to order by, a minus before one for descending: `-salary,user_id`; also `record_id`, `record_key`, "
    "`record_updated_at`.",
    "fields": "Fields to answer: `user_id,city`. What is known of the record itself is always there.",
}
FILTERS = (
    "Every field is a filter: `city=Berlin`, and with `__gt`, `__gte`, `__lt`, `__lte`, `__in` (values with commas between "
    "them), `__isnull`, `__contains`, `__startswith` as far as its type allows. Numbers compare as numbers, dates as dates; "
    "a value of another type is 422, an unknown name 400."
)


ROW = "x-row"
"""An entry of `openapi_extra`: the fields of the records that an operation answers. It is not part of the document."""


def bound(view: Callable[..., Any], **fixed: str) -> Callable[..., Any]:
    """`view` with some parameters fixed, in the shape that ninja reads: a function whose signature lacks them."""
    whole = partial(view, **fixed)
    signature = inspect.signature(view)
    visible = [parameter for name, parameter in signature.parameters.items() if name not in fixed]
    whole.__signature__ = signature.replace(parameters=visible)  # type: ignore[attr-defined]
    whole.__name__ = "_".join([view.__name__, *fixed.values()])  # type: ignore[attr-defined]
    whole.__module__ = view.__module__
    return whole


def ending(view: Callable[..., Any], tail: str) -> Callable[..., Any]:
    """`view` of records whose keys end so: a key may hold slashes and look like an address below another one."""

    @wraps(view)
    def of_longer_key(*args: Any, key: str, **values: Any) -> Any:
        return view(*args, key=f"{key}{tail}", **values)

    return of_longer_key


def parameters(*names: str, required: bool = False) -> dict[str, Any]:
    """The OpenAPI entries of some of `HEADERS` and `CHOICES`."""
    return {
        "parameters": [
            {
                "name": name,
                "in": "header" if name in HEADERS else "query",
                "required": required,
                "schema": {"type": "string"},
                "description": HEADERS.get(name) or CHOICES[name],
            }
            for name in names
        ]
    }


def refusals(*statuses: int) -> dict[int, Any]:
    """The errors that a route answers beside those that every route has: 401 and 403."""
    return dict.fromkeys((401, 403, *statuses), Problem)


def contract_schemas() -> dict[str, Any]:
    """The components of the OpenAPI document that bodies refer to: the row of each contract, and changes of one.

    The check itself is the contract check, the same as for files.
    """
    schemas = {}
    for model in MODELS:
        schema = json.loads(json.dumps(model.model_json_schema()))
        for field in schema["properties"].values():
            field.pop("x-contract", None)
        schemas[model.__name__] = schema
        schemas[f"{model.__name__}Changes"] = {
            name: value for name, value in schema.items() if name != "required"
        }
    return schemas


def json_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """The OpenAPI request body."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


@dataclass(frozen=True)
class Resource:
    """Where the records of a data set are served, and how the OpenAPI document tells of it.

    `fixed`: the parameters of the views that the path does not have. `row`, `changes`: JSON schemas.
    """

    path: str
    suffix: str
    tag: str
    title: str
    description: str
    fixed: Mapping[str, str]
    row: Mapping[str, Any]
    changes: Mapping[str, Any]
    example: Mapping[str, Any]

    def bound(self, view: Callable[..., Any], **fixed: str) -> Callable[..., Any]:
        return bound(view, **self.fixed, **fixed)

    def operation(self, view: Callable[..., Any]) -> str:
        return f"{view.__name__}_{self.suffix}"

    @property
    def answered(self) -> dict[str, Any]:
        """The entry of `openapi_extra` that says what records of it look like."""
        return {ROW: dict(self.example)}

    def body(self, *, required: bool) -> dict[str, Any]:
        """The OpenAPI request body of one row."""
        return json_body(dict(self.row if required else self.changes), self.example)


def resources() -> Iterator[Resource]:
    """One for each contract of the code, and one for every data set."""
    for model in MODELS:
        schema = f"#/components/schemas/{model.__name__}"
        yield Resource(
            path=f"/{model.about.name}",
            suffix=model.about.name,
            tag=model.about.name,
            title=model.about.title.lower(),
            description=model.spec().description,
            fixed={"dataset": model.about.name},
            row={"$ref": schema},
            changes={"$ref": f"{schema}Changes"},
            example={field.name: field.example for field in model.spec().fields},
        )
    anything = {"type": "object", "additionalProperties": True}
    yield Resource(
        path="/datasets/{dataset}/records",
        suffix="of_dataset",
        tag="datasets",
        title="any data set",
        description="Records of every data set, also of those without a contract in the code.",
        fixed={},
        row=anything,
        changes=anything,
        example={"station": "B-12", "measured_at": "2024-05-17T18:20:00Z", "value": "21.4"},
    )
