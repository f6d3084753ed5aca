"""Raw records of orders of any number, written by the database itself, with the users, products and rates they refer to."""

from benchmarks.lab import Lab

FIRST_DAY = "2021-01-01"
DAYS = 1095

FILL = f"""
SET client_min_messages = warning;
INSERT INTO bronze_rawrecord (dataset_id, key, content_hash, payload)
SELECT 'users', 'u' || n, '\\x', jsonb_build_object('user_id', 'u' || n, 'full_name', 'Ada Lovelace',
    'email', 'ada@example.org', 'city', (ARRAY['Berlin', 'Lyon', 'Bergen'])[1 + n % 3],
    'postal_code', (10000 + n % 900)::text,
    'country', (ARRAY['DE', 'FR', 'NO'])[1 + n % 3], 'created_at', '2020-01-01T00:00:00Z')
FROM generate_series(1, {{users}}) n;
INSERT INTO bronze_rawrecord (dataset_id, key, content_hash, payload)
SELECT 'products', 'S' || n, '\\x', jsonb_build_object('sku', 'S' || n, 'name', 'Shoe ' || n, 'description', 'A shoe.',
    'category', 'Shoes', 'price', '89.90', 'currency', 'USD')
FROM generate_series(1, 1000) n;
INSERT INTO bronze_rawrecord (dataset_id, key, content_hash, payload)
SELECT 'exchange_rates', day || ':' || currency, '\\x',
    jsonb_build_object('date', day, 'currency', currency, 'rate', '1.' || 1000 + (n * 7919) % 1000)
FROM generate_series(0, {DAYS - 1}) n, unnest(ARRAY['EUR', 'GBP', 'SEK']) currency,
     LATERAL (SELECT (date '{FIRST_DAY}' + n)::text AS day) d;
INSERT INTO bronze_rawrecord (dataset_id, key, content_hash, payload)
SELECT 'order_lines', 'o' || n / 3 || ':' || 1 + n % 3, '\\x', jsonb_build_object('order_id', 'o' || n / 3,
    'line_number', (1 + n % 3)::text, 'user_id', 'u' || 1 + (n / 3 * 7919::bigint) % {{users}},
    'ordered_at', to_char(timestamp '{FIRST_DAY}' + n / 3 * 3 * (interval '{DAYS} days' / {{lines}}),
        'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'status', (ARRAY['paid', 'Shipped', 'returned', ' paid'])[1 + n / 3 % 4],
    'currency', (ARRAY['USD', 'EUR', 'GBP', 'usd', 'SEK'])[1 + n / 3 % 5], 'sku', 'S' || 1 + (n * 31) % 1000,
    'quantity', (1 + n % 4)::text, 'unit_price', (5 + n % 90) || '.' || 10 + n % 90)
FROM generate_series(0, {{lines}} - 1) n;
"""

TYPED = """
SET client_min_messages = warning;
CREATE TABLE bench_lines (id bigint PRIMARY KEY, status text, updated_at timestamptz, order_id text, line_number bigint,
    user_id text, sku text, ordered_at timestamptz, order_status text, quantity bigint,
    unit_price numeric(18, 2), currency text);
INSERT INTO bench_lines SELECT id, status, updated_at, e->>'order_id', (e->>'line_number')::bigint, e->>'user_id', e->>'sku',
    (e->>'ordered_at')::timestamptz, e->>'status', (e->>'quantity')::bigint, (e->>'unit_price')::numeric, e->>'currency'
FROM (SELECT *, payload AS e FROM bronze_rawrecord WHERE dataset_id = 'order_lines' ORDER BY id) r;
VACUUM ANALYZE bench_lines;
"""

CHANGED = """
UPDATE bronze_rawrecord SET payload = payload || '{{"quantity": "9"}}' WHERE dataset_id = 'order_lines' AND {which}
"""
"""Lines that now have another amount."""

SCATTERED = "right(key, 1) = '1' AND substr(split_part(key, ':', 1), 2)::bigint % 33 = 7"
"""One in a hundred: the first line of every 33rd order."""

IN_11_DAYS = "payload->>'ordered_at' >= '2022-03-01' AND payload->>'ordered_at' < '2022-03-12'"
"""One in a hundred: all of 11 days in a row."""


def fill(lab: Lab, lines: int) -> None:
    """Write so many order lines, three to an order, over three years, and a user for each fifty of them."""
    lab.script(FILL.format(lines=lines, users=max(lines // 50, 1)))
    lab.script("VACUUM ANALYZE bronze_rawrecord")
    lab.script(TYPED)
