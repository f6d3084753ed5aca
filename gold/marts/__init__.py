"""Marts as pure functions: frames of silver in, rows of a mart out. No Django, no I/O."""
