"""The sales mart."""

from typing import ClassVar

from django.db import models

from gold.models.fields import money, text, unconverted, unique


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


class RevenueByCurrency(models.Model):
    """Sales mart: revenue of a month in each currency it was made in."""

    month = models.DateField(help_text="First day of the month.")
    currency = text("ISO 4217, as the order has it.")
    order_count = models.BigIntegerField()
    revenue = money("In that currency; without cancelled orders, less returns.")
    revenue_reporting = money("The same in the reporting currency.")
    unconverted = unconverted("Order lines")

    class Meta:
        ordering: ClassVar = ["month", "currency"]
        verbose_name = "revenue by currency"
        verbose_name_plural = "revenue by currency"
        constraints: ClassVar = [unique("revenue_by_currency_group", "month", "currency")]

    def __str__(self) -> str:
        return f"{self.month} {self.currency}"


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
    returned = money("The part of it that came back, as a positive amount.")
    is_purchase = models.BooleanField(help_text="Whether anything was bought, and not only returned.")
    unconverted = unconverted("Order lines")

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


class UserDay(models.Model):
    """What a user did on a day, which is what a visit is here. Logins, customers and the funnel are computed from it."""

    user_id = text(db_index=True)
    day = models.DateField(db_index=True)
    event_count = models.BigIntegerField()
    last_event_at = models.DateTimeField()
    login_count = models.BigIntegerField()
    last_login_at = models.DateTimeField(null=True)
    step = models.IntegerField(help_text="How far the user came in the funnel on that day, from 1.")

    class Meta:
        ordering: ClassVar = ["user_id", "day"]
        verbose_name = "day of a user"
        verbose_name_plural = "days of users"
        constraints: ClassVar = [unique("user_day_group", "user_id", "day")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class EventFunnel(models.Model):
    """Sales mart: visits of a day that came as far as a step of the funnel, in its order. A visit is one user on one day."""

    day = models.DateField()
    step = models.IntegerField(help_text="From 1.")
    name = text("visit, or the type of event that the step asks for.")
    visit_count = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["day", "step"]
        verbose_name = "event funnel"
        verbose_name_plural = "event funnel"
        constraints: ClassVar = [unique("event_funnel_group", "day", "step")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


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
