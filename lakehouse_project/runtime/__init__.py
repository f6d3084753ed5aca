"""Embedded PostgreSQL and Valkey, and the supervisor behind `lakehouse up`.

Nothing here imports Django: this code runs before Django can know its database.
"""
