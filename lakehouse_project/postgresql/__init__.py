"""Django's backend for PostgreSQL, with one change."""
