"""Bodies and answers of the routes of access."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

NO_CONTROL = r"^[^\x00-\x1f\x7f]+$"


class PasswordLogin(Schema):
    """Who logs in."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(max_length=150, examples=["ada"])]
    password: Annotated[str, Field(max_length=4096, examples=["correct horse battery staple"])]


class RefreshToken(Schema):
    """The refresh token of the last answer."""

    model_config = ConfigDict(extra="forbid")

    refresh: Annotated[str, Field(max_length=4096)]


class JwtPair(Schema):
    """What to send with each request (`Authorization: Bearer …`), and what to get the next pair with."""

    access: str
    refresh: str = Field(description="Can be used once; the answer has the next one.")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds that the access token is good for.")


class NewToken(Schema):
    """What a token is for, and how long."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=100, pattern=NO_CONTROL, examples=["nightly import"])]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        None, description="Null: good until it is deleted.", examples=[90]
    )


class TokenOut(Schema):
    """What is known of an API token; the token itself is not."""

    id: UUID
    name: str
    token_key: str = Field(description="How it begins.")
    created: datetime
    expiry: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")


class IssuedToken(TokenOut):
    """A token with its secret, which is shown this once."""

    token: str


class NewServiceAccount(Schema):
    """Who it is, what it may do, who answers for it, and what it is for."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=150, pattern=r"^[A-Za-z0-9_.@+-]+$", examples=["nightly-import"])]
    group: Annotated[str, Field(max_length=150, pattern=NO_CONTROL, examples=["engineer"])]
    owner: Annotated[
        str, Field(max_length=150, pattern=NO_CONTROL, description="Name of a user.", examples=["ada"])
    ]
    description: Annotated[
        str, Field(max_length=500, pattern=NO_CONTROL, examples=["Loads the orders of the shop every night"])
    ]


class ServiceAccountOut(Schema):
    """A user that is a program."""

    name: str
    groups: list[str]
    owner: str
    description: str
    created_at: datetime
    ended_at: datetime | None = Field(description="Since then it is refused.")
