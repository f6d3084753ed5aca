"""Who worked where for how much, and whom the company itself hired."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl

from bronze.seeding import timeline
from bronze.seeding.noise import CARELESS, TITLES, roughen
from bronze.seeding.people import FIRST_USER, Population
from bronze.seeding.places import COUNTRIES, UNITS_PER_1000_USD
from bronze.seeding.randomness import IntArray, bell, chance, pick, zipf_weights
from bronze.seeding.recipe import Span
from bronze.seeding.titles import DEPARTMENTS, EMPLOYERS, HIRE_WEIGHTS, JOBS
from bronze.seeding.trouble import Rows, Trouble, becomes, impossible_date, missing, negative, three_decimals

FIRST_EMPLOYMENT = 5001
EMPLOYMENTS_WEIGHTS = (15, 42, 31, 12)
"""How many people have none, one, two, three employments: 1.4 in the mean."""

MISSING_USER_PER_MILLE = 4
LASTING_PERCENT = 80

SEPARATOR = ";"
EMPLOYMENT_COLUMNS = (
    "employment_id",
    "user_id",
    "employer",
    "job_title",
    "start_date",
    "end_date",
    "salary",
    "currency",
)

HIRE_COLUMNS = ("id", "name", "datetime", "department_id", "job_id")

EMPLOYMENT_TROUBLES: tuple[Trouble, ...] = (
    negative("salary"),
    three_decimals("salary"),
    becomes("salary", "65.000,00", "72k", "confidential"),
    missing("salary"),
    impossible_date("start_date"),
    missing("start_date"),
    impossible_date("end_date"),
    missing("user_id"),
    missing("employer"),
    missing("job_title"),
    becomes("currency", "EURO", "$", "US$"),
)

HIRE_TROUBLES: tuple[Trouble, ...] = (
    missing("name"),
    missing("datetime"),
    missing("department_id"),
    missing("job_id"),
    impossible_date("datetime"),
    becomes("department_id", "Sales", "-1", "n/a"),
    becomes("job_id", "2.5", "?", "-7"),
)


class Careers:
    """Makes the employments block by block; their ids run on."""

    def __init__(self, people: Population) -> None:
        self._people = people
        self._next_id = FIRST_EMPLOYMENT

    def rows(self, span: Span, rng: np.random.Generator) -> Rows:
        """Employments of the users of `span`."""
        schema = dict.fromkeys(EMPLOYMENT_COLUMNS, pl.String)
        frame = pl.DataFrame(list(self._employments(span, rng)), schema=schema, orient="row")
        frame = frame.with_columns(
            roughen(frame["job_title"], rng, 120, TITLES),
            roughen(frame["employer"], rng, 40, CARELESS),
            _some_unknown(frame["user_id"], self._people, rng),
        )
        return Rows.clean(frame).afflict(rng, EMPLOYMENT_TROUBLES).repeat_some(rng)

    def _employments(self, span: Span, rng: np.random.Generator) -> Iterator[tuple[str | None, ...]]:
        counts = pick(rng, EMPLOYMENTS_WEIGHTS, span.size)
        users = np.repeat(np.arange(span.start, span.stop), counts)
        jobs = bell(rng, 0, len(JOBS) - 1, len(users)).tolist()
        employers = pick(rng, zipf_weights(len(EMPLOYERS), 8), len(users)).tolist()
        pays = _pays(self._people, users, jobs, rng)
        periods = _periods(counts, rng)
        for user, job, employer, pay, period in zip(
            users.tolist(), jobs, employers, pays, periods, strict=True
        ):
            identity = str(self._next_id), str(user + FIRST_USER)
            yield *identity, EMPLOYERS[employer], JOBS[job].title, *period, *pay
            self._next_id += 1


def _pays(
    people: Population, users: IntArray, jobs: list[int], rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """Salary for the job in the user's city, give or take a sixth, mostly in whole hundreds; and its currency."""
    luck = bell(rng, 84, 118, len(users)).tolist()
    odd = rng.integers(0, 10_000, len(users)).tolist()
    for user, job, percent, cents in zip(users.tolist(), jobs, luck, odd, strict=True):
        currency = people.country(user).currency
        pay = JOBS[job].pay * UNITS_PER_1000_USD[currency] * people.city(user).pay_percent * percent // 10_000
        exact = f"{pay + cents // 100}.{cents % 100:02}"
        yield f"{pay // 100 * 100}.00" if cents % 5 else exact, currency


