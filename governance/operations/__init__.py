"""Runs as the operations that those who asked for them look at, cancel, and fetch results of."""
