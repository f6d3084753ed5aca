"""What of a row comes into the index."""

from datetime import UTC, datetime
from decimal import Decimal

from search.domain import Entry
from search.projection import named, product, user

MAIL, PHONE = "zoe.q@quuxmail.example", "+420 603 555 777"
CONTACTS = f"{MAIL} or {PHONE}"


def everything(entry: Entry) -> str:
    texts = (entry.title, entry.body, entry.personal_title, entry.personal_body, entry.meaning)
    return " ".join([*(text or "" for text in texts), *entry.facets.values()])


def test_contact_details_in_fields_that_are_meant_for_others_stay_out() -> None:
    work = {"employer": f"Acme {CONTACTS}", "job": f"Clerk {CONTACTS}", "title": f"Clerk {CONTACTS}"}
    person = {
        "user_id": "u1",
        "full_name": f"Zoe {CONTACTS}",
        "city": f"Brno {CONTACTS}",
        "country": "CZ",
        "created_at": datetime(2024, 1, 1, tzinfo=UTC),
    }
    goods = {
        "sku": "S1",
        "name": f"Shoe {CONTACTS}",
        "category": f"Shoes {CONTACTS}",
        "description": CONTACTS,
    }
    shoe = product({**goods, "currency": "EUR", "price": Decimal("1.00")})
    for entry in (user(person, work), shoe, named("job", "9100", f"Ask {CONTACTS}", "jobs")):
        text = everything(entry)
        assert "quuxmail" not in text
        assert "555" not in text
    assert shoe.title.startswith("Shoe ")
