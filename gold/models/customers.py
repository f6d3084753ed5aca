"""The part of the sales mart that is about customers, with the rows it is computed from."""

from typing import ClassVar

from django.db import models

from gold.models.fields import money, share, text, unconverted, unique


class OwnedDocument(models.Model):
    """Which user a document belongs to. Documents per user are counted from these rows."""

    sha256 = models.CharField(max_length=64, unique=True)
    user_id = text(db_index=True)

    class Meta:
        ordering: ClassVar = ["sha256"]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} of {self.user_id}"


class UserMonth(models.Model):
    """A month in which a user bought something. Retention is counted from these rows."""

    user_id = text()
    month = models.DateField(help_text="First day of the month.")
    cohort = models.DateField(db_index=True, help_text="First day of the month of the user's first order.")

    class Meta:
        ordering: ClassVar = ["user_id", "month"]
        constraints: ClassVar = [unique("user_month_group", "user_id", "month")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.month}"


class CohortRetention(models.Model):
    """Sales mart: of the users who first bought in a month, those who bought again so many months later."""

    cohort = models.DateField(help_text="First day of the month of the first order.")
    months_since = models.IntegerField()
    user_count = models.BigIntegerField(help_text="Users of the cohort who bought in that month.")
    cohort_size = models.BigIntegerField(help_text="Users of the cohort.")
    share = share("`user_count` of `cohort_size`")

    class Meta:
        ordering: ClassVar = ["cohort", "months_since"]
        verbose_name = "retention of a cohort"
        verbose_name_plural = "cohort retention"
        constraints: ClassVar = [unique("cohort_retention_group", "cohort", "months_since")]

    def __str__(self) -> str:
        return f"{self.cohort} after {self.months_since} months"


class Customer360(models.Model):
    """Sales mart: all that is known of one user, and of users that orders, events or documents name."""

    user_id = text("Natural key.", unique=True)
    is_known = models.BooleanField(help_text="False for a user that only orders, events or documents name.")
    member_since = models.DateField(null=True, help_text="When the user came to be, as the source says.")
    city = text(null=True)
    country = text(null=True, db_index=True)
    employer = text("Of the current employment that began last.", null=True)
    job = text("Of that employment, conformed where a job is known for it.", null=True)
    employed_since = models.DateField(null=True, help_text="First day of that employment.")
    salary = money("Yearly pay of the current employments, in the reporting currency.")
    order_count = models.BigIntegerField(help_text="Orders that were not cancelled, returns included.")
    revenue = money("In the reporting currency; without cancelled orders, less returns.")
    average_order = money("`revenue` by `order_count`, rounded half to even; 0 without orders.")
    returned = money("Value of what came back, in the reporting currency.")
    return_rate = share("`returned` of what was sold")
    first_order_on = models.DateField(null=True, help_text="Day of the first purchase (UTC).")
    last_order_on = models.DateField(null=True, help_text="Day of the last purchase (UTC).")
    event_count = models.BigIntegerField()
    last_event_at = models.DateTimeField(null=True)
    login_count = models.BigIntegerField()
    last_login_at = models.DateTimeField(null=True)
    document_count = models.BigIntegerField(help_text="Documents that belong to the user.")
    unconverted = unconverted("Order lines")

    class Meta:
        ordering: ClassVar = ["user_id"]
        verbose_name = "customer"
        verbose_name_plural = "customer 360"

    def __str__(self) -> str:
        return str(self.user_id)
