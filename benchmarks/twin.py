"""The peer of `benchmarks.api`: the records of `users` as a FastAPI service with SQLAlchemy's ORM keeps them.

A typed table with as many indexes as a new record of ours has entries in, the same rules as the contract in Pydantic, the
same tokens looked up with each request, the same answers. It has no raw text, no history, no receipt and no events.
Routes are plain functions in threads, over psycopg.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import BigInteger, ForeignKey, Index, String, create_engine, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    sessionmaker,
)

THREADS = 8
"""As many as the web server of the product has."""

engine = create_engine(
    os.environ["TWIN_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=THREADS,
    max_overflow=0,
)
sessions = sessionmaker(engine)


class Base(DeclarativeBase):
    """The tables of the twin."""


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(150), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)


class Token(Base):
    __tablename__ = "token"
    digest: Mapped[str] = mapped_column(String(128), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id))
    account: Mapped[Account] = relationship()


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(300))
    city: Mapped[str] = mapped_column(String(120))
    postal_code: Mapped[str] = mapped_column(String(16))
    country: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    source_file: Mapped[int | None]
    line: Mapped[int | None]
    stored_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("person_origin", "source_file", "line"),)


class PersonIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(max_length=64)]
    full_name: Annotated[str, Field(max_length=200)]
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    phone: Annotated[str, Field(pattern=r"^[+\d(][\d\s().\-/x]{4,30}$")] | None = None
    address: Annotated[str, Field(max_length=300)] | None = None
    city: Annotated[str, Field(max_length=120)]
    postal_code: Annotated[str, Field(max_length=16)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    created_at: datetime
    updated_at: datetime | None = None


class PersonOut(PersonIn):
    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: int
    revision: int


class People(BaseModel):
    items: list[PersonOut]
    count: int


class BatchIn(BaseModel):
    rows: Annotated[list[PersonIn], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def keys_differ(self) -> Self:
        if len({row.user_id for row in self.rows}) < len(self.rows):
            raise ValueError("two rows have the same user_id")
        return self


class RowOut(BaseModel):
    row: int
    status: int
    key: str
    revision: int
    errors: list[Any]


class BatchOut(BaseModel):
    created: int
    results: list[RowOut]


app = FastAPI()


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


Db = Annotated[Session, Depends(session)]


def account(db: Db, authorization: Annotated[str, Header()] = "") -> Account:
    digest = digest_of(authorization.removeprefix("Token "))
    token = db.scalar(select(Token).options(joinedload(Token.account)).where(Token.digest == digest))
    if token is None or not token.account.is_active:
        raise HTTPException(401)
    return token.account


def digest_of(clear: str) -> str:
    return hashlib.sha512(clear.encode()).hexdigest()


Caller = Annotated[Account, Depends(account)]


@app.get("/users/{user_id}", response_model=PersonOut)
def get_person(user_id: str, db: Db, caller: Caller) -> Person:
    found = db.scalar(select(Person).where(Person.user_id == user_id))
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/users", response_model=People)
def list_people(db: Db, caller: Caller, page: int = 1, page_size: int = 100) -> dict[str, Any]:
    count = db.scalar(select(func.count()).select_from(Person))
    rows = db.scalars(select(Person).order_by(Person.id).limit(page_size).offset((page - 1) * page_size))
    return {"items": rows.all(), "count": count}


@app.post("/users", response_model=PersonOut, status_code=201)
def create_person(body: PersonIn, db: Db, caller: Caller) -> Person:
    person = Person(**body.model_dump())
    _store(db, [person])
    return person


@app.post("/users/batch", response_model=BatchOut, status_code=201)
def create_people(body: BatchIn, db: Db, caller: Caller) -> dict[str, Any]:
    _store(db, [Person(**row.model_dump()) for row in body.rows])
    return _results(body)


@app.post("/users/bulk", response_model=BatchOut, status_code=201)
def insert_people(body: BatchIn, db: Db, caller: Caller) -> dict[str, Any]:
    try:
        db.execute(insert(Person), [row.model_dump() for row in body.rows])
    except IntegrityError as error:
        raise HTTPException(409) from error
    db.commit()
    return _results(body)


def _results(body: BatchIn) -> dict[str, Any]:
    results = [
        {"row": number, "status": 201, "key": row.user_id, "revision": 1, "errors": []}
        for number, row in enumerate(body.rows)
    ]
    return {"created": len(results), "results": results}


def _store(db: Session, people: list[Person]) -> None:
    db.add_all(people)
    try:
        db.flush()
    except IntegrityError as error:
        raise HTTPException(409) from error
    if len(people) == 1:
        db.refresh(people[0])
    db.commit()


def prepare(clear: str) -> None:
    """Make the tables, and an account with this token."""
    Base.metadata.create_all(engine)
    with sessions.begin() as db:
        db.add(Token(digest=digest_of(clear), account=Account(name="benchmark")))
