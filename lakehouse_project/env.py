"""Typed settings from the environment. `.env.example` lists them all with what they are for."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

STORAGE_URL = r"^(file:///.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?)$"
S3_URL = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$"


class Env(BaseSettings):
    """What an operator can set. Parts whose address is unset are embedded ones, started by `lakehouse up`."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    lakehouse_home: Path = Field(Path("var"), description="State folder: embedded parts, files, logs.")
    database_url: SecretStr | None = Field(None, description="postgresql://user:password@host:port/name")
    broker_url: SecretStr | None = Field(None, description="redis://:password@host:port/0 (Valkey or Redis)")
    secret_key: SecretStr | None = Field(
        None, description="Django's secret key; unset: generated in the state folder."
    )
    field_key: SecretStr | None = Field(
        None, description="64 random bytes, base64, that encrypt secret fields."
    )
    debug: bool = Field(False, description="Django debug pages. Never in production.")
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1]", description="Host names that the web server answers to."
    )
    trusted_origins: str = Field(
        "", description="Origins allowed to post forms, such as https://lake.example.org."
    )
    behind_tls: bool = Field(False, description="Set when a TLS proxy stands in front: secure cookies, HSTS.")
    time_zone: str = Field("UTC", description="Time zone of the admin pages.")
    reporting_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency that amounts are converted to."
    )
    rate_source: str | None = Field(
        None,
        description="Where exchange rates are fetched: https://api.frankfurter.dev/v1, or a file saved from there.",
    )
    rate_max_age_days: int | None = Field(
        None, ge=0, description="Amounts are converted by a rate of at most so many days before."
    )
    holidays_country: str = Field(
        "US", pattern="^[A-Z]{2}$", description="Country of the calendar's holidays."
    )
    fiscal_year_start: int = Field(1, ge=1, le=12, description="Month in which the fiscal year starts.")
    max_upload_mb: int = Field(512, ge=1, description="Largest file accepted, in MiB.")
    max_unpacked_mb: int = Field(
        4096, ge=1, description="Most that a gzip file or an archive may unpack to, in MiB."
    )
    max_unpack_ratio: int = Field(
        200,
        ge=1,
        description="Most times its size that a gzip file or an archive may unpack to, above 16 MiB.",
    )
    max_columns: int = Field(20_000, ge=1, description="Most columns that a table may have.")
    max_archive_files: int = Field(1000, ge=1, description="Most files that an archive may hold.")
    drop_settle_seconds: float = Field(
        2.0, ge=0, description="A dropped file is taken after so long without a change."
    )
    inbox_url: str | None = Field(
        None, pattern=S3_URL, description="s3://bucket/prefix that is watched like the drop folder."
    )
    storage_url: str | None = Field(
        None,
        pattern=STORAGE_URL,
        description="Where files, tables, exports and backups live: file:///folder or s3://bucket/prefix.",
    )
    lake_query_scan_mb: int = Field(
        10_000, ge=1, description="Most that a query of the lake may read, in MB."
    )
    lake_query_seconds: float = Field(60.0, gt=0, description="How long a query of the lake may take.")
    lake_query_memory_mb: int = Field(512, ge=64, description="Memory of a query of the lake, in MB.")
    lake_query_rows: int = Field(
        10_000, ge=1, le=1_000_000, description="Rows that are kept of the result of a query."
    )
    lake_cache_mb: int = Field(
        2000, ge=1, description="Copies of files of a lake in a bucket that are kept here, in MB."
    )
    athena_database: str = Field(
        "lakehouse", pattern=r"^[a-z0-9_]{1,255}$", description="Athena's database of the tables."
    )
    athena_workgroup: str = Field(
        "lakehouse", pattern=r"^[A-Za-z0-9._-]{1,128}$", description="Athena's work group of the queries."
    )
    athena_results_url: str | None = Field(
        None,
        pattern=S3_URL,
        description="Where Athena writes results; unset: athena-results/ in the storage.",
    )
    lake_personal_data: Literal["omit", "mask"] = Field(
        "omit", description="Personal and secret fields in published tables: left out, or masked texts."
    )
    lake_grace_hours: int = Field(
        48, ge=1, description="Files of a replaced partition are kept so long for readers that are at work."
    )
    aws_endpoint_url: str | None = Field(None, description="Address of an S3-compatible store; unset: AWS.")
    aws_region: str | None = Field(None, description="AWS region.")
    aws_access_key_id: str | None = Field(None, description="Who asks the store.")
    aws_secret_access_key: SecretStr | None = Field(None, description="Its secret.")
    aws_session_token: SecretStr | None = Field(None, description="Goes with temporary keys.")
    ocr: bool = Field(False, description="Read scanned PDF pages with the program tesseract.")
    ocr_languages: str = Field(
        "eng", pattern=r"^[A-Za-z0-9_]+(\+[A-Za-z0-9_]+)*$", description="Languages of the scans: eng+deu."
    )
    embedder: str = Field(
        "wordllama",
        pattern=r"^(wordllama|onnx:.+)$",
        description="What embeds texts: wordllama, or onnx:<folder> with model.onnx and tokenizer.json.",
    )
    typesense_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/?#]+/?$",
        description="Search server, as http://host:8108; unset: PostgreSQL answers.",
    )
    typesense_public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s?#]+$",
        description="Where browsers reach it; unset: TYPESENSE_URL.",
    )
    typesense_api_key: SecretStr | None = Field(None, description="Its admin key.")
    typesense_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9_]*$", description="Begins the names of its collections."
    )
    typesense_timeout_seconds: float = Field(2.0, gt=0, description="How long a query may take there.")
    typesense_write_timeout_seconds: float = Field(60.0, gt=0, description="How long a batch may take there.")
    pipeline_interval_seconds: float = Field(
        5.0, ge=1, description="How often stages look for work that no event told of."
    )
    operation_keep_days: int = Field(
        7, ge=1, description="Operations that ended so many days ago are removed, with their result files."
    )
    export_max_mb: int = Field(4096, ge=1, description="Largest file that an export may write, in MiB.")
    rate_limit_reads: int = Field(
        1200, ge=0, description="GET requests a minute of one user to the API; 0: no limit."
    )
    rate_limit_writes: int = Field(600, ge=0, description="Other requests a minute of one user; 0: no limit.")
    rate_limit_failed_logins: int = Field(
        30, ge=0, description="Wrong passwords a minute from one address; 0: no limit."
    )
    graphql_max_depth: int = Field(12, ge=3, description="Most levels of selections in a GraphQL query.")
    graphql_max_cost: int = Field(10_000, ge=100, description="Most rows that a GraphQL query may read.")
    graphql_max_aliases: int = Field(50, ge=0, description="Most aliases in a GraphQL query.")
    backup_interval_hours: float = Field(
        24.0, ge=0, description="How often a backup is made, verified and old ones pruned; 0: never."
    )
    backup_max_age_hours: float = Field(
        48.0, ge=0, description="A newest verified backup that is older raises the alarm; 0: never."
    )
    backup_keep_days: int = Field(7, ge=0, description="Backups younger than so many days are kept.")
    backup_keep_last: int = Field(3, ge=1, description="So many of the newest backups are kept.")
    backup_keep_monthly: int = Field(3, ge=0, description="The newest backup of so many months is kept.")
    backup_recipient: str | None = Field(
        None, pattern=r"^age1[a-z0-9]+$", description="Public key of age that backups are encrypted to."
    )
    backup_identity_file: Path | None = Field(
        None, description="File with the identity of age that opens them, to verify and restore."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("lakehouse_home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone such as UTC or Europe/Berlin")
        return name

    @model_validator(mode="after")
    def _search_server_has_its_key(self) -> "Env":
        if self.typesense_url is not None and self.typesense_api_key is None:
            raise ValueError("TYPESENSE_URL is set, and TYPESENSE_API_KEY is not: set both or neither")
        return self

    def database(self) -> str:
        """Address of the database: the one configured, else that of the running embedded server."""
        return self._address(self.database_url, "database_url")

    def broker(self) -> str:
        """Address of the broker: the one configured, else that of the running embedded server."""
        return self._address(self.broker_url, "broker_url")

    def _address(self, configured: SecretStr | None, service: str) -> str:
        if configured is not None:
            return configured.get_secret_value()
        return str(self.running_services().get(service, ""))

    def running_services(self) -> dict[str, Any]:
        """Addresses of the embedded parts that `lakehouse up` runs on this state folder; empty if it does not run."""
        try:
            text = (self.lakehouse_home / "run" / "services.json").read_text()
        except FileNotFoundError:
            return {}
        services: dict[str, Any] = json.loads(text)
        return services

    def secret(self, name: Literal["django_secret_key", "field_key"]) -> str:
        """A configured secret, else the generated one of the state folder."""
        configured = self.secret_key if name == "django_secret_key" else self.field_key
        if configured is not None:
            return configured.get_secret_value()
        from lakehouse_project.runtime.secrets import load_secrets  # noqa: PLC0415  only where the folder is used

        return str(getattr(load_secrets(self.lakehouse_home), name))


@cache
def env() -> Env:
    return Env()
