"""Raw records written the way bronze leaves them, and the star schema read back by natural keys."""

from collections import defaultdict
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from bronze.models import Dataset, RawRecord
from governance.feed import ChangeFeed
from silver.models import (
    Change,
    DimBank,
    DimDepartment,
    DimEmployer,
    DimJob,
    DimProduct,
    DimUser,
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
)
from silver.repositories.tables import DATES, FROM_RECORDS
from silver.repositories.unknown import NAME, add_unknown_members
from silver.services import Calendar, RefineChanges

CALENDAR = Calendar(holidays_country="US", fiscal_year_start=1, years=range(2020, 2023))

KEYS = {
    "users": ("user_id",),
    "user_bank_info": ("user_id",),
    "employment_info": ("employment_id",),
    "departments": ("id",),
    "jobs": ("id",),
    "hired_employees": ("id",),
    "products": ("sku",),
    "order_lines": ("order_id", "line_number"),
    "events": ("event_id",),
    "exchange_rates": ("date", "currency"),
}


class Bus:
    """Keeps what was published."""

    def __init__(self) -> None:
        self.published: list[str] = []

    def publish(self, name: str, **payload: Any) -> None:
        self.published.append(name)


class Warehouse:
    def __init__(self) -> None:
        self.bus = Bus()
        self.refine = RefineChanges(events=self.bus, calendar=CALENDAR, reporting_currency="USD")

    def put(self, dataset: str, *rows: dict[str, Any], status: str = "valid") -> None:
        """Insert records, or change those with the same key."""
        Dataset.objects.get_or_create(name=dataset)
        for row in rows:
            RawRecord.objects.update_or_create(
                dataset_id=dataset,
                key=":".join(str(row[name]) for name in KEYS[dataset]),
                defaults={"payload": row, "status": status},
                create_defaults={"payload": row, "status": status, "content_hash": b""},
            )

    def status(self, dataset: str, key: str, status: str) -> None:
        RawRecord.objects.filter(dataset=dataset, key=key).update(status=status)

    def patch(self, dataset: str, key: str, **fields: Any) -> None:
        RawRecord.objects.filter(dataset=dataset, key=key).update(patch=fields)

    def changes(self) -> set[tuple[str, str]]:
        """What has changed since the last call."""
        found = set(Change.objects.values_list("entity", "key"))
        Change.objects.all().delete()
        return found

    def rewind(self) -> None:
        ChangeFeed("silver").rewind()

    def empty(self, *, raw: bool) -> None:
        """Empty the star schema, and with `raw` the raw records with their history as well."""
        tables = {table.name for table in FROM_RECORDS.values()} - {DATES.name} | {"silver_change"}
        derived = {"silver_dimlocation", "silver_dimbank", "silver_dimemployer", "silver_dimeventtype"}
        records = {"bronze_rawrecord", "bronze_recordhistory"} if raw else set()
        names = ", ".join(sorted(tables | derived | records))
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        add_unknown_members()
        self.rewind()


def groups() -> dict[tuple[str, str], set[Any]]:
    """The content of the facts, by the entity and key under which their changes are announced."""
    found: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for hire in _rows(FactHire, "department__department_id", "job__job_id"):
        found["hire_year", str(hire["hired_at"].year)].add(tuple(hire.values()))
        found["hire_day", str(hire["hired_at"].date())].add(tuple(hire.values()))
    for line in _rows(FactOrderLine, "user__user_id", "user__version", "product__sku"):
        found["order_day", str(line["ordered_at"].date())].add(tuple(line.values()))
    for event in _rows(FactEvent, "user__user_id", "user__version", "event_type__name"):
        found["event_day", str(event["occurred_at"].date())].add(tuple(event.values()))
    for job in _rows(FactEmployment, "user__user_id", "user__version", "job__job_id", "employer__name"):
        found["employment_user", job["user_id_natural"]].add(tuple(job.values()))
        found["employment_day", str(job["start_date"])].add(tuple(job.values()))
    return found


def _rows(model: Any, *bound: str) -> list[dict[str, Any]]:
    own = [
        field.name for field in model._meta.concrete_fields if not field.is_relation and field.name != "id"
    ]
    return list(model.objects.values(*own, *bound))


def surrogate_keys() -> dict[str, dict[Any, int]]:
    """Natural key -> surrogate key of every table."""
    return {
        table.name: {
            tuple(natural): key for key, *natural in QuerySet(table.model).values_list("pk", *table.natural)
        }
        for table in FROM_RECORDS.values()
    }


def validity() -> dict[str, list[Any]]:
    """The versions of each user: number, from, to, is it the current one."""
    found: dict[str, list[Any]] = defaultdict(list)
    users = DimUser.objects.filter(key__gt=0).order_by("version")
    for user_id, *span in users.values_list("user_id", "version", "valid_from", "valid_to", "is_current"):
        found[user_id].append(tuple(span))
    return found


def content() -> dict[str, set[Any]]:
    """The star schema as a function of the raw records of today: gone members and former versions left out."""
    users = DimUser.objects.filter(is_active=True, is_current=True)
    return {
        "departments": set(
            DimDepartment.objects.filter(is_active=True, key__gt=0).values_list("department_id", "name")
        ),
        "jobs": set(DimJob.objects.filter(is_active=True, key__gt=0).values_list("job_id", "title")),
        "products": set(
            DimProduct.objects.filter(is_active=True, key__gt=0).values_list("sku", "name", "price")
        ),
        "users": set(
            users.values_list("user_id", "full_name", "city", "location__city", "bank__name", "created_at")
        ),
        "employers": set(
            DimEmployer.objects.filter(is_active=True, key__gt=0).values_list("name_key", "name")
        ),
        "banks": set(DimBank.objects.filter(is_active=True, key__gt=0).values_list("name_key", "name")),
        "hires": {
            (*own, _if(active, department), _if(job_active, job))
            for *own, active, department, job_active, job in FactHire.objects.values_list(
                "hire_id",
                "employee_name",
                "hired_at",
                "date__date",
                "department__is_active",
                "department__department_id",
                "job__is_active",
                "job__job_id",
            )
        },
        "employments": {
            (*own, _if(active, user))
            for *own, active, user in FactEmployment.objects.values_list(
                "employment_id",
                "employer__name",
                "job__job_id",
                "job_match_score",
                "salary",
                "salary_reporting",
                "start__date",
                "user__is_active",
                "user__user_id",
            )
        },
        "order_lines": {
            (*own, _if(user_active, user), _if(product_active, product))
            for *own, user_active, user, product_active, product in FactOrderLine.objects.values_list(
                "order_id",
                "line_number",
                "amount",
                "amount_reporting",
                "date__date",
                "user__is_active",
                "user__user_id",
                "product__is_active",
                "product__sku",
            )
        },
        "events": {
            (*own, _if(active, user))
            for *own, active, user in FactEvent.objects.values_list(
                "event_id", "event_type__name", "date__date", "user__is_active", "user__user_id"
            )
        },
    }


def _if(is_active: bool, key: Any) -> Any:
    """The natural key of a member, None for one that is gone or unknown."""
    return key if is_active and key != NAME else None
