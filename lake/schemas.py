"""Published tables as callers see them."""

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema
from pydantic import ConfigDict


class TableOut(Schema):
    """A Delta table of the lake, as it was last published."""

    name: Annotated[str, Field(examples=["order_lines"])]
    location: Annotated[str, Field(description="Where readers of Delta find it: a folder, or s3://…")]
    partition_by: Annotated[list[str], Field(description="Partition columns, coarsest first.")]
    version: Annotated[
        int, Field(description="Version of the Delta table; each publish that changes something counts up.")
    ]
    rows: int
    size: Annotated[int, Field(description="Bytes of all files.")]
    files: int
    partitions: int
    published_at: Annotated[datetime, Field(description="When it was last looked at.")]


class ColumnOut(Schema):
    """A column of a published table."""

    name: str
    type: Annotated[str, Field(description="Type in the Delta schema.", examples=["decimal(18,2)"])]
    comment: str


class TableDetailOut(TableOut):
    """A table with its columns, those of the partition last."""

    columns: list[ColumnOut]


class FileOut(Schema):
    """A Parquet file. `path` is relative to the location of the table."""

    path: str
    bytes: int
    rows: int
    sha256: str


class PartitionOut(Schema):
    """Where one partition is now: a prefix that holds its files and nothing else, relative to the location of the table."""

    values: Annotated[dict[str, int], Field(examples=[{"year": 2024, "month": 1, "day": 31}])]
    location: str
    rows: int
    files: list[FileOut]


class PublishIn(Schema):
    """What to publish. The clock publishes what has changed by itself, every few seconds."""

    model_config = ConfigDict(extra="forbid")

    everything: Annotated[bool, Field(description="Read all rows, not just those of changed partitions.")] = (
        False
    )
