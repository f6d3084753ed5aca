"""Materialized views for dashboards. The unique index is what a concurrent refresh needs."""

from django.db import migrations

MONTHLY_REVENUE = """
CREATE MATERIALIZED VIEW gold_monthly_revenue AS
SELECT o.month, o.order_count, sum(d.revenue) AS revenue
FROM gold_monthlyorders o
JOIN gold_dailyrevenue d ON date_trunc('month', d.day)::date = o.month
GROUP BY o.month, o.order_count;
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
