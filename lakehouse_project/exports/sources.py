"""The lists that can be exported, by the address below the API version at which they are served."""

from django.http import QueryDict

from bronze.catalog import contract_named, visible_contracts
from bronze.exports import record_table
from gold.registry import MARTS
from gold.repositories import mart_table
from gold.tables import asked_rows
from lakehouse_project.exports.errors import UnknownSource
from lakehouse_project.kernel.masking import Caller
from lakehouse_project.kernel.permissions import Forbidden, view_permission
from lakehouse_project.kernel.tabular import Table
from silver.exports import star_table
from silver.star import STAR

RECORDS = "bronze.view_rawrecord"

_STAR = {f"silver/{table.slug}": table for table in STAR}
_MARTS = {f"gold{mart.path}": mart for mart in MARTS}


def sources() -> list[str]:
    """All there are."""
    return [*(f"bronze/{name}" for name in visible_contracts()), *_STAR, *_MARTS]


def table_of(source: str, query: str, caller: Caller) -> Table:
    """The list as the caller may see it, narrowed by a query string.

    Raises `UnknownSource`, `Forbidden`, and what is wrong with the query: parameters that choose a page say nothing here.
    """
    asked = QueryDict(query)
    if source in _STAR:
        _require(caller, view_permission(_STAR[source].model))
        return star_table(_STAR[source], asked, caller, own=frozenset())
    if source in _MARTS:
        _require(caller, view_permission(_MARTS[source].model))
        return mart_table(_MARTS[source], asked_rows(_MARTS[source], asked, caller))
    name = _dataset(source)
    _require(caller, RECORDS)
    return record_table(contract_named(name), asked, caller)


def _dataset(source: str) -> str:
    """`bronze/users`; also `bronze/datasets/users/records`, the address of those that are described at run time."""
    layer, _, name = source.partition("/")
    name = name.removeprefix("datasets/").removesuffix("/records") if name.startswith("datasets/") else name
    if layer != "bronze" or name not in visible_contracts():
        raise UnknownSource(f"There is no list {source!r}. Known: {', '.join(sources())}.")
    return name


def _require(caller: Caller, permission: str) -> None:
    if not caller.has_perm(permission):
        raise Forbidden(f"You need the permission {permission}, which none of your groups gives you.")
