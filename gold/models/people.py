"""The people mart."""

from typing import ClassVar

from django.db import models

from gold.models.fields import money, text, unconverted, unique


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
    """People mart: hires of a year per department, beside the mean over the departments.

    A department that hired nobody has a row of 0 in each year in which another one hired.
    """

    year = models.IntegerField()
    department_id = models.BigIntegerField()
    department = text()
    hired = models.IntegerField()
    mean = models.FloatField(help_text="Mean of `hired` over the departments that hired that year.")
    mean_of_all = models.FloatField(
        help_text="Mean of `hired` over all departments, whether they hired or not."
    )
    is_above_mean = models.BooleanField()
    is_above_mean_of_all = models.BooleanField()

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
    created_on = models.DateField(help_text="When the user came to be (UTC).")
    employer = text("Of the current employment that began last.", null=True)
    job = text("Of that employment, conformed where a job is known for it.", null=True)
    employed_since = models.DateField(null=True, help_text="First day of that employment.")
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
