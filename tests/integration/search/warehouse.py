"""A small warehouse to project and to search."""

import datetime as dt
from decimal import Decimal
from itertools import count
from typing import Any

from bronze.models import Dataset, Document, DocumentPage, SourceFile
from silver.models import (
    Change,
    DimDepartment,
    DimEmployer,
    DimJob,
    DimProduct,
    DimUser,
    FactEmployment,
)

THEN = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


class Warehouse:
    """Writes what silver and bronze write, with the changes that announce it."""

    def __init__(self) -> None:
        self._ids = count(1_000_000)

    def announce(self, entity: str, key: object) -> None:
        Change.objects.create(entity=entity, key=str(key))

    def user(self, user_id: str, name: str, city: str = "Berlin", **values: Any) -> None:
        last = DimUser.objects.filter(user_id=user_id, is_current=True).first()
        DimUser.objects.filter(user_id=user_id).update(is_current=False)
        defaults = {
            "country": "DE",
            "email": f"{user_id}@mail.example",
            "phone": "+49 30 1234567",
            "address": "Gasse 7",
        }
        DimUser.objects.create(
            user_id=user_id,
            version=last.version + 1 if last else 1,
            full_name=name,
            city=city,
            postal_code="10115",
            created_at=THEN,
            valid_from=THEN,
            **(defaults | values),
        )
        self.announce("user", user_id)

    def forget_user(self, user_id: str) -> None:
        DimUser.objects.filter(user_id=user_id).update(is_active=False)
        self.announce("user", user_id)

    def employment(
        self, user_id: str, employer: str, title: str, job: DimJob | None = None, **values: Any
    ) -> None:
        firm, _ = DimEmployer.objects.get_or_create(name=employer, name_key=employer.lower())
        number = next(self._ids)
        FactEmployment.objects.create(
            raw_record_id=number,
            employment_id=str(number),
            user_id_natural=user_id,
            job_title=title,
            job_match_score=100,
            start_date=dt.date(2023, 1, 1),
            salary=Decimal(1),
            currency="EUR",
            employer=firm,
            job_id=job.key if job else 0,
            **values,
        )
        self.announce("employment_user", user_id)
        self.announce("employer", employer)

    def job(self, job_id: int, title: str) -> DimJob:
        job, _ = DimJob.objects.update_or_create(job_id=job_id, defaults={"title": title})
        self.announce("job", job_id)
        return job

    def department(self, department_id: int, name: str) -> None:
        DimDepartment.objects.update_or_create(department_id=department_id, defaults={"name": name})
        self.announce("department", department_id)

    def product(self, sku: str, name: str, category: str, price: str, description: str = "") -> None:
        values = {
            "name": name,
            "category": category,
            "price": Decimal(price),
            "currency": "EUR",
            "is_active": True,
        }
        DimProduct.objects.update_or_create(sku=sku, defaults={**values, "description": description or name})
        self.announce("product", sku)

    def drop_product(self, sku: str) -> None:
        DimProduct.objects.filter(sku=sku).update(is_active=False)
        self.announce("product", sku)

    def document(self, number: int, title: str, pages: list[str], user_id: str = "") -> str:
        dataset, _ = Dataset.objects.get_or_create(name="documents", defaults={"title": "Documents"})
        sha256 = f"{number:064}"
        source = SourceFile.objects.create(
            dataset=dataset,
            name=f"{number}.pdf",
            sha256=sha256,
            size=1,
            media_type="application/pdf",
            format={},
            received_via="seed",
            state="loaded",
        )
        document = Document.objects.create(
            sha256=sha256,
            source_file=source,
            status="ok",
            title=title,
            page_count=len(pages),
            user_id=user_id,
        )
        for page, text in enumerate(pages, 1):
            DocumentPage.objects.create(document=document, number=page, text=text)
        return sha256
