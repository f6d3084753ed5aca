"""Asking before something is gone."""

from django.core.management.base import CommandError


def require_word(word: str, question: str, otherwise: str) -> None:
    """Go on only if `word` is typed. Raises `CommandError`, also where there is nobody to ask."""
    try:
        answer = input(question)
    except EOFError:
        answer = ""
    if answer.strip() != word:
        raise CommandError(f"{otherwise} (--yes does it without asking.)")
