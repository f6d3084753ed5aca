"""The query string of the search page, and those of the pages next to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from search.domain import ENTITIES, Mode
from search.errors import UnknownField
from search.query import fields_of
from search.schemas import FilterParameters, Parameters

_PLAIN = {"mode": [Mode.HYBRID.value], "sort": ["relevance"], "page": ["1"]}
"""What goes without saying."""
_UNFILTERED = frozenset({*Parameters.model_fields, "entity"})


@dataclass(frozen=True)
class Address:
    """`values`: those of each parameter, without those that go without saying."""

    values: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, given: QueryDict) -> "Address":
        """Empty values are those of fields that were left empty."""
        listed = ((name, [each for each in values if each]) for name, values in given.lists())
        return cls({name: values for name, values in listed if values and values != _PLAIN.get(name)})

    def parameters(self) -> Any:
        """As the search route takes them. Raises UnknownField and Pydantic's ValidationError."""
        unknown = sorted(set(self.values) - set(FilterParameters.model_fields))
        if unknown:
            raise UnknownField(f"Unknown parameter {', '.join(unknown)}.")
        given = {name: _value(name, values) for name, values in self.values.items()}
        return FilterParameters.model_validate(given)

    def filters(self) -> Mapping[str, Sequence[str]]:
        """Those that narrow the search by a field, such as `price__gte`."""
        return {name: values for name, values in self.values.items() if name not in _UNFILTERED}

    def get(self, name: str) -> Sequence[str]:
        return self.values.get(name, ())

    def with_(self, **values: str) -> "Address":
        """With these values instead, from the first page."""
        return self._set({name: [value] for name, value in values.items()})

    def without(self, names: Iterable[str]) -> "Address":
        """Without these parameters, from the first page."""
        dropped = set(names)
        return Address({name: values for name, values in self._from_start().items() if name not in dropped})

    def without_value(self, name: str, value: str) -> "Address":
        left = [each for each in self.get(name) if each != value]
        return self._set({name: left}) if left else self.without({name})

    def for_entity(self, entity: str) -> "Address":
        """The same search of one entity, or of all of them (empty): less the filters and sorts that this one has not."""
        known = fields_of([entity] if entity else ENTITIES)
        foreign = {name for name in self.filters() if field_of(name) not in known}
        is_sorted = all(name.removeprefix("-") in {*known, "title"} for name in self.get("sort"))
        kept = self.without({*foreign, "entity"} | (set() if is_sorted else {"sort"}))
        return kept.with_(entity=entity) if entity else kept

    @property
    def url(self) -> str:
        query = QueryDict(mutable=True)
        for name, values in self.values.items():
            query.setlist(name, list(values))
        return f"?{query.urlencode()}"

    def _set(self, values: Mapping[str, Sequence[str]]) -> "Address":
        return Address({**self._from_start(), **values})

    def _from_start(self) -> dict[str, Sequence[str]]:
        return {name: values for name, values in self.values.items() if name != "page"}


def field_of(parameter: str) -> str:
    """The field that a filter is about: `price` of `price__gte`."""
    return parameter.partition("__")[0]


def _value(name: str, values: Sequence[str]) -> Sequence[str] | str:
    """All values of a parameter that takes several, the last one of any other."""
    return values if "list" in str(FilterParameters.model_fields[name].annotation) else values[-1]
