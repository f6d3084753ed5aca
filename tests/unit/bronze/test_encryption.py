"""Encryption of secret fields."""

import base64

import polars as pl
import pytest

from bronze.encryption import PREFIX, FieldCipher
from lakehouse_project.kernel.errors import NotConfigured

KEY = base64.b64encode(bytes(range(64))).decode()
OTHER = base64.b64encode(bytes(64)).decode()
CIPHER = FieldCipher(KEY)


def test_there_and_back() -> None:
    sealed = CIPHER.encrypt("DE89 3704 ü", "account_number")
    assert sealed.startswith(PREFIX)
    assert "3704" not in sealed
    assert CIPHER.decrypt(sealed, "account_number") == "DE89 3704 ü"


def test_the_same_text_gives_the_same_cipher_text_but_not_in_another_field() -> None:
    assert CIPHER.encrypt("x", "a") == CIPHER.encrypt("x", "a")
    assert CIPHER.encrypt("x", "a") != CIPHER.encrypt("x", "b")


def test_nothing_stays_nothing() -> None:
    assert CIPHER.encrypt("", "a") == ""
    assert CIPHER.encrypt_column(pl.Series("a", [None, "", "x"]), "a")[:2].to_list() == [None, ""]


def test_a_text_that_looks_encrypted_is_encrypted_too() -> None:
    """Otherwise whoever sends such a text would make a record that nobody can open."""
    forged = PREFIX + "AAAA"
    assert CIPHER.decrypt(CIPHER.encrypt(forged, "a"), "a") == forged


def test_plain_text_passes_decryption() -> None:
    assert CIPHER.decrypt("plain", "a") == "plain"


@pytest.mark.parametrize(
    "text", [PREFIX + "AAAA", PREFIX + "!", FieldCipher(OTHER).encrypt("x", "a"), CIPHER.encrypt("x", "b")]
)
def test_another_key_says_so(text: str) -> None:
    with pytest.raises(NotConfigured, match="another key"):
        CIPHER.decrypt(text, "a")


def test_a_bad_key_says_so_and_is_never_shown() -> None:
    with pytest.raises(NotConfigured, match="FIELD_KEY"):
        FieldCipher("c2hvcnQ=").encrypt("x", "a")
    assert KEY not in repr(CIPHER)
