"""How many hits are behind each tab and each value of a facet, before anybody chooses it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from search.address import Address, field_of
from search.domain import ENTITIES, Found
from search.query import SearchQuery
from search.schemas import to_query
from search.services import FindDocuments

Counts: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Asks for an address of the page, and for what the addresses next to it would give."""

    find: FindDocuments
    is_personal_shown: bool

    def query(self, address: Address) -> SearchQuery:
        """Raises UnknownField, InvalidInput, and Pydantic's ValidationError. The page counts every facet."""
        parameters = address.parameters().model_copy(update={"facets": None})
        return to_query(parameters, is_personal_shown=self.is_personal_shown)

    def facets(self, address: Address, found: Found) -> dict[str, Counts]:
        """Counts by field. Where values are chosen, as if none were: another one of them adds its hits."""
        counts = {name: values for name, values in found.facets.items() if name != "entity"}
        chosen = [name for name in counts if address.get(name)]
        return counts | {name: self._with_chosen(address, name) for name in chosen}

    def entities(self, address: Address, found: Found) -> dict[str, int]:
        """Counts by entity, of all of them together under the empty name, with the filters that each has."""
        everywhere = address.without({"entity"})
        known: dict[frozenset[str], Counts] = {}
        if not address.get("entity"):
            known[frozenset(everywhere.filters())] = found.facets["entity"]
        counts = {}
        for entity in ENTITIES:
            own = everywhere.for_entity(entity).without({"entity"})
            counts[entity] = self._once(known, own).get(entity, 0)
        return {"": sum(self._once(known, everywhere).values()), **counts}

    def _once(self, known: dict[frozenset[str], Counts], address: Address) -> Counts:
        filters = frozenset(address.filters())
        if filters not in known:
            known[filters] = self._counted(address, "entity")
        return known[filters]

    def _with_chosen(self, address: Address, name: str) -> Counts:
        unchosen = address.without([each for each in address.filters() if field_of(each) == name])
        return {**dict.fromkeys(address.get(name), 0), **self._counted(unchosen, name)}

    def _counted(self, address: Address, facet: str) -> Counts:
        query = self.query(address)
        counted = replace(query, facets=(facet,), page=1, page_size=1, highlight=False)
        return self.find(counted).facets.get(facet, {})
