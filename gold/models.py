"""Mart tables. Each row keeps its group key, which is also the filter that leads back to its facts.

Text columns sort by code point (collation C), so that an answer has the same order on every server.
"""

from typing import Any, ClassVar

from django.db import models

AnyModel = type[models.Model]


def text(help_text: str = "", **options: Any) -> "models.TextField[str, str]":
    return models.TextField(help_text=help_text, db_collation="C", **options)


def money(help_text: str) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=30, decimal_places=2, help_text=help_text)


def unconverted(what: str) -> "models.BigIntegerField[Any, Any]":
    return models.BigIntegerField(help_text=f"{what} left out of the sum because their rate is missing.")


def unique(name: str, *fields: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(name=name, fields=fields)


class HiresByQuarter(models.Model):
    """People mart: hires of a year per department and job."""

    year = models.IntegerField()
    department = text()
    job = text()
    q1 = models.IntegerField()
    q2 = models.IntegerField()
    q3 = models.IntegerField()
    q4 = models.IntegerField()

    class Meta:
        ordering: ClassVar = ["year", "department", "job"]
        verbose_name = "hires by quarter"
        verbose_name_plural = "hires by quarter"
        constraints: ClassVar = [unique("hires_by_quarter_group", "year", "department", "job")]

    def __str__(self) -> str:
        return f"{self.year} {self.department}, {self.job}"


class DepartmentHires(models.Model):
    """People mart: hires of a year per department, beside the mean over the departments that hired that year."""

    year = models.IntegerField()
    department_id = models.BigIntegerField()
    department = text()
    hired = models.IntegerField()
    mean = models.FloatField(help_text="Mean of `hired` over the departments that hired that year.")
    is_above_mean = models.BooleanField()

    class Meta:
        ordering: ClassVar = ["year", "-hired", "department_id"]
        verbose_name = "hires of a department"
        verbose_name_plural = "hires by department"
        constraints: ClassVar = [unique("department_hires_group", "year", "department_id")]

    def __str__(self) -> str:
        return f"{self.year} {self.department}"


class UserProfile(models.Model):
    """What the people marts count about one user today. They are sums over these rows."""

    user_id = text("Natural key.", unique=True)
    city = text(db_index=True)
    country = text()
    postal_code = text(db_index=True)
    bank = text("Empty while no bank is known.", null=True, db_index=True)
    salary = money("Yearly pay of the current employments, in the reporting currency.")
    unconverted = unconverted("Current employments")
    changes_on = models.DateField(
        null=True, db_index=True, help_text="The next day on which an employment starts or is over."
    )

    class Meta:
        ordering: ClassVar = ["user_id"]

    def __str__(self) -> str:
        return str(self.user_id)


class UserEmployer(models.Model):
    """Who works where today."""

    user_id = text()
    employer = text(db_index=True)

    class Meta:
        ordering: ClassVar = ["user_id", "employer"]
        constraints: ClassVar = [unique("user_employer_group", "user_id", "employer")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.employer}"


class CityPayroll(models.Model):
    """People mart: users living in a city and what they earn per year."""

    city = text(unique=True)
    user_count = models.BigIntegerField()
    total_salary = money("Yearly salaries of current employments, in the reporting currency.")
    unconverted = unconverted("Current employments")

    class Meta:
        ordering: ClassVar = ["city"]
        verbose_name = "payroll of a city"
        verbose_name_plural = "payroll by city"

    def __str__(self) -> str:
        return str(self.city)


class UsersByBank(models.Model):
    """People mart: users per bank."""

    bank = text(unique=True)
    user_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["bank"]
        verbose_name = "users by bank"
        verbose_name_plural = "users by bank"

    def __str__(self) -> str:
        return str(self.bank)


class UsersByEmployer(models.Model):
    """People mart: users per employer that employs them today."""

    employer = text(unique=True)
    user_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["employer"]
        verbose_name = "users by employer"
        verbose_name_plural = "users by employer"

    def __str__(self) -> str:
        return str(self.employer)


class UsersByPostalCode(models.Model):
    """People mart: users per postal code of a country."""

    country = text()
    postal_code = text(db_index=True)
    user_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["country", "postal_code"]
        verbose_name = "users by postal code"
        verbose_name_plural = "users by postal code"
        constraints: ClassVar = [unique("users_by_postal_code_group", "country", "postal_code")]

    def __str__(self) -> str:
        return f"{self.country} {self.postal_code}"


class DailyRevenue(models.Model):
    """Sales mart: revenue of a day."""

    day = models.DateField(unique=True)
    order_count = models.BigIntegerField()
    revenue = money("In the reporting currency; without cancelled orders, less returns.")
    unconverted = unconverted("Order lines")

    class Meta:
        ordering: ClassVar = ["day"]
        verbose_name = "daily revenue"
        verbose_name_plural = "daily revenue"

    def __str__(self) -> str:
        return str(self.day)


class RevenueByStatus(models.Model):
    """Sales mart: orders of a month by their status."""

    month = models.DateField(help_text="First day of the month.")
    status = text()
    order_count = models.BigIntegerField()
    amount = money("Value of the lines, in the reporting currency, whatever the status.")
    revenue = money("The same, but 0 for cancelled orders.")
    unconverted = unconverted("Order lines")

    class Meta:
        ordering: ClassVar = ["month", "status"]
        verbose_name = "revenue by status"
        verbose_name_plural = "revenue by status"
        constraints: ClassVar = [unique("revenue_by_status_group", "month", "status")]

    def __str__(self) -> str:
        return f"{self.month} {self.status}"


class MonthlyOrders(models.Model):
    """Orders of a month. An order may have lines on several days, so those of the days do not add up to them."""

    month = models.DateField(unique=True, help_text="First day of the month.")
    order_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["month"]
        verbose_name = "orders of a month"
        verbose_name_plural = "monthly orders"

    def __str__(self) -> str:
        return str(self.month)


class OrderSpend(models.Model):
    """What a user spent on a day within an order. Top spenders are computed from these rows.

    The order belongs to the key because its lines may fall on several days: counts per day do not add up.
    """

    user_id = text()
    order_id = text()
    day = models.DateField(db_index=True)
    revenue = money("In the reporting currency.")

    class Meta:
        ordering: ClassVar = ["user_id", "order_id", "day"]
        constraints: ClassVar = [unique("order_spend_group", "user_id", "order_id", "day")]

    def __str__(self) -> str:
        return f"{self.user_id}, order {self.order_id} on {self.day}"


class TopSpender(models.Model):
    """Sales mart: what each user has spent."""

    user_id = text(unique=True)
    order_count = models.BigIntegerField()
    revenue = money("In the reporting currency; without cancelled orders, less returns.")

    class Meta:
        ordering: ClassVar = ["-revenue", "user_id"]
        indexes: ClassVar = [models.Index(name="top_spender_order", fields=["-revenue", "user_id"])]

    def __str__(self) -> str:
        return str(self.user_id)


class EventsByType(models.Model):
    """Sales mart: events of a day by type."""

    day = models.DateField()
    event_type = text()
    event_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["day", "event_type"]
        verbose_name = "events by type"
        verbose_name_plural = "events by type"
        constraints: ClassVar = [unique("events_by_type_group", "day", "event_type")]

    def __str__(self) -> str:
        return f"{self.day} {self.event_type}"


class UserDayLogins(models.Model):
    """How often a user logged in on a day. Logins per user are sums over these rows."""

    user_id = text(db_index=True)
    day = models.DateField(db_index=True)
    login_count = models.BigIntegerField()
    last_login_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["user_id", "day"]
        constraints: ClassVar = [unique("user_day_logins_group", "user_id", "day")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class LoginsByUser(models.Model):
    """Sales mart: logins of a user."""

    user_id = text(unique=True)
    login_count = models.BigIntegerField()
    last_login_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-login_count", "user_id"]
        verbose_name = "logins of a user"
        verbose_name_plural = "logins by user"
        indexes: ClassVar = [models.Index(name="logins_by_user_order", fields=["-login_count", "user_id"])]

    def __str__(self) -> str:
        return str(self.user_id)


class TableState(models.Model):
    """When the rows of a mart or view last changed: what is derived from it compares this to know its own age."""

    table = models.TextField(primary_key=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.table} at {self.changed_at}"


class MonthlyRevenue(models.Model):
    """Materialized view: revenue by month."""

    month = models.DateField(primary_key=True)
    order_count = models.BigIntegerField()
    revenue = money("In the reporting currency.")

    class Meta:
        managed = False
        db_table = "gold_monthly_revenue"
        ordering: ClassVar = ["month"]
        verbose_name = "monthly revenue"
        verbose_name_plural = "monthly revenue"

    def __str__(self) -> str:
        return str(self.month)


class DepartmentHeadcount(models.Model):
    """Materialized view: hires of all years by department."""

    department_id = models.BigIntegerField(primary_key=True)
    department = text()
    headcount = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "gold_department_headcount"
        ordering: ClassVar = ["department"]
        verbose_name = "headcount of a department"
        verbose_name_plural = "headcount by department"

    def __str__(self) -> str:
        return str(self.department)
