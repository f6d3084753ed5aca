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


@pytest.mark.parametrize(
    "written", ["603 555 777", "603555777", "00420 603-555-777", "(603) 555 777", "0603/555 777"]
)
def test_a_known_telephone_number_is_hidden_however_it_is_written(written: str) -> None:
    text = f"On 2024-03-01 call {written}, not 603 555 778."
    assert without_contacts(text, ["+420 603 555 777"]) == "On 2024-03-01 call •••, not 603 555 778."


@pytest.mark.parametrize("short", ["1234", "+49 30 12", "Gasse 7"])
def test_what_is_no_whole_telephone_number_hides_no_other_number(short: str) -> None:
    assert without_contacts("Order 555 1234 77", [short]).endswith("77")


def test_names_are_hidden_whole_and_in_parts_but_not_within_words() -> None:
    text = without_names("Ada Lovelace, MS. LOVELACE; Lovelaces; Ada.", ["Ada Lovelace"])
    assert text == "•••, MS. •••; Lovelaces; •••."


def test_control_characters_are_removed() -> None:
    assert without_contacts("a\x00b\x02c\nd") == "a b c\nd"
