"""The star schema. Surrogate keys are our own; key 0 of each dimension is its unknown member.

Facts keep the natural keys they came with, so that a fact that arrived before its dimension can be bound later, and the
raw record they came from.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from lakehouse_project.kernel.fields import XidField

UNKNOWN = 0
"""Surrogate key of the unknown member of every dimension."""


def money(help_text: str) -> "models.DecimalField[object, object]":
    return models.DecimalField(max_digits=18, decimal_places=2, help_text=help_text)


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
    holiday = models.CharField(
        max_length=120, blank=True, help_text="Name of the public holiday, if it is one."
    )

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = "date"

    def __str__(self) -> str:
        return str(self.date or "unknown")


class Dimension(models.Model):
    """What the dimensions below share."""

    key = models.BigAutoField(primary_key=True)
    raw_record_id = models.BigIntegerField(null=True, blank=True, help_text="Raw record it came from.")
    is_active = models.BooleanField(
        db_default=True, default=True, help_text="False once its raw record is gone."
    )

    class Meta:
        abstract = True
        ordering: ClassVar = ["key"]


class DimLocation(Dimension):
    """A place: country, postal code and city."""

    country = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=16)
    city = models.CharField(max_length=120)

    class Meta(Dimension.Meta):
        verbose_name = "location"
        constraints: ClassVar = [
            models.UniqueConstraint(name="dim_location_natural", fields=["country", "postal_code", "city"])
        ]

    def __str__(self) -> str:
        return f"{self.postal_code} {self.city}, {self.country}"


class DimBank(Dimension):
    """A bank, by name."""

    name = models.CharField(max_length=120, unique=True)

    class Meta(Dimension.Meta):
        verbose_name = "bank"

    def __str__(self) -> str:
        return self.name


class DimEmployer(Dimension):
    """An employer, by its conformed name."""

    name = models.CharField(max_length=200, unique=True)

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

    sku = models.CharField(max_length=64, unique=True, help_text="Natural key.")
    name = models.CharField(max_length=200)
    description = models.TextField()
    category = models.CharField(max_length=120, db_index=True)
    price = money("List price.")
    currency = models.CharField(max_length=3)

    class Meta(Dimension.Meta):
        verbose_name = "product"

    def __str__(self) -> str:
        return self.name


class DimEventType(Dimension):
    """A kind of event."""

    name = models.CharField(max_length=64, unique=True)

    class Meta(Dimension.Meta):
        verbose_name = "event type"

    def __str__(self) -> str:
        return self.name


class DimUser(Dimension):
    """A user, in versions (slowly changing dimension of type 2): each row holds from `valid_from` to before `valid_to`.

    `bank` is not versioned (type 1): it is the bank of today.
    """

    user_id = models.CharField(max_length=64, help_text="Natural key.")
    version = models.IntegerField(help_text="From 1.")
    full_name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True)
    city = models.CharField(max_length=120, db_index=True)
    postal_code = models.CharField(max_length=16)
    country = models.CharField(max_length=2)
    location = models.ForeignKey(DimLocation, on_delete=models.PROTECT, related_name="+", db_default=UNKNOWN)
    bank = models.ForeignKey(DimBank, on_delete=models.PROTECT, related_name="+", db_default=UNKNOWN)
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
        ]

    def __str__(self) -> str:
        return f"{self.user_id} v{self.version}"


class Fact(models.Model):
    """What the facts below share."""

    raw_record_id = models.BigIntegerField(unique=True, help_text="Raw record it came from.")

    class Meta:
        abstract = True
        ordering: ClassVar = ["id"]


def dimension(to: type[models.Model], **options: object) -> "models.ForeignKey[object, object]":
    """A reference to a dimension, the unknown member until the real one is there."""
    return models.ForeignKey(to, on_delete=models.PROTECT, related_name="+", db_default=UNKNOWN, **options)  # type: ignore[arg-type]


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

    def __str__(self) -> str:
        return f"hire {self.hire_id}"


class FactEmployment(Fact):
    """One employment of a user, from its first to its last day."""

    employment_id = models.CharField(max_length=64, unique=True)
    user_id_natural = models.CharField(max_length=64, db_index=True)
    job_title = models.CharField(max_length=200, help_text="As the source has it.")
    job_match_score = models.FloatField(
        help_text="How well the title matched its job, 0 to 100; 0 for the unknown job."
    )
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    salary = money("Pay per year, in `currency`.")
    currency = models.CharField(max_length=3)
    salary_reporting = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        help_text="In the reporting currency; empty without a rate.",
    )
    user = dimension(DimUser)
    employer = dimension(DimEmployer)
    job = dimension(DimJob)
    start = dimension(DimDate)

    class Meta(Fact.Meta):
        verbose_name = "employment"

    def __str__(self) -> str:
        return f"employment {self.employment_id}"


class FactOrderLine(Fact):
    """One line of an order."""

    order_id = models.CharField(max_length=64)
    line_number = models.IntegerField()
    user_id_natural = models.CharField(max_length=64)
    sku_natural = models.CharField(max_length=64)
    ordered_at = models.DateTimeField()
    status = models.CharField(max_length=40)
    quantity = models.IntegerField()
    unit_price = money("Price of one piece, in `currency`.")
    amount = money("quantity x unit price, in `currency`.")
    currency = models.CharField(max_length=3)
    amount_reporting = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        help_text="In the reporting currency; empty without a rate.",
    )
    date = dimension(DimDate)
    user = dimension(DimUser)
    product = dimension(DimProduct)

    class Meta(Fact.Meta):
        verbose_name = "order line"
        constraints: ClassVar = [
            models.UniqueConstraint(name="fact_order_line_natural", fields=["order_id", "line_number"])
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} line {self.line_number}"


class FactEvent(Fact):
    """One thing that a user did."""

    event_id = models.CharField(max_length=64, unique=True)
    user_id_natural = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    date = dimension(DimDate)
    user = dimension(DimUser)
    event_type = dimension(DimEventType)

    class Meta(Fact.Meta):
        verbose_name = "event"

    def __str__(self) -> str:
        return f"event {self.event_id}"


class ExchangeRate(models.Model):
    """Rates of a day: one unit of `currency` in units of the reporting currency."""

    date = models.DateField()
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    raw_record_id = models.BigIntegerField(unique=True)

    class Meta:
        ordering: ClassVar = ["date", "currency"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_rate_per_day", fields=["currency", "date"])
        ]

    def __str__(self) -> str:
        return f"{self.currency} on {self.date}"


class Change(models.Model):
    """What a run of silver changed, written in the transaction of the change. Gold and search read it by feed."""

    entity = models.CharField(max_length=40)
    key = models.TextField()
    xid = XidField()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["xid"], name="change_xid")]

    def __str__(self) -> str:
        return f"{self.entity} {self.key}"
