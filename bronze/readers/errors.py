"""Errors of a file that cannot be read to its end."""

from lakehouse_project.kernel.errors import PermanentError


class UnreadableFile(PermanentError):
    """The file is damaged so that its records cannot be told apart; nothing of it may be kept."""

    code = "unreadable_file"
