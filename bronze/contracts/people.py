"""Contracts of the people data sets: users with their bank and employment, and the hiring history."""

import datetime as dt
from decimal import Decimal
from typing import Literal

from bronze.contracts.base import About, Classification, Contract, Reference, column

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CURRENCY = r"^[A-Z]{3}$"


class User(Contract):
    """People: customers and employees alike. City, postal code and country tell where they live."""

    about = About("users", "Users", key=("user_id",), file_names=("user",))

    user_id: str = column("Identifier of the user.", example="1001", aliases=("id",), max_length=64)
    full_name: str = column(
        "Full name.", example="Ada Lovelace", personal=True, aliases=("name",), max_length=200
    )
    email: str = column(
        "E-mail address.", example="ada@example.org", personal=True, pattern=EMAIL, max_length=254
    )
    phone: str | None = column(
        "Phone number.",
        example="+49 30 1234567",
        default=None,
        personal=True,
        pattern=r"^[+\d(][\d\s().\-/x]{4,30}$",
    )
    address: str | None = column(
        "Street and house number.", example="Main Street 1", default=None, personal=True, max_length=300
    )
    city: str = column("City.", example="Berlin", max_length=120)
    postal_code: str = column(
        "Postal code.", example="10115", aliases=("zip", "zip_code", "postcode"), max_length=16
    )
    country: str = column(
        "Country, ISO 3166-1 alpha-2.", example="DE", check="country", aliases=("country_code",)
    )
    created_at: dt.datetime = column("When the user was created.", example="2023-04-01T09:30:00Z")
    updated_at: dt.datetime | None = column(
        "When the user changed last.", example="2024-02-03T08:00:00Z", default=None
    )


class UserBankInfo(Contract):
    """The bank account of a user: one per user."""

    about = About(
        "user_bank_info",
        "User bank info",
        key=("user_id",),
        file_names=("bank_info", "user_bank", "bank_infos", "user_bank_infos"),
    )

    user_id: str = column(
        "User that owns the account.",
        example="1001",
        max_length=64,
        reference=Reference("users", policy="reject"),
    )
    bank_name: str = column("Name of the bank.", example="Example Bank", aliases=("bank",), max_length=120)
    account_number: str = column(
        "Account number, encrypted at rest.",
        example="DE89370400440532013000",
        classification=Classification.SECRET,
        aliases=("iban",),
        pattern=r"^[A-Za-z0-9 \-]{4,40}$",
    )
    routing_code: str = column(
        "Routing code of the bank: BIC, IFSC, US routing number (checksum verified) or an IBAN (checksum verified).",
        example="COBADEFFXXX",
        check="bank_routing",
        aliases=("bic", "ifsc", "routing_number"),
    )
    account_type: Literal[
        "checking", "savings", "current", "salary", "business", "joint", "credit", "deposit", "other"
    ] = column("Kind of account.", example="checking", aliases=("type",))


class Employment(Contract):
    """Employments of users: any number per user, past and present. `salary` is a year's pay."""

    about = About(
        "employment_info",
        "Employment info",
        key=("employment_id",),
        file_names=("employment", "employments", "employment_infos"),
    )

    employment_id: str = column(
        "Identifier of the employment.", example="5001", aliases=("id",), max_length=64
    )
    user_id: str = column(
        "User who is employed.", example="1001", max_length=64, reference=Reference("users", policy="reject")
    )
    employer: str = column("Name of the employer.", example="Acme Corp", aliases=("company",), max_length=200)
    job_title: str = column(
        "Job title, free text.", example="Data Engineer", aliases=("title", "job"), max_length=200
    )
    start_date: dt.date = column("First day.", example="2021-03-01")
    end_date: dt.date | None = column(
        "Last day; empty or 9999-12-31 while it lasts.",
        example="2023-12-31",
        default=None,
        not_before="start_date",
        may_be_open=True,
    )
    salary: Decimal = column("Pay per year.", example="65000.00", minimum=Decimal(0))
    currency: str = column("Currency of the salary, ISO 4217.", example="USD", pattern=CURRENCY)


class Department(Contract):
    """Departments of the company."""

    about = About("departments", "Departments", key=("id",), file_names=("department",))

    id: int = column(
        "Identifier of the department.", example=1, minimum=Decimal(0), aliases=("department_id",)
    )
    department: str = column(
        "Name of the department.", example="Sales", aliases=("name", "department_name"), max_length=200
    )


class Job(Contract):
    """Jobs of the company."""

    about = About("jobs", "Jobs", key=("id",), file_names=("job",))

    id: int = column("Identifier of the job.", example=1, minimum=Decimal(0), aliases=("job_id",))
    job: str = column(
        "Title of the job.", example="Recruiter", aliases=("title", "name", "job_title"), max_length=200
    )


class HiredEmployee(Contract):
    """Who was hired when, for which department and job. Every field is required."""

    about = About(
        "hired_employees", "Hired employees", key=("id",), file_names=("hired_employee", "hires", "employees")
    )

    id: int = column(
        "Identifier of the hire.", example=4535, minimum=Decimal(0), aliases=("employee_id", "hire_id")
    )
    name: str = column(
        "Name of the employee.",
        example="Marcelo Gonzalez",
        personal=True,
        aliases=("full_name", "employee"),
        max_length=200,
    )
    datetime: dt.datetime = column("When the employee was hired, ISO 8601.", example="2021-07-27T16:02:08Z")
    department_id: int = column(
        "Department that hired.", example=1, minimum=Decimal(0), reference=Reference("departments")
    )
    job_id: int = column("Job hired for.", example=2, minimum=Decimal(0), reference=Reference("jobs"))
