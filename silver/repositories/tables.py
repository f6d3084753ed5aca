"""What each table of the star schema is keyed by, what is loaded into it, and whom its changes concern."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from django.db import models

from silver.models import (
    DimBank,
    DimDate,
    DimDepartment,
    DimEmployer,
    DimEventType,
    DimJob,
    DimLocation,
    DimProduct,
    DimUser,
    ExchangeRate,
    Fact,
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
    Holiday,
    UserBank,
)

_NONE: Mapping[str, str] = MappingProxyType({})
_EMPTY_AT_FIRST = frozenset({"raw_record_id", "end_date", "valid_to", "end_id"})


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. `natural` and `identity` are column names."""

    model: type[models.Model]
    natural: tuple[str, ...]
    """The natural key: unique in the table."""
    identity: tuple[str, ...] = ()
    """What a raw record decides on, where that is less than the natural key (all versions of a user)."""
    optional: frozenset[str] = frozenset()
    """References that may point to the unknown member for good."""
    not_loaded: frozenset[str] = frozenset()
    """Columns that are set otherwise than from the loaded frame."""
    changes: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Entity of a `Change` -> SQL expression of its key over one row of the table."""
    record_key: str = "NULL"
    """SQL expression, over one row of the table, of the key that a raw record of it has, unless it came without one."""

    @cached_property
    def name(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a loaded frame: all but the generated surrogate key."""
        fields = self.model._meta.concrete_fields
        loaded = [f.column for f in fields if not isinstance(f, models.AutoField) and f.column]
        return tuple(name for name in loaded if name not in self.not_loaded)

    @cached_property
    def required_references(self) -> tuple[str, ...]:
        """The loaded columns that hold surrogate keys of dimensions, and not that of the unknown member for good."""
        fields = self.model._meta.concrete_fields
        loaded = set(self.columns) - self.optional
        return tuple(f.column for f in fields if f.is_relation and f.column in loaded)

    @cached_property
    def converted(self) -> tuple[str, ...]:
        """The columns with an amount in the reporting currency."""
        return tuple(name for name in self.columns if name.endswith("_reporting"))

    @cached_property
    def may_be_empty(self) -> tuple[str, ...]:
        """The loaded columns that may lack a value, those apart that have none until something happens."""
        fields = self.model._meta.concrete_fields
        return tuple(
            f.column
            for f in fields
            if (f.null or f.blank) and f.column in set(self.columns) - _EMPTY_AT_FIRST
        )

    @cached_property
    def keeps_gone(self) -> bool:
        """A dimension keeps a member whose raw record is gone, as inactive, because facts may name it."""
        return "is_active" in self.columns

    @cached_property
    def is_fact(self) -> bool:
        """Nothing that is refined later in the same run looks a fact up."""
        return issubclass(self.model, Fact)

    @cached_property
    def decided_by(self) -> tuple[str, ...]:
        return self.identity or self.natural


_DERIVED = frozenset({"raw_record_id", "is_active"})

DATES = Table(model=DimDate, natural=("key",))
HOLIDAYS = Table(model=Holiday, natural=("country", "day_id"))
DEPARTMENTS = Table(
    model=DimDepartment,
    natural=("department_id",),
    changes={"department": "department_id::text"},
    record_key="department_id::text",
)
JOBS = Table(model=DimJob, natural=("job_id",), changes={"job": "job_id::text"}, record_key="job_id::text")
PRODUCTS = Table(model=DimProduct, natural=("sku",), changes={"product": "sku"}, record_key="sku")
LOCATIONS = Table(model=DimLocation, natural=("country", "postal_code", "city"), not_loaded=_DERIVED)
BANKS = Table(model=DimBank, natural=("name_key",), not_loaded=_DERIVED, changes={"bank": "name_key"})
EMPLOYERS = Table(
    model=DimEmployer, natural=("name_key",), not_loaded=_DERIVED, changes={"employer": "name_key"}
)
EVENT_TYPES = Table(model=DimEventType, natural=("name",), not_loaded=_DERIVED)
USERS = Table(
    model=DimUser,
    natural=("user_id", "version"),
    identity=("user_id",),
    not_loaded=frozenset({"bank_id"}),
    changes={"user": "user_id", "city": "city"},
    record_key="user_id",
)
USER_BANKS = Table(
    model=UserBank,
    natural=("user_id",),
    changes={"user": "user_id", "bank": "(SELECT name_key FROM silver_dimbank b WHERE b.key = bank_id)"},
    record_key="user_id",
)
RATES = Table(
    model=ExchangeRate,
    natural=("currency", "date"),
    changes={"rate": "currency || ':' || date"},
    record_key="date || ':' || currency",
)
HIRES = Table(
    model=FactHire,
    natural=("hire_id",),
    changes={"hire_year": "to_char(hired_at, 'FMYYYY')", "hire_day": "hired_at::date::text"},
    record_key="hire_id::text",
)
EMPLOYMENTS = Table(
    model=FactEmployment,
    natural=("employment_id",),
    optional=frozenset({"end_id"}),
    changes={
        "employment_user": "user_id_natural",
        "employment_day": "start_date::text",
        "employer": "(SELECT name_key FROM silver_dimemployer e WHERE e.key = employer_id)",
    },
    record_key="employment_id",
)
ORDER_LINES = Table(
    model=FactOrderLine,
    natural=("order_id", "line_number"),
    changes={"order_day": "ordered_at::date::text"},
    record_key="replace(replace(order_id, '%', '%25'), ':', '%3A') || ':' || line_number",
)
EVENTS = Table(
    model=FactEvent,
    natural=("event_id",),
    changes={"event_day": "occurred_at::date::text"},
    record_key="event_id",
)

FROM_RECORDS: Mapping[str, Table] = MappingProxyType(
    {
        "departments": DEPARTMENTS,
        "jobs": JOBS,
        "products": PRODUCTS,
        "exchange_rates": RATES,
        "user_bank_info": USER_BANKS,
        "users": USERS,
        "hired_employees": HIRES,
        "employment_info": EMPLOYMENTS,
        "order_lines": ORDER_LINES,
        "events": EVENTS,
    }
)
"""Data set -> the table that its records end in."""
