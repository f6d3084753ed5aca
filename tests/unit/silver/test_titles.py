import polars as pl
import pytest

from silver.transforms.titles import conform_titles, normalise_title, rebound_titles

JOBS = pl.DataFrame(
    {
        "key": [11, 12, 13, 14, 15],
        "job_id": [1, 2, 3, 4, 5],
        "title": [
            "Data Engineer",
            "Senior Data Engineer",
            "Account Manager",
            "VP Marketing",
            "Data Engineer",
        ],
    }
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Data Engineer", 11),
        ("data eng", 11),
        ("Engineer, Data", 11),
        ("Sr. Data Engr", 12),
        ("Acount Manager", 13),
        ("Vice President - Marketing", 14),
        ("Engineer", 0),
        ("Astronaut", 0),
        ("!!!", 0),
    ],
)
def test_a_free_title_finds_its_job(title: str, expected: int) -> None:
    match = conform_titles(pl.Series([title]), JOBS).row(0, named=True)
    assert match["job_id"] == expected
    assert (match["job_match_score"] >= 85) == (expected > 0)


def test_each_title_is_matched_once_and_an_exact_match_scores_100() -> None:
    matches = conform_titles(pl.Series(["Data Engineer", None, "Data Engineer"], dtype=pl.String), JOBS)
    assert matches.rows() == [("Data Engineer", 11, 100.0)]


def test_among_equal_jobs_the_lowest_id_is_taken_whatever_the_order() -> None:
    assert conform_titles(pl.Series(["data engineer"]), JOBS.reverse())["job_id"].to_list() == [11]


def test_without_jobs_every_title_is_unknown() -> None:
    assert conform_titles(pl.Series(["Data Engineer"]), JOBS.clear()).rows() == [("Data Engineer", 0, 0.0)]
    assert conform_titles(pl.Series([], dtype=pl.String), JOBS).is_empty()


def test_abbreviations_are_written_out() -> None:
    assert normalise_title("Sr. Proj-MGR (HR)") == "senior proj manager human resources"


def test_only_titles_that_mean_another_job_are_bound_again() -> None:
    in_use = conform_titles(pl.Series(["data eng", "Astronaut"]), JOBS)
    astronaut = pl.DataFrame({"key": [16], "job_id": [6], "title": ["Astronaut"]})
    assert rebound_titles(in_use, JOBS) == []
    assert rebound_titles(in_use, pl.concat([JOBS, astronaut])) == ["Astronaut"]
