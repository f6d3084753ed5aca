"""The operations of an OpenAPI document, in the order in which a run can do them."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_project.postman.story import FIRST_FOLDERS, LAST, LAST_FOLDERS, STEPS, Step

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{(\w+)\}")
ROOT = re.compile(r"^/api/v\d+/")
RANKS: Mapping[tuple[str, str], int] = {
    ("post", "all"): 0,
    ("get", "all"): 1,
    ("get", "one"): 2,
    ("get", "below"): 3,
    ("patch", "one"): 4,
    ("put", "one"): 5,
    ("post", "below"): 6,
    ("post", "batch"): 7,
    ("put", "batch"): 8,
    ("patch", "batch"): 9,
    ("delete", "one"): 10,
    ("delete", "batch"): LAST,
}
"""Made before it is read, read before it is changed, changed before it is deleted."""
OTHERWISE, RESTORED = 6, 11


@dataclass(frozen=True)
class Operation:
    """`spec` is its entry in the document, `resource` the path of what it is about: `/api/v1/bronze/users`, or nothing."""

    path: str
    method: str
    spec: Mapping[str, Any]
    resource: str

    @property
    def id(self) -> str:
        found: str = self.spec["operationId"]
        return found

    @property
    def tag(self) -> str:
        found: str = self.spec["tags"][0]
        return found

    @property
    def step(self) -> Step:
        return STEPS.get(self.id, Step())

    @property
    def shape(self) -> str:
        """Whether it is about all of a resource, one of it, something below that one, or a batch."""
        rest = self.path.removeprefix(self.resource) if self.resource else ""
        if rest == "/batch":
            return "batch"
        if PARAMETER.fullmatch(rest[1:]):
            return "one"
        return "below" if "{" in rest else "all"

    @property
    def rank(self) -> int:
        if self.step.rank is not None:
            return self.step.rank
        if self.path.endswith("/restore"):
            return RESTORED
        return RANKS.get((self.method, self.shape), OTHERWISE)

    @property
    def is_last(self) -> bool:
        return self.rank >= LAST

    def parameters(self, place: str) -> list[Mapping[str, Any]]:
        return [parameter for parameter in self.spec.get("parameters", ()) if parameter["in"] == place]


def variable_of(path: str) -> str:
    """The variable that keeps what has been made or found at a path: `bronze_users`."""
    words = [word for word in ROOT.sub("", path).split("/") if word and not PARAMETER.fullmatch(word)]
    return "_".join(words).replace("-", "_")


def operations(document: Mapping[str, Any]) -> list[Operation]:
    return sorted(_all(document), key=_place)


def _all(document: Mapping[str, Any]) -> Iterator[Operation]:
    resources = {path.rpartition("/")[0] for path in document["paths"] if path.endswith("}")}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield Operation(path, method, methods[method], _resource(path, resources))


def _resource(path: str, resources: Collection[str]) -> str:
    around = (one for one in resources if path == one or path.startswith(f"{one}/"))
    return max(around, key=len, default="")


def _place(operation: Operation) -> tuple[Any, ...]:
    folder, order, name = folder_place(operation.tag)
    if operation.is_last:  # the other way round: what refers to others goes before them
        return True, operation.rank, -folder, -order, name, operation.path
    return (
        False,
        folder,
        order,
        name,
        operation.resource,
        operation.rank,
        operation.path,
        operation.method,
    )


def folder_place(tag: str) -> tuple[int, int, str]:
    """First those that others refer to, last what is made of the others."""
    if tag in FIRST_FOLDERS:
        return 0, FIRST_FOLDERS.index(tag), tag
    if tag in LAST_FOLDERS:
        return 2, LAST_FOLDERS.index(tag), tag
    return 1, 0, tag
