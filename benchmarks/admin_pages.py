"""How fast are the lists of the admin with a million rows?"""

import argparse
import time
from statistics import median

from benchmarks.lab import laboratory
from benchmarks.warehouse import fill

PAGES = {
    "silver/factorderline": ("", "?p=2", "?p={last}", "?o=5", "?q=4711", "?product__key__exact=0"),
    "silver/factevent": ("", "?p={last}", "?q=e4711"),
    "gold/customer360": ("", "?p={last}", "?o=-5", "?q=u4711", "?country=DE"),
    "gold/topspender": ("", "?p={last}", "?q=u4711"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with laboratory() as lab:
        rows = options.rows
        fill(lab, users=10_000, lines=rows, events=rows)
        lab.script(
            f"""INSERT INTO gold_customer360 (user_id, is_known, country, salary, order_count, revenue, average_order,
                returned, return_rate, event_count, login_count, document_count, unconverted)
            SELECT 'u' || n, true, (ARRAY['DE', 'US', 'FR'])[1 + n % 3], 0, n % 9, n % 977, 0, 0, 0, 0, 0, 0, 0
            FROM generate_series(1, {rows}) n;
            INSERT INTO gold_topspender (user_id, order_count, revenue) SELECT user_id, order_count, revenue
            FROM gold_customer360; VACUUM ANALYZE gold_customer360, gold_topspender;"""
        )
        measure(options.rounds, last=min(rows, 100_000) // 50)


def measure(rounds: int, last: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415  Django is set up by now
    from django.test import Client  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("root"))
    for table, queries in PAGES.items():
        for query in queries:
            address = f"/admin/{table}/{query.format(last=last)}"
            took = [seconds(client, address) for _ in range(rounds + 1)][1:]
            print(f"{address:<48} {median(took) * 1000:7.0f} ms")


def seconds(client: object, address: str) -> float:
    start = time.perf_counter()
    response = client.get(address)  # type: ignore[attr-defined]
    assert response.status_code == 200, (address, response.status_code)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
