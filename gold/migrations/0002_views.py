"""Materialized views for dashboards. The unique index is what a concurrent refresh needs."""

from django.db import migrations

MONTHLY_REVENUE = """
CREATE MATERIALIZED VIEW gold_monthly_revenue AS
SELECT date_trunc('month', day)::date AS month, sum(order_count)::bigint AS order_count, sum(revenue) AS revenue
FROM gold_dailyrevenue GROUP BY 1;
CREATE UNIQUE INDEX gold_monthly_revenue_group ON gold_monthly_revenue (month);
"""

DEPARTMENT_HEADCOUNT = """
CREATE MATERIALIZED VIEW gold_department_headcount AS
SELECT department_id, max(department) AS department, sum(hired)::bigint AS headcount
FROM gold_departmenthires GROUP BY 1;
CREATE UNIQUE INDEX gold_department_headcount_group ON gold_department_headcount (department_id);
"""


class Migration(migrations.Migration):
    dependencies = [("gold", "0001_initial")]

    operations = [
        migrations.RunSQL(MONTHLY_REVENUE, "DROP MATERIALIZED VIEW gold_monthly_revenue"),
        migrations.RunSQL(DEPARTMENT_HEADCOUNT, "DROP MATERIALIZED VIEW gold_department_headcount"),
    ]
