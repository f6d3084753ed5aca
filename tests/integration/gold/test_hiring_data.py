"""The hiring marts against an independent computation: DuckDB over the files themselves.

Some times of the shared file have blanks for colons; the bronze contract reads them, and so does this test.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from gold.models import DepartmentHires, HiresByQuarter
from gold.services import RefreshMarts
from silver.models import DimDepartment, DimJob, FactHire
from tests.integration.gold.warehouse import Warehouse

OWN = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "hiring"

VALID = """
CREATE VIEW hires AS SELECT column0::BIGINT AS id, replace(column2, ' ', ':')::TIMESTAMP AS hired_at,
    column3::BIGINT AS department_id, column4::BIGINT AS job_id
    FROM read_csv('{0}/hired_employees.csv', header = false, all_varchar = true)
    WHERE column0 <> '' AND column1 <> '' AND column2 <> '' AND column3 <> '' AND column4 <> '';
CREATE VIEW departments AS SELECT column0::BIGINT AS id, column1 AS department
    FROM read_csv('{0}/departments.csv', header = false, all_varchar = true);
CREATE VIEW jobs AS SELECT column0::BIGINT AS id, column1 AS job
    FROM read_csv('{0}/jobs.csv', header = false, all_varchar = true);
"""
BY_QUARTER = """
SELECT department, job, count(*) FILTER (quarter(hired_at) = 1), count(*) FILTER (quarter(hired_at) = 2),
    count(*) FILTER (quarter(hired_at) = 3), count(*) FILTER (quarter(hired_at) = 4)
FROM hires JOIN departments ON departments.id = department_id JOIN jobs ON jobs.id = job_id
WHERE year(hired_at) = ? GROUP BY department, job ORDER BY department, job
"""
ABOVE_MEAN = """
WITH counted AS (
    SELECT departments.id, department, count(*) AS hired FROM hires JOIN departments ON departments.id = department_id
    WHERE year(hired_at) = ? GROUP BY ALL
)
SELECT * FROM counted WHERE hired > (SELECT avg(hired) FROM counted) ORDER BY hired DESC, id
"""


@pytest.fixture(params=[OWN, SHARED], ids=["own", "shared"])
def folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    if not path.exists():
        pytest.skip("The shared hiring data is not here.")
    return path


@pytest.fixture
def judge(folder: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute(VALID.format(folder))
    return database


@pytest.fixture
def loaded(folder: Path, warehouse: Warehouse, refresh: RefreshMarts) -> None:
    """The files in the star schema, read without any help of the judge."""
    departments, jobs = (dict(rows(folder / name)) for name in ("departments.csv", "jobs.csv"))
    DimDepartment.objects.bulk_create(
        DimDepartment(department_id=int(k), name=v) for k, v in departments.items()
    )
    DimJob.objects.bulk_create(DimJob(job_id=int(k), title=v) for k, v in jobs.items())
    department_keys = dict(DimDepartment.objects.values_list("department_id", "key"))
    job_keys = dict(DimJob.objects.values_list("job_id", "key"))
    FactHire.objects.bulk_create(
        FactHire(
            raw_record_id=int(number),
            hire_id=int(number),
            employee_name=name,
            hired_at=dt.datetime.fromisoformat(at.replace(" ", ":")),
            department_id_natural=int(department),
            job_id_natural=int(job),
            department_id=department_keys[int(department)],
            job_id=job_keys[int(job)],
            date_id=0,
        )
        for number, name, at, department, job in rows(folder / "hired_employees.csv")
        if number and name and at and department and job
    )
    refresh()


def rows(path: Path) -> list[tuple[Any, ...]]:
    return pl.read_csv(path, has_header=False, infer_schema=False).fill_null("").rows()


@pytest.mark.parametrize("year", [2020, 2021, 2022])
def test_marts_agree_with_duckdb(loaded: None, judge: duckdb.DuckDBPyConnection, year: int) -> None:
    quarters = HiresByQuarter.objects.filter(year=year).order_by("department", "job")
    assert list(quarters.values_list("department", "job", "q1", "q2", "q3", "q4")) == answer(
        judge, BY_QUARTER, year
    )
    above = DepartmentHires.objects.filter(year=year, is_above_mean=True).order_by("-hired", "department_id")
    assert list(above.values_list("department_id", "department", "hired")) == answer(judge, ABOVE_MEAN, year)


def answer(judge: duckdb.DuckDBPyConnection, query: str, year: int) -> list[tuple[Any, ...]]:
    return judge.execute(query, [year]).fetchall()
