"""Materialized views of the marts, and when the rows of a mart or view last changed."""

from typing import ClassVar

from django.db import models

from gold.models.fields import money, share, text, unconverted


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
    revenue = money("In the reporting currency; without cancelled orders, less returns.")
    unconverted = unconverted("Order lines")

    class Meta:
        managed = False
        db_table = "gold_monthly_revenue"
        ordering: ClassVar = ["month"]
        verbose_name = "monthly revenue"
        verbose_name_plural = "monthly revenue"

    def __str__(self) -> str:
        return str(self.month)


class DepartmentHeadcount(models.Model):
    """Materialized view: hires of all years by department, 0 for one that never hired."""

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


class MonthlyFunnel(models.Model):
    """Materialized view: the event funnel by month."""

    id = models.TextField(primary_key=True, help_text="Month and step.")
    month = models.DateField(help_text="First day of the month.")
    step = models.IntegerField(help_text="From 1.")
    name = text("visit, or the type of event that the step asks for.")
    visit_count = models.BigIntegerField()
    share = share("`visit_count` of the visits of that month")

    class Meta:
        managed = False
        db_table = "gold_monthly_funnel"
        ordering: ClassVar = ["month", "step"]
        verbose_name = "monthly event funnel"
        verbose_name_plural = "monthly event funnel"

    def __str__(self) -> str:
        return f"{self.month} {self.name}"


class FilledRevenue(models.Model):
    """View: daily revenue with a row of 0 for each day without orders, from the first day with one to the last."""

    day = models.DateField(primary_key=True)
    order_count = models.BigIntegerField()
    revenue = money("In the reporting currency; without cancelled orders, less returns.")
    unconverted = unconverted("Order lines")

    class Meta:
        managed = False
        db_table = "gold_filled_revenue"
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return str(self.day)
