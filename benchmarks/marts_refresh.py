"""How long do the marts take after one changed row, beside computing all of them?"""

import argparse

from benchmarks.lab import Cost, Lab, laboratory
from benchmarks.warehouse import fill

CHANGES = {
    "an order line": "UPDATE silver_factorderline SET amount_reporting = amount_reporting + 1 WHERE id = {n};"
    "INSERT INTO silver_change (entity, key) SELECT 'order_day', to_char(ordered_at, 'YYYY-MM-DD')"
    " FROM silver_factorderline WHERE id = {n};",
    "an event": "UPDATE silver_factevent SET occurred_at = occurred_at + interval '1 second' WHERE id = {n};"
    "INSERT INTO silver_change (entity, key) SELECT 'event_day', to_char(occurred_at, 'YYYY-MM-DD')"
    " FROM silver_factevent WHERE id = {n};",
    "a user": "UPDATE silver_dimuser SET city = 'Elsewhere' WHERE user_id = 'u{n}';"
    "INSERT INTO silver_change (entity, key) VALUES ('user', 'u{n}');",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scale", type=int, default=10, help="1 means 1,000 users, 20,000 order lines, 50,000 events"
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with laboratory() as lab:
        scale = options.scale
        fill(lab, users=1000 * scale, lines=20_000 * scale, events=50_000 * scale)
        report("all of them", refresh(lab))
        lab.script("VACUUM ANALYZE")
        for name, change in CHANGES.items():
            costs = []
            for number in range(1, options.rounds + 1):
                lab.script(change.format(n=number * 101))
                costs.append(refresh(lab))
            report(f"after {name}", min(costs, key=lambda cost: cost.wall))


def refresh(lab: Lab) -> Cost:
    """Marts, views and files, as the task does it."""
    from gold.tasks import refresh as task  # noqa: PLC0415  Django is set up by now

    with lab.stopwatch() as watch:
        task()
    return watch.cost


def report(what: str, cost: Cost) -> None:
    print(f"{what:<24} {cost.wall:8.2f} s on the clock {cost.cpu:8.2f} s of processor time")


if __name__ == "__main__":
    main()
