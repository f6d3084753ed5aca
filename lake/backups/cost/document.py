"""The analysis as a document in which every figure can be followed."""

from collections.abc import Iterator, Sequence

from lake.backups.cost.model import (
    LOGICAL,
    PHYSICAL,
    Estimate,
    Inputs,
    Prices,
    bases,
    cheapest,
    estimates,
    recommended,
)

COMPLEXITY = {
    1: "simple: one command, any PostgreSQL of this version or newer can take it, single tables can be picked",
    2: "medium: needs a provider with volume snapshots; the same version and architecture; all or nothing",
    3: "high: archiving must never stall, is watched all the time, and restoring is a procedure to be practised",
}

FORMULAS = """\
S: size of the database today, g: growth a day, D: days kept. GB are 10⁹ bytes, a month has 30 days; the window is full, so
that D days of backups lie in the storage, and E = S + g·D is the database then.

| Strategy | Stored, V | Restored in |
|---|---|---|
| Logical dumps | r · (D·S + g·D·(D−1)/2) | E / restore rate |
| Base backup and WAL | p · (n·S + g·b·n·(n−1)/2) + q·w·g·D, with n = ceil(D/b) + 1 | E / copy rate + w·g·b / replay rate |
| Volume snapshots | S + k·g·D | attaching; blocks are loaded as they are read |

Cost a month = V · max(D, m)/D · c + U/0.008/1000 · u, with c the price of a GB a month, m the days that are paid for at
least, u the price of 1,000 uploads (a part has 8 MB), and U what is uploaded a month: r·E·30, or p·E·30/b + q·w·g·30, or
nothing. The hours that a class needs before it gives anything back are part of the restore time. With upkeep: plus h · H."""


def document(inputs: Inputs, retention: Sequence[int], prices: Prices, command: str) -> str:
    """Markdown."""
    return "\n".join(_lines(inputs, retention, prices, command)) + "\n"


def _lines(inputs: Inputs, retention: Sequence[int], prices: Prices, command: str) -> Iterator[str]:
    yield "# What backups cost"
    yield ""
    yield f"Written by `{command}`; run it with your own figures."
    yield ""
    yield from _recommendation(inputs, retention, prices)
    for days in retention:
        yield from _comparison(inputs, days, prices)
    yield from _complexity(inputs)
    yield from _inputs(inputs, retention)
    yield from ["## Formulas", "", FORMULAS, ""]
    yield from _prices(prices)


def _recommendation(inputs: Inputs, retention: Sequence[int], prices: Prices) -> Iterator[str]:
    yield "## Recommendation"
    yield ""
    yield (
        f"Wanted: back within {inputs.rto_hours:g} hours (RTO), at most {inputs.rpo_hours:g} hours of work lost (RPO). "
        "Recommended is the strategy that meets both and costs least with the hours of whoever looks after it, the simpler "
        "one at the same cost; where none meets them, the fastest to restore."
    )
    yield ""
    for days in retention:
        best = recommended(cheapest(estimates(inputs, days, prices), inputs), inputs)
        meets = "" if best.meets(inputs) else " No strategy meets both limits; this one restores fastest."
        yield (
            f"- **{days} days: {best.strategy}** in {best.storage_class}: ${best.month_usd:,.2f} a month, "
            f"${best.total_usd:,.2f} with upkeep, back in {_hours(best.restore_hours)}, "
            f"up to {_hours(best.rpo_hours)} lost.{meets}"
        )
    yield ""


def _comparison(inputs: Inputs, days: int, prices: Prices) -> Iterator[str]:
    found = estimates(inputs, days, prices)
    yield f"## {days} days"
    yield ""
    yield "Each strategy in the class that costs least and meets the limits, if one does:"
    yield ""
    yield "| Strategy | Class | Stored | Cost a month | With upkeep | Restore | One restore costs | RPO | Meets both |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|---|"
    yield from (_row(estimate, inputs) for estimate in cheapest(found, inputs))
    yield ""
    yield "In every class:"
    yield ""
    yield "| Class | Logical dumps | Base backup and WAL |"
    yield "|---|--:|--:|"
    by_class = {(estimate.strategy, estimate.storage_class): estimate for estimate in found}
    for price in prices.classes:
        dumps, physical = by_class[LOGICAL, price.name], by_class[PHYSICAL, price.name]
        yield f"| {price.name} | ${dumps.month_usd:,.2f} | ${physical.month_usd:,.2f} |"
    yield ""


