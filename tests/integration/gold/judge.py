"""The marts computed once more, by DuckDB from the files themselves, with nothing of the product in between.

Each view below is a data set as its contract wants it: what is not valid is left out, of the same key the last one counts.
"""

from pathlib import Path
from typing import Any

import duckdb

READ = "strict_mode = false, ignore_errors = true, all_varchar = true"
"""Lines that are cut short or have a field too many are no rows."""

VIEWS = r"""
CREATE MACRO words(t) AS nullif(regexp_replace(trim(t), '\s+', ' ', 'g'), '');
CREATE MACRO moment(t) AS try_cast(
    regexp_replace(rtrim(trim(t), 'Z'), ' (\d\d) (\d\d) (\d\d)$', 'T\1:\2:\3') AS TIMESTAMP);
CREATE MACRO money(t) AS CASE WHEN t ~ '^-?[0-9]+(\.[0-9]{1,2}0*)?$' THEN try_cast(t AS DECIMAL(18, 2)) END;
CREATE MACRO cents(amount, rate) AS (
    -- The product in 1e-10, halves to the even cent: integers, so that nothing is rounded on the way.
    WITH exact AS (SELECT (amount * 100)::HUGEINT * (rate * 100000000)::HUGEINT AS n),
         parts AS (SELECT abs(n) // 100000000 AS q, abs(n) % 100000000 AS r, sign(n) AS s FROM exact)
    SELECT s * (q + CASE WHEN r > 50000000 OR (r = 50000000 AND q % 2 = 1) THEN 1 ELSE 0 END) FROM parts
);
CREATE TABLE gone (dataset VARCHAR, key VARCHAR);

CREATE VIEW departments AS SELECT id::BIGINT AS id, words(department) AS department
    FROM read_csv('FOLDER/departments.csv', header = true, READ);
CREATE VIEW jobs AS SELECT column0::BIGINT AS id, words(column1) AS job
    FROM read_csv('FOLDER/jobs.csv', header = false, READ) WHERE try_cast(column0 AS BIGINT) IS NOT NULL;
CREATE VIEW hires AS SELECT DISTINCT id, moment(datetime) AS hired_at, try_cast(department_id AS BIGINT) AS department_id,
        try_cast(job_id AS BIGINT) AS job_id
    FROM read_csv('FOLDER/hired_employees.csv', header = true, READ)
    WHERE words(name) IS NOT NULL AND hired_at IS NOT NULL AND department_id ~ '^[0-9]+$' AND job_id ~ '^[0-9]+$'
      AND id NOT IN (SELECT key FROM gone WHERE dataset = 'hired_employees');

CREATE VIEW rates AS SELECT DISTINCT date::DATE AS day, currency, rate::DECIMAL(18, 8) AS rate
    FROM read_csv('FOLDER/some_rates.csv', header = true, READ)
    WHERE currency ~ '^[A-Z]{3}$' AND date ~ '^\d{4}-' AND try_cast(rate AS DECIMAL(18, 8)) >= 0;

CREATE VIEW users AS SELECT user_id, upper(words(country)) AS country, upper(words(postal_code)) AS postal_code,
        CASE WHEN words(city) IN (upper(words(city)), lower(words(city))) THEN title(words(city))
             ELSE words(city) END AS city,
        moment(created_at)::DATE AS created_on
    FROM read_csv('FOLDER/users.csv', header = true, READ)
    WHERE email ~ '^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$' AND words(full_name) IS NOT NULL AND words(city) IS NOT NULL
      AND words(postal_code) IS NOT NULL AND country NOT IN ('XX', 'ZZ', 'Q1') AND moment(created_at) IS NOT NULL
      AND (words(phone) IS NULL OR phone ~ '^\s*[+\d][\d\s().\-/x]{4,30}\s*$')
      AND user_id NOT IN (SELECT key FROM gone WHERE dataset = 'users')
    QUALIFY row_number() OVER (PARTITION BY user_id) = 1;
CREATE VIEW banks AS SELECT DISTINCT user_id, words(bank_name) AS bank
    FROM read_json('FOLDER/some_banks.ndjson', format = 'newline_delimited');
CREATE VIEW employments AS SELECT DISTINCT employment_id, user_id, words(employer) AS employer,
        try_cast(start_date AS DATE) AS start_date, try_cast(end_date AS DATE) AS end_date, money(salary) AS salary, currency
    FROM read_csv('FOLDER/employment_info.csv', header = true, delim = ';', READ)
    WHERE money(salary) >= 0 AND try_cast(start_date AS DATE) IS NOT NULL AND words(user_id) IS NOT NULL
      AND words(employer) IS NOT NULL AND words(job_title) IS NOT NULL AND currency ~ '^[A-Z]{3}$'
      AND (words(end_date) IS NULL OR try_cast(end_date AS DATE) IS NOT NULL);

CREATE VIEW flat AS
    SELECT 1 AS file, * FROM read_csv('FOLDER/order_lines.csv', header = true, READ)
    UNION ALL BY NAME
    SELECT 2 AS file, order_id, user_id, ordered_at, status, currency, line.line_number::VARCHAR AS line_number,
        line.sku AS sku, line.quantity::VARCHAR AS quantity, line.unit_price::VARCHAR AS unit_price
    FROM (SELECT *, unnest(lines) AS line FROM read_json('FOLDER/orders.json', format = 'array', columns = {
        order_id: 'VARCHAR', user_id: 'VARCHAR', ordered_at: 'VARCHAR', status: 'VARCHAR', currency: 'VARCHAR',
        lines: 'STRUCT(line_number VARCHAR, sku VARCHAR, quantity VARCHAR, unit_price VARCHAR)[]'}))
    UNION ALL BY NAME
    SELECT 3 AS file, * FROM read_csv('FOLDER/orders_correction.csv', header = true, READ);
CREATE VIEW lines AS SELECT order_id, user_id, moment(ordered_at)::DATE AS day, lower(words(status)) AS status, currency,
        quantity::BIGINT AS quantity, (quantity::BIGINT * money(unit_price))::DECIMAL(18, 2) AS given
    FROM flat
    WHERE words(order_id) IS NOT NULL AND line_number ~ '^[1-9][0-9]*$' AND words(user_id) IS NOT NULL
      AND moment(ordered_at) IS NOT NULL AND trim(status) ~ '^[A-Za-z][\w \-]{0,39}$'
      AND currency ~ '^[A-Z]{3}$' AND words(sku) IS NOT NULL AND quantity ~ '^-?[0-9]+$' AND money(unit_price) >= 0
      AND order_id || ':' || line_number NOT IN (SELECT key FROM gone WHERE dataset = 'order_lines')
    QUALIFY row_number() OVER (PARTITION BY order_id, line_number ORDER BY file DESC) = 1;
CREATE VIEW sold AS SELECT *, date_trunc('month', day)::DATE AS month,
        CASE WHEN currency = 'USD' THEN given ELSE (cents(given, rate) / 100)::DECIMAL(18, 2) END AS amount
    FROM lines ASOF LEFT JOIN (SELECT day AS rated, currency AS code, rate FROM rates)
        ON currency = code AND day >= rated;
CREATE VIEW revenue AS SELECT * FROM sold WHERE status NOT IN ('cancelled', 'canceled');
CREATE VIEW paid AS SELECT employments.*,
        CASE WHEN currency = 'USD' THEN salary ELSE (cents(salary, rate) / 100)::DECIMAL(18, 2) END AS pay
    FROM employments ASOF LEFT JOIN (SELECT day AS rated, currency AS code, rate FROM rates)
        ON currency = code AND start_date >= rated
    WHERE start_date <= DATE 'TODAY' AND (end_date IS NULL OR end_date >= DATE 'TODAY');

CREATE VIEW events AS SELECT DISTINCT event_id, user_id, event_type, moment(occurred_at) AS moment
    FROM read_json('FOLDER/events.ndjson', format = 'newline_delimited', ignore_errors = true, columns = {
        event_id: 'VARCHAR', user_id: 'VARCHAR', event_type: 'VARCHAR', occurred_at: 'VARCHAR', properties: 'JSON'})
    WHERE user_id IS NOT NULL AND event_type ~ '^[a-z][a-z0-9_.\-]{0,63}$' AND moment(occurred_at) IS NOT NULL
      AND coalesce(json_type(properties), 'OBJECT') = 'OBJECT'
      AND event_id NOT IN (SELECT key FROM gone WHERE dataset = 'events');
"""

