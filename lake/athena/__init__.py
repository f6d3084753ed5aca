"""The published tables on AWS Athena: database, tables, work group, queries, and taking all of it away again.

`AthenaSite.drop()` of `lake.athena.site` is what a clean-up calls.
"""
