"""A star schema of any size, written by the database itself."""

from benchmarks.lab import Lab

FILL = """
INSERT INTO silver_dimdate (key, date, year, quarter, month, day, iso_year, iso_week, weekday, is_weekend, fiscal_year,
    fiscal_quarter, holiday)
SELECT to_char(d, 'YYYYMMDD')::int, d, extract(year FROM d), extract(quarter FROM d), extract(month FROM d),
    extract(day FROM d), extract(isoyear FROM d), extract(week FROM d), extract(isodow FROM d),
    extract(isodow FROM d) > 5, extract(year FROM d), extract(quarter FROM d), ''
FROM generate_series('2020-01-01'::timestamp, '2024-12-31', '1 day') d ON CONFLICT DO NOTHING;
INSERT INTO silver_dimuser (user_id, version, full_name, email, phone, address, city, postal_code, country, created_at,
    valid_from, is_current)
SELECT 'u' || n, 1, 'Ada Lovelace', 'ada@example.org', '', '', 'City ' || n % 200, (10000 + n % 900)::text,
    (ARRAY['DE', 'US', 'FR'])[1 + n % 3], '2020-01-01Z', '2020-01-01Z', true FROM generate_series(1, {users}) n;
INSERT INTO silver_dimeventtype (name)
VALUES ('login'), ('product_view'), ('add_to_cart'), ('checkout'), ('purchase');
INSERT INTO silver_factorderline (raw_record_id, order_id, line_number, user_id_natural, sku_natural, ordered_at, status,
    quantity, unit_price, amount, currency, amount_reporting, date_id, user_id, product_id)
SELECT n, (n / 3)::text, n % 3 + 1, 'u' || 1 + (n / 3 * 7919::bigint) % {users}, 'S', at, 'paid', 1, 9.99, 9.99, 'USD', 9.99,
    to_char(at, 'YYYYMMDD')::int, 0, 0
FROM generate_series(1, {lines}) n,
     LATERAL (SELECT '2020-01-01Z'::timestamptz + n / 3 * 3 * (interval '1826 days' / {lines}) AS at) x;
INSERT INTO silver_factevent (raw_record_id, event_id, user_id_natural, occurred_at, date_id, user_id, event_type_id)
SELECT n, 'e' || n, 'u' || 1 + (n / 4 * 7919::bigint) % {users}, at, to_char(at, 'YYYYMMDD')::int, 0,
    (SELECT min(key) FROM silver_dimeventtype WHERE key > 0) + n % 5
FROM generate_series(1, {events}) n,
     LATERAL (SELECT '2020-01-01Z'::timestamptz + n * (interval '1826 days' / {events}) AS at) x;
VACUUM ANALYZE;
"""


def fill(lab: Lab, *, users: int, lines: int, events: int) -> None:
    """Write so many users, order lines (three to an order) and events, spread over five years."""
    lab.script(FILL.format(users=users, lines=lines, events=events))
