"""User-defined function: which job of the company a free-text job title means."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

from silver.transforms.keys import UNKNOWN

CUTOFF = 85.0
"""Least score, 0 to 100, at which a title counts as a job: typos lie above it, other jobs mostly below."""

_LONG_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "acct": "accountant",
        "admin": "administrator",
        "assoc": "associate",
        "asst": "assistant",
        "coord": "coordinator",
        "dev": "developer",
        "dir": "director",
        "eng": "engineer",
        "engr": "engineer",
        "exec": "executive",
        "hr": "human resources",
        "jr": "junior",
        "mgr": "manager",
        "mktg": "marketing",
        "prof": "professor",
        "qa": "quality assurance",
        "rep": "representative",
        "sr": "senior",
        "svc": "service",
        "tech": "technician",
        "vp": "vice president",
    }
)
_TITLES_AT_ONCE = 1000


def normalise_title(title: str) -> str:
    """Lower case, words alone, common abbreviations written out."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(_LONG_FORMS.get(word, word) for word in words)


def conform_titles(titles: pl.Series, jobs: pl.DataFrame) -> pl.DataFrame:
    """Match each distinct title to a job: `job_title`, `job_id` (surrogate key, 0 if none), `job_match_score` (0 to 100).

    `jobs` has `key`, `job_id`, `title`. The score is rapidfuzz's token sort ratio of the normalised titles: the order of
    words does not matter, each word does. Among equal scores the job with the lowest `job_id` is taken.
    """
    unique = titles.unique().drop_nulls().sort()
    ordered = jobs.sort("job_id")
    choices = [normalise_title(title) for title in ordered["title"]]
    best, scores = _best_choices([normalise_title(title) for title in unique], choices)
    keys = np.append(ordered["key"].to_numpy(), UNKNOWN)
    return pl.DataFrame(
        {"job_title": unique, "job_id": keys[np.where(scores > 0, best, -1)], "job_match_score": scores},
        schema={"job_title": pl.String, "job_id": pl.Int64, "job_match_score": pl.Float64},
    )


def _best_choices(titles: Sequence[str], choices: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Position of the best choice of each title, and its score; 0 below the cut-off."""
    best, scores = np.zeros(len(titles), np.intp), np.zeros(len(titles))
    for start in range(0, len(titles) if choices else 0, _TITLES_AT_ONCE):
        span = slice(start, start + _TITLES_AT_ONCE)
        matrix = process.cdist(titles[span], choices, scorer=fuzz.token_sort_ratio, score_cutoff=CUTOFF)
        best[span] = matrix.argmax(axis=1)
        scores[span] = matrix.max(axis=1).round(2)
    return best, scores


def rebound_titles(in_use: pl.DataFrame, jobs: pl.DataFrame) -> list[str]:
    """The titles of `in_use` (`job_title`, `job_id`, `job_match_score`) that `jobs` match otherwise."""
    matches = conform_titles(in_use["job_title"], jobs)
    return in_use.join(matches, on=in_use.columns, how="anti")["job_title"].unique().to_list()
