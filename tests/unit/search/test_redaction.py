"""What never reaches the index."""

import pytest

from search.redaction import without_contacts, without_names


@pytest.mark.parametrize(
    "secret",
    [
        "ada.l+x@mail.example.org",
        "+49 30 1234567",
        "(555) 123-4567",
        "DE89 3704 0044 0532 0130 00",
        "DE89370400440532013000",
        "1234567890123",
    ],
)
def test_contact_details_are_hidden_by_their_shape(secret: str) -> None:
    assert without_contacts(f"Reach me: {secret}, please.") == "Reach me: •••, please."


@pytest.mark.parametrize(
    "text", ["Invoice 2024-03-01 of 1,250.00 dollars", "12345678 pieces", "see section 4.2"]
)
def test_other_numbers_stay(text: str) -> None:
    assert without_contacts(text) == text


def test_known_details_are_hidden_whatever_their_shape() -> None:
    assert without_contacts("Lives in Gasse  7\nin Wien", ["Gasse 7", ""]) == "Lives in •••\nin Wien"


def test_names_are_hidden_whole_and_in_parts_but_not_within_words() -> None:
    text = without_names("Ada Lovelace, MS. LOVELACE; Lovelaces; Ada.", ["Ada Lovelace"])
    assert text == "•••, MS. •••; Lovelaces; •••."


def test_control_characters_are_removed() -> None:
    assert without_contacts("a\x00b\x02c\nd") == "a b c\nd"
