"""The star schema. Surrogate keys are our own; key 0 of each dimension is its unknown member.

Facts keep the natural keys they came with, so that a fact that arrived before its dimension can be bound later, and the
raw record they came from.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from lakehouse_project.kernel.fields import XidField

UNKNOWN = 0
"""Surrogate key of the unknown member of every dimension."""


def money(help_text: str, **options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=18, decimal_places=2, help_text=help_text, **options)


def dimension(to: type[models.Model]) -> "models.ForeignKey[Any, Any]":
    """A reference to a dimension, the unknown member until the real one is there."""
    return models.ForeignKey(to, on_delete=models.PROTECT, related_name="+", db_default=UNKNOWN)


def unbound(name: str, natural: str, reference: str) -> models.Index:
    """An index of the facts that wait for their dimension; it is empty where none does."""
    return models.Index(name=name, fields=[natural], condition=Q(**{reference: UNKNOWN}))


class DimDate(models.Model):
    """The calendar: one row per day."""

    key = models.IntegerField(primary_key=True, help_text="yyyymmdd; 0 is unknown.")
    date = models.DateField(unique=True, null=True)
    year = models.IntegerField()
    quarter = models.IntegerField()
    month = models.IntegerField()
    day = models.IntegerField()
    iso_year = models.IntegerField()
    iso_week = models.IntegerField()
    weekday = models.IntegerField(help_text="ISO: 1 is Monday, 7 is Sunday.")
    is_weekend = models.BooleanField()
    fiscal_year = models.IntegerField()
    fiscal_quarter = models.IntegerField()
    holiday = models.TextField(blank=True, help_text="Name of the public holiday, if it is one.")

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = "date"

    def __str__(self) -> str:
        return str(self.date or "unknown")


class Holiday(models.Model):
    """A public holiday of one of the countries that users live in; `DimDate.holiday` has those of the company's own."""

    country = models.TextField(help_text="ISO 3166-1 alpha-2.")
    day = dimension(DimDate)
    name = models.TextField()

    class Meta:
        ordering: ClassVar = ["country", "day"]
        constraints: ClassVar = [models.UniqueConstraint(name="holiday_natural", fields=["country", "day"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.country})"


class Dimension(models.Model):
    """What the dimensions below share."""

    key = models.BigAutoField(primary_key=True)
    raw_record_id = models.BigIntegerField(
        null=True, blank=True, db_index=True, help_text="Raw record it came from."
    )
    is_active = models.BooleanField(
        db_default=True, default=True, help_text="False once its raw record is gone."
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["key"]


class DimLocation(Dimension):
    """A place: country, postal code and city."""

    country = models.TextField()
    postal_code = models.TextField()
    city = models.TextField()

    class Meta(Dimension.Meta):
        verbose_name = "location"
        constraints: ClassVar = [
            models.UniqueConstraint(name="dim_location_natural", fields=["country", "postal_code", "city"])
        ]

    def __str__(self) -> str:
        return f"{self.postal_code} {self.city}, {self.country}"


class DimBank(Dimension):
    """A bank. Spellings of its name that differ by case, blanks and forms of Unicode are one bank."""

    name_key = models.TextField(unique=True, help_text="Natural key: the name in lower case.")
    name = models.TextField(help_text="As it is spelled most often.")

    class Meta(Dimension.Meta):
        verbose_name = "bank"

    def __str__(self) -> str:
        return self.name


class DimEmployer(Dimension):
    """An employer. Spellings of its name that differ by case, blanks and forms of Unicode are one employer."""

    name_key = models.TextField(unique=True, help_text="Natural key: the name in lower case.")
    name = models.TextField(help_text="As it is spelled most often.")

    class Meta(Dimension.Meta):
        verbose_name = "employer"

    def __str__(self) -> str:
        return self.name


class DimDepartment(Dimension):
    """A department of the company."""

    department_id = models.BigIntegerField(unique=True, null=True, help_text="Natural key.")
    name = models.TextField()

    class Meta(Dimension.Meta):
        verbose_name = "department"

    def __str__(self) -> str:
        return self.name


class DimJob(Dimension):
    """A job of the company; free-text titles of employments are conformed to it."""

    job_id = models.BigIntegerField(unique=True, null=True, help_text="Natural key.")
    title = models.TextField()

    class Meta(Dimension.Meta):
        verbose_name = "job"

    def __str__(self) -> str:
        return self.title


class DimProduct(Dimension):
    """A product."""

    sku = models.TextField(unique=True, help_text="Natural key.")
    name = models.TextField()
    description = models.TextField()
    category = models.TextField(db_index=True)
    price = money("List price.")
    currency = models.TextField()

    class Meta(Dimension.Meta):
        verbose_name = "product"

    def __str__(self) -> str:
        return self.name


class DimEventType(Dimension):
    """A kind of event."""

    name = models.TextField(unique=True)

    class Meta(Dimension.Meta):
        verbose_name = "event type"

    def __str__(self) -> str:
        return self.name


class DimUser(Dimension):
    """A user, in versions (slowly changing dimension of type 2): each row holds from `valid_from` to before `valid_to`.

    `bank` is not versioned (type 1): it is the bank of today.
    """

    user_id = models.TextField(help_text="Natural key.")
    version = models.IntegerField(help_text="From 1.")
    full_name = models.TextField()
    email = models.TextField()
    phone = models.TextField(blank=True)
    address = models.TextField(blank=True)
    city = models.TextField(db_index=True)
    postal_code = models.TextField()
    country = models.TextField()
    location = dimension(DimLocation)
    bank = dimension(DimBank)
    created_at = models.DateTimeField(help_text="When the user came to be, as the source says.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True, help_text="Empty for the current version.")
    is_current = models.BooleanField(default=True)

    class Meta(Dimension.Meta):
        verbose_name = "user"
        constraints: ClassVar = [
            models.UniqueConstraint(name="dim_user_version", fields=["user_id", "version"]),
            models.UniqueConstraint(
                name="dim_user_current", fields=["user_id"], condition=Q(is_current=True)
            ),
            models.CheckConstraint(
                name="dim_user_validity", condition=Q(valid_to=None) | Q(valid_to__gt=models.F("valid_from"))
            ),
            models.CheckConstraint(
                name="dim_user_current_is_open", condition=Q(is_current=False) | Q(valid_to=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} v{self.version}"


class UserBank(models.Model):
    """Which bank a user has, kept apart because it may arrive before the user."""

    user_id = models.TextField(unique=True, help_text="Natural key.")
    bank = dimension(DimBank)
    bank_name = models.TextField(help_text="As the source spells it.")
    raw_record_id = models.BigIntegerField(unique=True)

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = "bank of a user"
        verbose_name_plural = "banks of users"

    def __str__(self) -> str:
        return f"{self.user_id}: bank {self.bank_id}"


class Fact(models.Model):
    """What the facts below share."""

    raw_record_id = models.BigIntegerField(unique=True, help_text="Raw record it came from.")

    class Meta:
        abstract = True
        ordering: ClassVar = ["id"]


class FactHire(Fact):
    """One hire."""

    hire_id = models.BigIntegerField(unique=True)
    employee_name = models.TextField()
    hired_at = models.DateTimeField()
    department_id_natural = models.BigIntegerField()
    job_id_natural = models.BigIntegerField()
    date = dimension(DimDate)
    department = dimension(DimDepartment)
    job = dimension(DimJob)

    class Meta(Fact.Meta):
        verbose_name = "hire"
        indexes: ClassVar = [
            unbound("hire_without_department", "department_id_natural", "department"),
            unbound("hire_without_job", "job_id_natural", "job"),
        ]

    def __str__(self) -> str:
        return f"hire {self.hire_id}"


class FactEmployment(Fact):
    """One employment of a user, from its first to its last day."""

    employment_id = models.TextField(unique=True)
    user_id_natural = models.TextField(db_index=True)
    employer_name = models.TextField(help_text="As the source spells it.")
    job_title = models.TextField(help_text="As the source has it.")
    job_match_score = models.FloatField(
        help_text="How well the title matched its job, 0 to 100; 0 for the unknown job."
    )
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    salary = money("Pay per year, in `currency`.")
    currency = models.TextField()
    salary_reporting = money(
        "In the reporting currency, by the rate of the first day; empty without a rate.", null=True
    )
    user = dimension(DimUser)
    employer = dimension(DimEmployer)
    job = dimension(DimJob)
    start = dimension(DimDate)
    end = dimension(DimDate)

    class Meta(Fact.Meta):
        verbose_name = "employment"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="fact_employment_score", condition=Q(job_match_score__gte=0, job_match_score__lte=100)
            )
        ]

    def __str__(self) -> str:
        return f"employment {self.employment_id}"


class FactOrderLine(Fact):
    """One line of an order."""

    order_id = models.TextField()
    line_number = models.BigIntegerField()
    user_id_natural = models.TextField()
    sku_natural = models.TextField()
    ordered_at = models.DateTimeField()
    status = models.TextField()
    quantity = models.BigIntegerField()
    unit_price = money("Price of one piece, in `currency`.")
    amount = money("quantity x unit price, in `currency`.")
    currency = models.TextField()
    amount_reporting = money(
        "In the reporting currency, by the rate of the day; empty without a rate.", null=True
    )
    date = dimension(DimDate)
    user = dimension(DimUser)
    product = dimension(DimProduct)

    class Meta(Fact.Meta):
        verbose_name = "order line"
        constraints: ClassVar = [
            models.UniqueConstraint(name="fact_order_line_natural", fields=["order_id", "line_number"])
        ]
        indexes: ClassVar = [
            unbound("order_line_without_user", "user_id_natural", "user"),
            unbound("order_line_without_product", "sku_natural", "product"),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} line {self.line_number}"


class FactEvent(Fact):
    """One thing that a user did."""

    event_id = models.TextField(unique=True)
    user_id_natural = models.TextField()
    occurred_at = models.DateTimeField()
    date = dimension(DimDate)
    user = dimension(DimUser)
    event_type = dimension(DimEventType)

    class Meta(Fact.Meta):
        verbose_name = "event"
        indexes: ClassVar = [unbound("event_without_user", "user_id_natural", "user")]

    def __str__(self) -> str:
        return f"event {self.event_id}"


class ExchangeRate(models.Model):
    """Rates of a day: one unit of `currency` in units of the reporting currency."""

    date = models.DateField()
    currency = models.TextField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    raw_record_id = models.BigIntegerField(unique=True)

    class Meta:
        ordering: ClassVar = ["date", "currency"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_rate_per_day", fields=["currency", "date"]),
            models.CheckConstraint(name="rate_not_negative", condition=Q(rate__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.currency} on {self.date}"


class Change(models.Model):
    """What a run of silver changed, written in the transaction of the change. Gold and search read it by feed."""

    entity = models.TextField()
    key = models.TextField()
    xid = XidField()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["xid"], name="change_xid")]

    def __str__(self) -> str:
        return f"{self.entity} {self.key}"
