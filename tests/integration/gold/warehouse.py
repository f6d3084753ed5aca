"""Silver rows to compute marts from, and what a refresh needs beside them."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from bronze.models import Dataset, Document, SourceFile
from gold.repositories import MartChanges, MartTables, StarFrames, TableStates
from gold.services import ComputeMarts, RefreshMarts
from governance.feed import ChangeFeed
from silver.models import (
    Change,
    DimBank,
    DimDate,
    DimDepartment,
    DimEmployer,
    DimEventType,
    DimJob,
    DimUser,
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
)
from silver.repositories.unknown import add_unknown_members

NOON = dt.datetime(2024, 6, 15, 12, tzinfo=dt.UTC)


@dataclass
class Bus:
    """Keeps what was published."""

    published: list[str] = field(default_factory=list)

    def publish(self, name: str, **payload: Any) -> None:
        self.published.append(name)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now


def refresh_marts(bus: Bus, clock: Clock) -> RefreshMarts:
    return RefreshMarts(
        changes=MartChanges(),
        compute=ComputeMarts(star=StarFrames(), tables=MartTables()),
        states=TableStates(),
        feed=ChangeFeed("gold"),
        events=bus,
        atomic=transaction.atomic,
        now=clock,
    )


class Warehouse:
    """Writes silver rows the way silver does: together with the changes that announce them."""

    def __init__(self) -> None:
        add_unknown_members()
        self._raw = 0

    def _next(self) -> int:
        self._raw += 1
        return self._raw

    def announce(self, entity: str, key: Any) -> None:
        Change.objects.create(entity=entity, key=str(key))

    def date_key(self, day: dt.date) -> int:
        key = int(f"{day:%Y%m%d}")
        iso = day.isocalendar()
        values = {
            "date": day,
            "year": day.year,
            "quarter": (day.month + 2) // 3,
            "month": day.month,
            "day": day.day,
            "iso_year": iso.year,
            "iso_week": iso.week,
            "weekday": iso.weekday,
            "is_weekend": iso.weekday > 5,
            "fiscal_year": day.year,
            "fiscal_quarter": (day.month + 2) // 3,
        }
        DimDate.objects.get_or_create(key=key, defaults=values)
        return key

    def user(self, user_id: str, city: str, bank: str | None = None, **values: Any) -> None:
        """A new version of the user."""
        last = DimUser.objects.filter(user_id=user_id, is_current=True).first()
        DimUser.objects.filter(user_id=user_id).update(is_current=False)
        DimUser.objects.create(
            user_id=user_id,
            city=city,
            version=last.version + 1 if last else 1,
            bank_id=DimBank.objects.get_or_create(name=bank, name_key=bank.lower())[0].key if bank else 0,
            **{
                "full_name": "Ada Lovelace",
                "email": "ada@example.org",
                "country": "DE",
                "postal_code": "10115",
                "created_at": NOON,
                "valid_from": NOON,
                **values,
            },
        )
        self.announce("user", user_id)

    def employment(self, user_id: str, employer: str, salary: str | None, **values: Any) -> FactEmployment:
        number = self._next()
        row = FactEmployment.objects.create(
            raw_record_id=number,
            employment_id=str(number),
            user_id_natural=user_id,
            employer_id=DimEmployer.objects.get_or_create(name=employer, name_key=employer.lower())[0].key,
            **{
                "job_title": "Clerk",
                "job_match_score": 0,
                "start_date": dt.date(2020, 1, 1),
                "salary": Decimal(salary or 1),
                "currency": "USD",
                "salary_reporting": None if salary is None else Decimal(salary),
                **values,
            },
        )
        self.announce("employment_user", user_id)
        return row

    def department(self, number: int, name: str) -> None:
        DimDepartment.objects.update_or_create(department_id=number, defaults={"name": name})
        self.announce("department", number)

    def department_key(self, number: int) -> int:
        return DimDepartment.objects.get(department_id=number).key

    def job(self, number: int, title: str) -> None:
        DimJob.objects.update_or_create(job_id=number, defaults={"title": title})
        self.announce("job", number)

    def hire(self, hired_at: dt.datetime, department: int, job: int) -> FactHire:
        known = DimDepartment.objects.filter(department_id=department).first()
        known_job = DimJob.objects.filter(job_id=job).first()
        number = self._next()
        row = FactHire.objects.create(
            raw_record_id=number,
            hire_id=number,
            employee_name="Ada",
            hired_at=hired_at,
            department_id_natural=department,
            job_id_natural=job,
            date_id=self.date_key(hired_at.date()),
            department_id=known.key if known else 0,
            job_id=known_job.key if known_job else 0,
        )
        self.announce("hire_year", hired_at.year)
        return row

    def order_line(
        self, order: str, user_id: str, day: dt.date, amount: str | None, status: str = "paid"
    ) -> FactOrderLine:
        number = self._next()
        row = FactOrderLine.objects.create(
            raw_record_id=number,
            order_id=order,
            line_number=number,
            user_id_natural=user_id,
            sku_natural="S",
            ordered_at=dt.datetime.combine(day, dt.time(23, 30), dt.UTC),
            status=status,
            quantity=-1 if amount and amount.startswith("-") else 1,
            unit_price=Decimal(amount or 1),
            amount=Decimal(amount or 1),
            currency="USD",
            amount_reporting=None if amount is None else Decimal(amount),
            date_id=self.date_key(day),
        )
        self.announce("order_day", day.isoformat())
        return row

    def event(self, user_id: str, kind: str, at: dt.datetime) -> FactEvent:
        number = self._next()
        row = FactEvent.objects.create(
            raw_record_id=number,
            event_id=str(number),
            user_id_natural=user_id,
            occurred_at=at,
            date_id=self.date_key(at.date()),
            event_type_id=DimEventType.objects.get_or_create(name=kind)[0].key,
        )
        self.announce("event_day", at.date().isoformat())
        return row

    def document(self, sha256: str, user_id: str) -> Document:
        dataset, _ = Dataset.objects.get_or_create(name="documents")
        file = SourceFile.objects.create(
            dataset=dataset,
            name=f"{sha256[:8]}.txt",
            sha256=sha256,
            size=1,
            media_type="text/plain",
            format={},
        )
        return Document.objects.create(sha256=sha256, source_file=file, user_id=user_id)
