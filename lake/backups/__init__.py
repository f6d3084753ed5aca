"""Backups of the database: dumped from one snapshot, stored, proved by restoring them, pruned.

What is in the storage is the truth: a backup is its manifest. The table `lake.Backup` is an index of it for pages and
routes, written anew from the storage after a restore.
"""
