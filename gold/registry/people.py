"""The people mart."""

from django.db.models import Count, Sum

from gold.models import (
    CityPayroll,
    DepartmentHeadcount,
    DepartmentHires,
    HiresByQuarter,
    UserProfile,
    UsersByBank,
    UsersByEmployer,
    UsersByPostalCode,
)
from gold.registry.spec import Column, Mart, Parameter, Source, Year, only

YEAR = Parameter("year", "year", Year, "The year, such as 2021.", is_required=True)
INCLUDE_ZERO = "The mean is over all departments, those that hired nobody in that year included."
USER_COUNT = Column("user_count", int, "Active users.")
DEPARTMENT = Column("department", str, "Name of the department.")
DEPARTMENT_ID = Column("id", int, "Natural key of the department.", source="department_id")
CITIES_OF_A_COUNTRY = Source(
    UserProfile, by=("city",), sums={"user_count": Count("user_id"), "total_salary": Sum("salary")}
)

PEOPLE = (
    Mart(
        group="people",
        name="hires-by-quarter",
        source=Source(HiresByQuarter),
        summary="Hires of a year per department and job by quarter, ordered by department, then job. A hire whose "
        "department or job is not known yet counts as Unknown.",
        columns=(
            DEPARTMENT,
            Column("job", str, "Title of the job."),
            *(Column(f"q{number}", int, f"Hires in quarter {number}.") for number in (1, 2, 3, 4)),
        ),
        ordering=("year", "department", "job"),
        parameters=(YEAR,),
    ),
    Mart(
        group="people",
        name="departments-above-mean",
        source=Source(DepartmentHires, {"is_above_mean": True}),
        summary="Departments that hired more in a year than the mean over the departments that hired in that year, "
        "most hires first.",
        columns=(DEPARTMENT_ID, DEPARTMENT, Column("hired", int, "Hires in that year.")),
        ordering=("year", "-hired", "department_id"),
        parameters=(
            YEAR,
            Parameter(
                "include_zero",
                "",
                bool,
                INCLUDE_ZERO,
                source=Source(DepartmentHires, {"is_above_mean_of_all": True}),
            ),
        ),
    ),
    Mart(
        group="people",
        name="headcount-by-department",
        source=Source(DepartmentHeadcount),
        summary="Hires of all years per department, 0 for one that never hired. Read from a materialized view.",
        columns=(DEPARTMENT_ID, DEPARTMENT, Column("headcount", int, "Hires of all years.")),
        ordering=("department", "department_id"),
    ),
    Mart(
        group="people",
        name="city-payroll",
        source=Source(CityPayroll),
        summary="Active users living in a city, and the sum of the yearly salaries of their current employments in the "
        "reporting currency. Current is what has begun and did not end before today. Salaries without an exchange rate "
        "are left out.",
        columns=(
            Column("city", str, "City the users live in."),
            USER_COUNT,
            Column("total_salary", float, "In the reporting currency."),
        ),
        ordering=("city",),
        parameters=(
            only("city", "Only this city."),
            only("country", "Only users who live in this country (ISO 3166-1 alpha-2).", CITIES_OF_A_COUNTRY),
        ),
    ),
    Mart(
        group="people",
        name="users-by-bank",
        source=Source(UsersByBank),
        summary="Active users per bank.",
        columns=(Column("bank", str, "Name of the bank."), USER_COUNT),
        ordering=("bank",),
        parameters=(
            only("bank", "Only this bank."),
            only(
                "country",
                "Only users who live in this country (ISO 3166-1 alpha-2).",
                Source(
                    UserProfile, {"bank__isnull": False}, by=("bank",), sums={"user_count": Count("user_id")}
                ),
            ),
        ),
    ),
    Mart(
        group="people",
        name="users-by-employer",
        source=Source(UsersByEmployer),
        summary="Active users per employer that employs them today.",
        columns=(Column("employer", str, "Name of the employer."), USER_COUNT),
        ordering=("employer",),
        parameters=(only("employer", "Only this employer."),),
    ),
    Mart(
        group="people",
        name="users-by-postal-code",
        source=Source(UsersByPostalCode),
        summary="Active users per country and postal code.",
        columns=(Column("country", str, "ISO 3166-1 alpha-2."), Column("postal_code", str), USER_COUNT),
        ordering=("country", "postal_code"),
        parameters=(only("country", "Only this country."), only("postal_code", "Only this postal code.")),
    ),
)
