"""The star schema as it is shown: which tables, what may be filtered, and what is personal."""

from dataclasses import dataclass

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
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
)


@dataclass(frozen=True, kw_only=True)
class StarTable:
    """One dimension or fact. All names are columns."""

    slug: str
    model: type[models.Model]
    filters: tuple[str, ...]
    """Columns that can be compared with a value; in the large tables those that have an index."""
    personal: frozenset[str] = frozenset()
    listed: tuple[str, ...]
    """What a list in the admin shows."""
    searched: tuple[str, ...] = ()
    """What the search field of the admin looks in; in the large tables the exact value, by index."""
    narrowed: tuple[str, ...] = ()
    """Filters beside the list in the admin."""


STAR: tuple[StarTable, ...] = (
    StarTable(
        slug="dates",
        model=DimDate,
        filters=("date", "year", "quarter", "month", "iso_year", "iso_week", "fiscal_year", "is_weekend"),
        listed=(
            "key",
            "date",
            "quarter",
            "iso_week",
            "fiscal_year",
            "fiscal_quarter",
            "is_weekend",
            "holiday",
        ),
        searched=("holiday",),
        narrowed=("is_weekend", "weekday"),
    ),
    StarTable(
        slug="locations",
        model=DimLocation,
        filters=("country", "postal_code", "city"),
        listed=("key", "country", "postal_code", "city"),
        searched=("city", "postal_code"),
    ),
    StarTable(slug="banks", model=DimBank, filters=("name",), listed=("key", "name"), searched=("name",)),
    StarTable(
        slug="employers", model=DimEmployer, filters=("name",), listed=("key", "name"), searched=("name",)
    ),
    StarTable(
        slug="departments",
        model=DimDepartment,
        filters=("department_id", "name", "is_active"),
        listed=("key", "department_id", "name", "is_active"),
        searched=("name",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="jobs",
        model=DimJob,
        filters=("job_id", "title", "is_active"),
        listed=("key", "job_id", "title", "is_active"),
        searched=("title",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="products",
        model=DimProduct,
        filters=("sku", "category", "currency", "is_active"),
        listed=("key", "sku", "name", "category", "price", "currency", "is_active"),
        searched=("sku", "name"),
        narrowed=("is_active", "currency"),
    ),
    StarTable(
        slug="event-types", model=DimEventType, filters=("name",), listed=("key", "name"), searched=("name",)
    ),
    StarTable(
        slug="users",
        model=DimUser,
        filters=("user_id", "city", "location_id", "bank_id", "is_current", "is_active"),
        personal=frozenset({"full_name", "email", "phone", "address"}),
        listed=(
            "key",
            "user_id",
            "version",
            "city",
            "country",
            "valid_from",
            "valid_to",
            "is_current",
            "is_active",
        ),
        searched=("user_id__exact",),
        narrowed=("is_current", "is_active"),
    ),
    StarTable(
        slug="hires",
        model=FactHire,
        filters=("hire_id", "date_id", "department_id", "job_id", "raw_record_id"),
        personal=frozenset({"employee_name"}),
        listed=("hire_id", "hired_at", "department", "job"),
        searched=("hire_id__exact",),
        narrowed=("department",),
    ),
    StarTable(
        slug="employments",
        model=FactEmployment,
        filters=(
            "employment_id",
            "user_id_natural",
            "user_id",
            "employer_id",
            "job_id",
            "start_id",
            "raw_record_id",
        ),
        listed=("employment_id", "user_id_natural", "employer", "job_title", "job", "start_date", "end_date"),
        searched=("employment_id__exact", "user_id_natural__exact"),
    ),
    StarTable(
        slug="order-lines",
        model=FactOrderLine,
        filters=("order_id", "line_number", "date_id", "user_id", "product_id", "raw_record_id"),
        listed=(
            "order_id",
            "line_number",
            "ordered_at",
            "status",
            "product",
            "quantity",
            "amount",
            "currency",
        ),
        searched=("order_id__exact",),
    ),
    StarTable(
        slug="events",
        model=FactEvent,
        filters=("event_id", "date_id", "user_id", "event_type_id", "raw_record_id"),
        listed=("event_id", "user_id_natural", "event_type", "occurred_at"),
        searched=("event_id__exact",),
    ),
)
