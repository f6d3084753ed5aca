"""The star schema as it is shown: which tables, what lists show, and what is personal."""

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
    Holiday,
)


@dataclass(frozen=True, kw_only=True)
class StarTable:
    """One dimension or fact. All names are columns."""

    slug: str
    model: type[models.Model]
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
        slug="holidays",
        model=Holiday,
        listed=("country", "day", "name"),
        searched=("country__exact", "name"),
    ),
    StarTable(
        slug="locations",
        model=DimLocation,
        listed=("key", "country", "postal_code", "city"),
        searched=("city", "postal_code"),
    ),
    StarTable(
        slug="banks",
        model=DimBank,
        listed=("key", "name", "is_active"),
        searched=("name",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="employers",
        model=DimEmployer,
        listed=("key", "name", "is_active"),
        searched=("name",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="departments",
        model=DimDepartment,
        listed=("key", "department_id", "name", "is_active"),
        searched=("name",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="jobs",
        model=DimJob,
        listed=("key", "job_id", "title", "is_active"),
        searched=("title",),
        narrowed=("is_active",),
    ),
    StarTable(
        slug="products",
        model=DimProduct,
        listed=("key", "sku", "name", "category", "price", "currency", "is_active"),
        searched=("sku", "name"),
        narrowed=("is_active", "currency"),
    ),
    StarTable(slug="event-types", model=DimEventType, listed=("key", "name"), searched=("name",)),
    StarTable(
        slug="users",
        model=DimUser,
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
        personal=frozenset({"employee_name"}),
        listed=("hire_id", "hired_at", "department", "job"),
        searched=("hire_id__exact",),
        narrowed=("department",),
    ),
    StarTable(
        slug="employments",
        model=FactEmployment,
        listed=("employment_id", "user_id_natural", "employer", "job_title", "job", "start_date", "end_date"),
        searched=("employment_id__exact", "user_id_natural__exact"),
    ),
    StarTable(
        slug="order-lines",
        model=FactOrderLine,
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
        listed=("event_id", "user_id_natural", "event_type", "occurred_at"),
        searched=("event_id__exact",),
    ),
)