SUMS = """count(DISTINCT order_id) AS orders, coalesce(sum(amount), 0)::DECIMAL(30, 2) AS spent,
            count(*) FILTER (amount IS NULL) AS unconverted"""

FUNNEL = """
WITH days AS (SELECT DISTINCT user_id, moment::DATE AS day FROM events),
visits AS (
    SELECT *, (SELECT min(x.moment) FROM events x WHERE x.user_id = d.user_id AND x.moment::DATE = d.day
        AND x.event_type = 'product_view') AS viewed FROM days d
), added AS (
    SELECT *, (SELECT min(x.moment) FROM events x WHERE x.user_id = v.user_id AND x.moment::DATE = v.day
        AND x.event_type = 'add_to_cart' AND x.moment >= v.viewed) AS added FROM visits v
), checked AS (
    SELECT *, (SELECT min(x.moment) FROM events x WHERE x.user_id = v.user_id AND x.moment::DATE = v.day
        AND x.event_type = 'checkout' AND x.moment >= v.added) AS checked FROM added v
), bought AS (
    SELECT *, (SELECT min(x.moment) FROM events x WHERE x.user_id = v.user_id AND x.moment::DATE = v.day
        AND x.event_type = 'purchase' AND x.moment >= v.checked) AS bought FROM checked v
)
SELECT {0} count(*), count(viewed), count(added), count(checked), count(bought) FROM bought {1}
"""