def _row(estimate: Estimate, inputs: Inputs) -> str:
    return (
        f"| {estimate.strategy} | {estimate.storage_class} | {estimate.stored_gb:,.1f} GB | "
        f"${estimate.month_usd:,.2f} | ${estimate.total_usd:,.2f} | "
        f"{_hours(estimate.restore_hours)} | ${estimate.restore_usd:,.2f} | {_hours(estimate.rpo_hours)} | "
        f"{'yes' if estimate.meets(inputs) else 'no'} |"
    )


def _complexity(inputs: Inputs) -> Iterator[str]:
    yield "## Complexity"
    yield ""
    yield f"- Logical dumps are {COMPLEXITY[1]}. `lakehouse backup` does it and proves each by a restore."
    yield f"- Volume snapshots are {COMPLEXITY[2]}. Data and WAL must be on one volume."
    yield f"- Base backup and WAL is {COMPLEXITY[3]}. It alone goes back to any minute (pgBackRest, WAL-G)."
    yield ""


def _inputs(inputs: Inputs, retention: Sequence[int]) -> Iterator[str]:
    given = inputs.assumed
    yield "## Inputs"
    yield ""
    yield "| | | Value | From |"
    yield "|---|---|--:|---|"
    yield f"| S | size of the database | {inputs.size_gb:g} GB | given |"
    yield f"| g | growth a day | {inputs.growth_gb_day:g} GB | given |"
    yield f"| D | days kept | {', '.join(map(str, retention))} | given |"
    yield f"| n | base backups kept | {', '.join(str(bases(inputs, days)) for days in retention)} | computed |"
    yield f"| r | GB of a dump per GB of the database | {given.dump_ratio:.4g} | {given.dump_ratio_source} |"
    yield f"| | restore rate of dumps, in MB of the database a second | {given.restore_mb_s:.4g} | {given.restore_source} |"
    yield f"| p | GB of a compressed base backup per GB | {given.base_ratio:g} | assumed |"
    yield f"| b | days between base backups | {given.days_between_bases} | assumed |"
    yield f"| w | GB of WAL per GB of growth | {given.wal_factor:g} | assumed |"
    yield f"| q | GB of archived WAL per GB of WAL | {given.wal_ratio:g} | assumed |"
    yield f"| | copy and replay rates, in MB a second | {given.copy_mb_s:g}, {given.replay_mb_s:g} | assumed |"
    yield f"| k | GB of changed blocks per GB of growth | {given.block_factor:g} | assumed |"
    yield f"| | attaching a volume made of a snapshot | {_hours(given.attach_hours)} | assumed |"
    hours = ", ".join(f"{each:g}" for each in given.upkeep_hours)
    yield f"| h | hours a month of upkeep: dumps, snapshots, WAL | {hours} | assumed |"
    yield f"| H | what an hour costs | ${given.hour_usd:g} | assumed, `--hour-cost` |"
    yield ""


def _prices(prices: Prices) -> Iterator[str]:
    yield "## Prices"
    yield ""
    yield (
        f"List prices of the first tier in {prices.currency}, {prices.region}, as they were noted in {prices.as_of}. "
        f"Nobody has looked since: check them before you decide ({', '.join(prices.sources)})."
    )
    yield "To replace them, edit `lake/backups/cost/prices.json`. Transfer to other regions or the internet is not in it."
    yield ""
    yield "| Class | GB a month (c) | GB given back | 1,000 uploads (u) | Days at least (m) | Hours to wait |"
    yield "|---|--:|--:|--:|--:|--:|"
    for price in (*prices.classes, prices.snapshot):
        yield (
            f"| {price.name} | {price.gb_month:g} | {price.retrieval_gb:g} | {price.put_1000:g} | {price.minimum_days} | "
            f"{price.wait_hours:g} |"
        )


def _hours(hours: float) -> str:
    return f"{hours * 60:,.0f} min" if hours < 1 else f"{hours:,.1f} h"