def _periods(counts: IntArray, rng: np.random.Generator) -> Iterator[tuple[str, str | None]]:
    """First and last day of the employments of one user after the other; the last of most goes on."""
    dice = rng.integers(0, 1 << 30, (int(counts.sum()), 3)).tolist()
    for count in counts.tolist():
        first = timeline.LAST_DAY
        for number in reversed(range(count)):
            length, gap, goes_on = dice.pop()
            last = first - timedelta(days=gap % 120 + 1)
            first = last - timedelta(days=200 + length % 1500)
            is_current = number == count - 1 and goes_on % 100 < LASTING_PERCENT
            yield str(first), None if is_current else str(last)


def _some_unknown(users: pl.Series, people: Population, rng: np.random.Generator) -> pl.Series:
    """A few references to users that no file tells of: they may come later, or never."""
    strangers = rng.integers(people.size, people.size + 50, len(users)) + FIRST_USER
    unknown = pl.Series(chance(rng, MISSING_USER_PER_MILLE, len(users)))
    return (
        pl.select(pl.when(unknown).then(pl.Series(strangers).cast(pl.String)).otherwise(users))
        .to_series()
        .alias(users.name)
    )


def department_frame() -> pl.DataFrame:
    ids = [str(number) for number in range(1, len(DEPARTMENTS) + 1)]
    return pl.DataFrame({"id": ids, "department": DEPARTMENTS})


def job_frame() -> pl.DataFrame:
    ids = [str(number) for number in range(1, len(JOBS) + 1)]
    return pl.DataFrame({"id": ids, "job": [job.title for job in JOBS]})


def hire_rows(days: timeline.Timeline, total: int, span: Span, rng: np.random.Generator) -> Rows:
    """Hires `span` of `total`; ids from 1, in the order of time."""
    positions = np.arange(span.start, span.stop)
    departments = pick(rng, HIRE_WEIGHTS, span.size)
    frame = pl.DataFrame(
        {
            "id": pl.Series(positions + 1).cast(pl.String),
            "name": _names(span.size, rng),
            "datetime": timeline.timestamps(days.moments(rng, positions, total)),
            "department_id": pl.Series(departments + 1).cast(pl.String),
            "job_id": pl.Series(_jobs_of(departments, rng) + 1).cast(pl.String),
        }
    )
    frame = frame.with_columns(roughen(frame["name"], rng, 20, CARELESS))
    return Rows.clean(frame).afflict(rng, HIRE_TROUBLES).repeat_some(rng)


def _names(count: int, rng: np.random.Generator) -> list[str]:
    dice = rng.integers(0, 1 << 20, (count, 3)).tolist()
    countries = (COUNTRIES[country % len(COUNTRIES)] for country, _, _ in dice)
    return [
        f"{country.given[given % len(country.given)]} {country.family[family % len(country.family)]}"
        for country, (_, given, family) in zip(countries, dice, strict=True)
    ]


def _jobs_of(departments: IntArray, rng: np.random.Generator) -> IntArray:
    """A job that the department hires for."""
    choices = [
        [j for j, job in enumerate(JOBS) if number in job.departments] for number in range(len(DEPARTMENTS))
    ]
    dice = rng.integers(0, 1 << 20, len(departments)).tolist()
    picked = [
        choices[number][roll % len(choices[number])]
        for number, roll in zip(departments.tolist(), dice, strict=True)
    ]
    return np.array(picked, dtype=np.int64)