ANSWERS = {
    "hires-by-quarter": """
        SELECT coalesce(department, 'Unknown') AS d, coalesce(job, 'Unknown') AS j,
            count(*) FILTER (quarter(hired_at) = 1), count(*) FILTER (quarter(hired_at) = 2),
            count(*) FILTER (quarter(hired_at) = 3), count(*) FILTER (quarter(hired_at) = 4)
        FROM hires LEFT JOIN departments ON departments.id = department_id LEFT JOIN jobs ON jobs.id = job_id
        WHERE year(hired_at) = 2022 GROUP BY d, j ORDER BY d, j""",
    "departments-above-mean": """
        WITH n AS (SELECT d.id, d.department, count(*) AS hired FROM hires JOIN departments d ON d.id = department_id
                   WHERE year(hired_at) = 2022 GROUP BY ALL)
        SELECT * FROM n WHERE hired > (SELECT avg(hired) FROM n) ORDER BY hired DESC, id""",
    "departments-above-mean of all": """
        WITH n AS (SELECT d.id, d.department, count(h.id) AS hired FROM departments d
                   LEFT JOIN hires h ON d.id = department_id AND year(hired_at) = 2022 GROUP BY ALL)
        SELECT * FROM n WHERE hired > (SELECT avg(hired) FROM n) ORDER BY hired DESC, id""",
    "headcount-by-department": """
        SELECT d.id, d.department, count(h.id) FROM departments d LEFT JOIN hires h ON d.id = department_id
        GROUP BY ALL ORDER BY department""",
    "city-payroll": """
        SELECT city, count(DISTINCT user_id), coalesce(sum(pay), 0)::DECIMAL(30, 2)
        FROM users LEFT JOIN paid USING (user_id) GROUP BY city ORDER BY city""",
    "city-payroll of a country": """
        SELECT city, count(DISTINCT user_id), coalesce(sum(pay), 0)::DECIMAL(30, 2)
        FROM users LEFT JOIN paid USING (user_id) WHERE country = 'DE' GROUP BY city ORDER BY city""",
    "users-by-bank": "SELECT bank, count(*) FROM users JOIN banks USING (user_id) GROUP BY bank ORDER BY bank",
    "users-by-employer": """
        SELECT employer, count(DISTINCT user_id) FROM users JOIN paid USING (user_id) GROUP BY employer ORDER BY employer""",
    "users-by-postal-code": "SELECT country, postal_code, count(*) FROM users GROUP BY ALL ORDER BY ALL",
    "daily-revenue": f"SELECT day, {SUMS} FROM revenue GROUP BY day ORDER BY day",
    "monthly-revenue": f"""
        WITH m AS (SELECT month, {SUMS} FROM revenue GROUP BY month),
             every AS (SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month FROM m)
        SELECT month, coalesce(orders, 0), coalesce(spent, 0)::DECIMAL(30, 2), coalesce(unconverted, 0)
        FROM every LEFT JOIN m USING (month) ORDER BY month""",
    "revenue-by-currency": """
        SELECT month, currency, count(DISTINCT order_id), sum(given), coalesce(sum(amount), 0)::DECIMAL(30, 2),
            count(*) FILTER (amount IS NULL) FROM revenue GROUP BY ALL ORDER BY month, currency""",
    "revenue-by-status": """
        SELECT month, status, count(DISTINCT order_id), coalesce(sum(amount), 0)::DECIMAL(30, 2),
            CASE WHEN status IN ('cancelled', 'canceled') THEN 0 ELSE coalesce(sum(amount), 0) END::DECIMAL(30, 2),
            count(*) FILTER (amount IS NULL) FROM sold GROUP BY month, status ORDER BY month, status""",
    "events-by-type": "SELECT moment::DATE AS day, event_type, count(*) FROM events GROUP BY ALL ORDER BY day, event_type",
    "top-spenders": """
        SELECT user_id, count(DISTINCT order_id), coalesce(sum(amount), 0)::DECIMAL(30, 2) AS spent FROM revenue
        GROUP BY user_id ORDER BY spent DESC, user_id""",
    "top-spenders of some days": """
        SELECT user_id, count(DISTINCT order_id), coalesce(sum(amount), 0)::DECIMAL(30, 2) AS spent FROM revenue
        WHERE day BETWEEN '2022-03-15' AND '2023-02-10' GROUP BY user_id ORDER BY spent DESC, user_id LIMIT 7""",
    "logins-by-user": """
        SELECT user_id, count(*) AS n, max(moment) FROM events WHERE event_type = 'login' GROUP BY user_id
        ORDER BY n DESC, user_id""",
    "logins-by-user of a month": """
        SELECT user_id, count(*) AS n, max(moment) FROM events
        WHERE event_type = 'login' AND moment >= '2022-05-01' AND moment < '2022-06-01'
        GROUP BY user_id ORDER BY n DESC, user_id""",
    "event-funnel": FUNNEL.format("", ""),
    "monthly-event-funnel": FUNNEL.format("date_trunc('month', day)::DATE AS m,", "GROUP BY m ORDER BY m"),
    "cohort-retention": """
        WITH bought AS (SELECT DISTINCT user_id, month FROM revenue WHERE quantity > 0),
             cohorts AS (SELECT user_id, min(month) AS cohort FROM bought GROUP BY user_id),
             sizes AS (SELECT cohort, count(*) AS size FROM cohorts GROUP BY cohort),
             cells AS (SELECT *, unnest(range(0, datediff('month', cohort, (SELECT max(month) FROM revenue WHERE
                       month <= DATE 'TODAY')) + 1)) AS n FROM sizes),
             counted AS (SELECT cohort, datediff('month', cohort, month) AS n, count(*) AS users
                         FROM bought JOIN cohorts USING (user_id) GROUP BY ALL)
        SELECT cohort, n, coalesce(users, 0), size, round(coalesce(users, 0) / size, 4)::DECIMAL(9, 4)
        FROM cells LEFT JOIN counted USING (cohort, n) ORDER BY cohort, n""",
    "customer-360": """
        WITH o AS (SELECT user_id, count(DISTINCT order_id) AS orders, coalesce(sum(amount), 0) AS spent,
                       coalesce(-sum(amount) FILTER (quantity < 0), 0) AS returned,
                       min(day) FILTER (quantity > 0) AS first, max(day) FILTER (quantity > 0) AS last,
                       count(*) FILTER (amount IS NULL) AS unconverted FROM revenue GROUP BY user_id),
             e AS (SELECT user_id, count(*) AS n, max(moment) AS seen, count(*) FILTER (event_type = 'login') AS logins,
                       max(moment) FILTER (event_type = 'login') AS login FROM events GROUP BY user_id),
             p AS (SELECT user_id, sum(pay) AS pay, max_by(employer, (start_date, employment_id)) AS employer,
                       max(start_date) AS since FROM paid GROUP BY user_id),
             everybody AS (SELECT user_id FROM o UNION SELECT user_id FROM e UNION SELECT user_id FROM users)
        SELECT user_id, u.user_id IS NOT NULL, created_on, city, country, CASE WHEN u.user_id IS NOT NULL THEN employer END,
            CASE WHEN u.user_id IS NOT NULL THEN since END,
            CASE WHEN u.user_id IS NOT NULL THEN coalesce(pay, 0) ELSE 0 END::DECIMAL(30, 2), coalesce(orders, 0),
            coalesce(spent, 0)::DECIMAL(30, 2), coalesce(returned, 0)::DECIMAL(30, 2), first, last, coalesce(n, 0), seen,
            coalesce(logins, 0), login, coalesce(unconverted, 0)
        FROM everybody LEFT JOIN users u USING (user_id) LEFT JOIN o USING (user_id) LEFT JOIN e USING (user_id)
        LEFT JOIN p USING (user_id) ORDER BY user_id""",
}


class Judge:
    """DuckDB over the files in `folder`, as of the day `today` (ISO 8601)."""

    def __init__(self, folder: Path, today: str) -> None:
        self.today = today
        self.database = duckdb.connect()
        self.database.create_function("title", str.title, ["VARCHAR"], "VARCHAR")
        self.database.execute(
            VIEWS.replace("FOLDER", str(folder)).replace("TODAY", today).replace("READ", READ)
        )

    def forget(self, dataset: str, *keys: str) -> None:
        self.database.executemany("INSERT INTO gone VALUES (?, ?)", [[dataset, key] for key in keys])

    def answer(self, name: str) -> list[tuple[Any, ...]]:
        return self.database.execute(ANSWERS[name].replace("TODAY", self.today)).fetchall()
