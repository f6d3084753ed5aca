"""How good a ranking is, given what is known to be relevant. Figures are between 0 and 1.

As trec_eval counts them: nDCG with the gain itself over log2(1 + rank) (Järvelin and Kekäläinen, "Cumulated gain-based
evaluation of IR techniques", 2002), the reciprocal rank of the first relevant hit (Voorhees, TREC-8), and recall.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from math import log2

CUT = 10
"""Hits that nDCG looks at."""
DEPTH = 100
"""Hits that recall and the reciprocal rank look at."""


@dataclass(frozen=True)
class Quality:
    """The means over queries; `unanswered` is the share of them that found nothing."""

    ndcg: float
    recall: float
    reciprocal_rank: float
    unanswered: float


def quality(ranked: Sequence[str], gains: Mapping[str, float]) -> Quality:
    """Of one query. `gains` has what is relevant, with gains above 0."""
    found = [gains.get(each, 0.0) for each in ranked[:DEPTH]]
    first = next((place for place, gain in enumerate(found, 1) if gain > 0), None)
    return Quality(
        ndcg=_discounted(found) / _discounted(sorted(gains.values(), reverse=True)),
        recall=sum(gain > 0 for gain in found) / len(gains),
        reciprocal_rank=1 / first if first else 0.0,
        unanswered=float(not ranked),
    )


def mean(qualities: Iterable[Quality]) -> Quality:
    columns = zip(*map(astuple, qualities), strict=True)
    return Quality(*(sum(column) / len(column) for column in columns))


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains[:CUT], 1))
