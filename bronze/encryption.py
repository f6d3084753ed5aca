"""Encryption of secret fields at rest.

AES-SIV (RFC 5297) is deterministic: the same text gives the same cipher text, so that an unchanged row is
recognised as unchanged. The field's name is bound in as associated data.
"""

import base64
from dataclasses import dataclass
from functools import cached_property

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from lakehouse_project.kernel.errors import NotConfigured

PREFIX = "aes-siv:"


@dataclass(frozen=True)
class FieldCipher:
    """Encrypts the values of secret fields. `key`: 64 bytes in base64."""

    key: str

    def __repr__(self) -> str:
        return "FieldCipher(…)"

    @cached_property
    def _siv(self) -> AESSIV:
        try:
            return AESSIV(base64.b64decode(self.key))
        except ValueError as error:
            raise NotConfigured("FIELD_KEY must be 32, 48 or 64 random bytes in base64.") from error

    def encrypt(self, text: str, field: str) -> str:
        """Cipher text with a prefix; empty stays empty."""
        if not text:
            return text
        return PREFIX + base64.b64encode(self._siv.encrypt(text.encode(), [field.encode()])).decode()

    def decrypt(self, text: str, field: str) -> str:
        """The plain text. Raises `NotConfigured` if the key is not the one that encrypted it."""
        if not text.startswith(PREFIX):
            return text
        try:
            return self._siv.decrypt(base64.b64decode(text.removeprefix(PREFIX)), [field.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise NotConfigured(f"{field} was encrypted with another key than FIELD_KEY.") from error

    def encrypt_column(self, values: pl.Series, field: str) -> pl.Series:
        """Every text of `values` encrypted; null stays null."""
        cipher = [None if value is None else self.encrypt(value, field) for value in values]
        return pl.Series(values.name, cipher, dtype=pl.String)
