"""Data that others publish, fetched and loaded like any file: with a receipt, lineage, history and undo."""
