"""The transforms by data set. Each is a pure function of frames, so that an engine can run it wherever polars does.

An engine brings the records, the frames that `known` names, and writes what comes out. Here that is one process and pages of
records; an engine on many machines gives each of them the records of some keys and all of `known`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import pandera.polars as pa
import polars as pl

from silver.transforms import binding, people, sales
from silver.transforms.binding import Known
from silver.transforms.records import Refined
from silver.transforms.schemas import ROWS, check, record_schema


@dataclass(frozen=True, kw_only=True)
class Transform:
    """Raw records of the data set `name` into rows of `table`."""

    name: str
    table: str
    key: tuple[str, ...]
    """Fields of the records that make the natural key: repartition by them. Where two spellings of one key part ways all the
    same, as on pages, the later record wins when their rows are written."""
    fields: tuple[str, ...]
    """What is read of a record: all texts, or null."""
    refine: Callable[[pl.DataFrame], Refined]
    """Types and conforms; knows nothing but the records."""
    bind: Callable[[pl.DataFrame, Known], pl.DataFrame] = binding.as_they_are
    known: tuple[str, ...] = field(default=())
    """What `bind` looks up."""

    @cached_property
    def records_schema(self) -> pa.DataFrameSchema:
        return record_schema(self.fields)

    @property
    def rows_schema(self) -> pa.DataFrameSchema:
        return ROWS[self.name]

    def typed(self, records: pl.DataFrame) -> Refined:
        """The records as typed rows without surrogate keys. Raises `ContractBroken`."""
        check(records, self.records_schema, table=f"raw records of {self.name}", key=self.key)
        return self.refine(records)

    def bound(self, refined: Refined, known: Known) -> Refined:
        """Typed rows with their surrogate keys. Raises `ContractBroken`."""
        rows = self.bind(refined.rows, known)
        check(rows, self.rows_schema, table=self.table, key=self.rows_schema.unique or ())
        return replace(refined, rows=rows)

    def __call__(self, records: pl.DataFrame, known: Known) -> Refined:
        """All of it, for an engine that has everything at hand. Raises `ContractBroken`."""
        return self.bound(self.typed(records), known)


_ALL = (
    Transform(
        name="departments",
        table="silver_dimdepartment",
        key=("id",),
        fields=("id", "department"),
        refine=people.departments,
    ),
    Transform(name="jobs", table="silver_dimjob", key=("id",), fields=("id", "job"), refine=people.jobs),
    Transform(
        name="products",
        table="silver_dimproduct",
        key=("sku",),
        fields=("sku", "name", "description", "category", "price", "currency"),
        refine=sales.products,
    ),
    Transform(
        name="exchange_rates",
        table="silver_exchangerate",
        key=("date", "currency"),
        fields=("date", "currency", "rate"),
        refine=sales.exchange_rates,
    ),
    Transform(
        name="user_bank_info",
        table="silver_userbank",
        key=("user_id",),
        fields=("user_id", "bank_name"),
        refine=people.user_banks,
        bind=binding.user_banks,
        known=("banks",),
    ),
    Transform(
        name="users",
        table="silver_dimuser",
        key=("user_id",),
        fields=(
            "user_id",
            "full_name",
            "email",
            "phone",
            "address",
            "city",
            "postal_code",
            "country",
            "created_at",
            "updated_at",
        ),
        refine=people.users,
        bind=binding.users,
        known=("locations", "current_users"),
    ),
    Transform(
        name="hired_employees",
        table="silver_facthire",
        key=("id",),
        fields=("id", "name", "datetime", "department_id", "job_id"),
        refine=people.hires,
        bind=binding.hires,
        known=("departments", "jobs"),
    ),
    Transform(
        name="employment_info",
        table="silver_factemployment",
        key=("employment_id",),
        fields=(
            "employment_id",
            "user_id",
            "employer",
            "job_title",
            "start_date",
            "end_date",
            "salary",
            "currency",
        ),
        refine=people.employments,
        bind=binding.employments,
        known=("employers", "user_versions", "active_jobs", "rates"),
    ),
    Transform(
        name="order_lines",
        table="silver_factorderline",
        key=("order_id", "line_number"),
        fields=(
            "order_id",
            "line_number",
            "user_id",
            "sku",
            "ordered_at",
            "status",
            "quantity",
            "unit_price",
            "currency",
        ),
        refine=sales.order_lines,
        bind=binding.order_lines,
        known=("products", "user_versions", "rates"),
    ),
    Transform(
        name="events",
        table="silver_factevent",
        key=("event_id",),
        fields=("event_id", "user_id", "event_type", "occurred_at"),
        refine=sales.events,
        bind=binding.events,
        known=("event_types", "user_versions"),
    ),
)

TRANSFORMS: Mapping[str, Transform] = MappingProxyType({transform.name: transform for transform in _ALL})
"""By data set, dimensions before the facts that refer to them, and banks before users, who have one."""
