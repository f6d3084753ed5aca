"""What a run needs to know of some operations beyond what the OpenAPI document says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LAST = 1000
"""Ranks from here on stand in the last folder, which takes back what a run has made."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """`rank`: its place within its folder instead of the usual one. `body`, `raw`: JSON, or the text that is sent.

    `values`: those of parameters in path and query. `keep`: variable -> expression of `answer`. `until`: asked again
    until it holds. `refusals`: status and code that are no mistake, where something is not set up. `auth`: the variable
    with the token, instead of `token`.
    """

    rank: int | None = None
    body: Any = None
    raw: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    until: str | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)
    auth: str = "token"


FIRST_FOLDERS = ("auth", "seed", "runs", "users", "products", "departments", "jobs", "datasets")
"""Those that others refer to; the rest follows by name, and what comes of all of it stands at the end."""
LAST_FOLDERS = (
    "files",
    "quarantine",
    "documents",
    "silver",
    "gold",
    "pipeline",
    "operations",
    "lake",
    "search",
)

FILE = "id,department\n990011,Night shift\n990012,\nnone,Day shift\n"
FILE_NAME = {"name": "departments_example.csv", "dataset": "departments"}
DATASET = {
    "name": "weather_readings",
    "title": "Weather readings",
    "key_fields": ["station", "measured_at"],
    "fields": [{"name": "measured_at", "type": "datetime", "required": True}],
}
READING = {"station": "B-12", "measured_at": "2024-05-17T18:20:00Z", "value": "21.4"}
LATER = tuple({**READING, "measured_at": f"2024-05-17T{hour}:20:00Z"} for hour in (19, 20))
OF_FILE = {"dataset": "departments", "file": "{{number:bronze_files}}"}
NAME_IT = [{"action": "set", "field": "department", "value": "Late shift"}]
WITHOUT_NAME = {**OF_FILE, "field": "department"}
STARTED = {"operation_id": "{{started}}"}
TABLE = {"name": "order_lines"}
BACKUP = {"backup_id": "{{backup}}"}
SQL = "SELECT status, count(*) AS lines FROM order_lines WHERE year = 2024 GROUP BY status"
ENDED = '!["queued", "running"].includes(answer.state)'
OPERATION_ENDED = f"answer.state === undefined || {ENDED}"
"""The answer of one that has ended leads on to its result."""
LOGIN = {"access": "answer.access", "refresh": "answer.refresh"}
TOKEN = {"token": "answer.token"}
A_USER = {"dataset": "users", "key": "{{bronze_users}}"}

STEPS: Mapping[str, Step] = {
    "log_in": Step(
        rank=-9, body={"username": "{{username}}", "password": "{{password}}"}, keep=LOGIN, auth=""
    ),
    "refresh_login": Step(rank=-8, body={"refresh": "{{refresh}}"}, keep=LOGIN, auth=""),
    "create_token": Step(body={"name": "Postman", "expires_in_days": 1}, keep=TOKEN, auth="access"),
    "rotate_token": Step(keep=TOKEN, auth="access"),
    "delete_token": Step(rank=LAST + 3, auth="access"),
    "log_out": Step(rank=LAST + 4, body={"refresh": "{{refresh}}"}, auth=""),
    "seed": Step(
        body={"scale": "{{number:seed_scale}}", "seed": 42}, keep={"seed_run": "answer.id ?? answer.run"}
    ),
    "get_run": Step(values={"run_id": "{{seed_run}}"}, until=ENDED),
    "fetch_exchange_rates": Step(
        body={"since": "2024-01-01", "until": "2024-01-31"}, refusals={503: "not_configured"}
    ),
    "create_dataset": Step(body=DATASET),
    "change_dataset": Step(body={"description": "What the stations measure."}),
    "delete_dataset": Step(rank=LAST + 1, values={"with_records": "true"}),
    "create_record_of_dataset": Step(body=READING),
    "replace_record_of_dataset": Step(body=READING | {"value": "22.0"}),
    "change_record_of_dataset": Step(body={"value": "22.5"}),
    "create_batch_of_dataset": Step(body={"rows": LATER}),
    "replace_batch_of_dataset": Step(body={"rows": LATER}),
    "change_batch_of_dataset": Step(body={"rows": LATER}),
    "list_revisions": Step(values=A_USER),
    "restore_revision": Step(values=A_USER | {"revision": "1"}),
    "resolve_conflict": Step(
        values=A_USER | {"field": "city", "keep": "received"}, refusals={404: "conflict_not_found"}
    ),
    "upload_files": Step(raw=FILE, values=FILE_NAME),
    "preview_file": Step(rank=-1, raw=FILE, values=FILE_NAME),
    "get_file": Step(until='answer.state !== "received"'),
    "retry_file": Step(refusals={409: "file_not_failed"}),
    "download_rejected": Step(refusals={404: "nothing_rejected"}),
    "undo_file": Step(rank=LAST + 2),
    "count_quarantine": Step(values={"dataset": "departments"}),
    "recheck_records": Step(rank=2, body={"selection": OF_FILE, "note": "Checked again."}),
    "preview_repair": Step(rank=3, body={"selection": WITHOUT_NAME, "edits": NAME_IT}),
    "repair_records": Step(rank=4, body={"selection": WITHOUT_NAME, "edits": NAME_IT, "note": "Asked."}),
    "delete_quarantined": Step(rank=5, body={"selection": OF_FILE, "note": "A test."}),
    "list_documents": Step(keep={"owner": "answer.items[0]?.user_id"}, until="answer.items.length > 0"),
    "change_document": Step(body={"user_id": "{{owner}}"}),
    "create_service_account": Step(
        body={
            "name": "postman-{{$timestamp}}",
            "group": "viewer",
            "owner": "{{username}}",
            "description": "A test.",
        },
        auth="access",
    ),
    "end_service_account": Step(rank=LAST + 1, auth="access"),
    "create_service_account_token": Step(body={"name": "Postman", "expires_in_days": 1}, auth="access"),
    "delete_service_account_token": Step(auth="access"),
    "start_pipeline_run": Step(body={"step": "refine"}, keep={"started": "answer.id"}),
    "get_operation": Step(values=STARTED, until=OPERATION_ENDED),
    "get_operation_result": Step(values=STARTED, refusals={404: "no_result"}),
    "cancel_operation": Step(values=STARTED, refusals={409: "operation_finished"}),
    "lake_table": Step(values=TABLE),
    "lake_partitions": Step(values=TABLE),
    "ask_lake": Step(body={"sql": SQL}, keep={"lake_queries": "answer.run"}),
    "estimate_lake": Step(body={"sql": SQL}),
    "get_lake_query": Step(until=ENDED),
    "create_backup": Step(body={"verify": False}),
    "list_backups": Step(rank=1, keep={"backup": "answer.items[0]?.id"}, until="answer.items.length > 0"),
    "get_backup": Step(rank=2, values=BACKUP),
    "verify_backup": Step(rank=3, values=BACKUP),
    "search": Step(values={"q": "data engineer", "entity": "job"}),
    "search_by_tree": Step(body={"q": "shoe", "entity": ["product"], "mode": "hybrid"}),
    "search_entity": Step(
        values={"entity": "product", "q": "shoe"},
        keep={"found": "answer.items[0]?.entity_id"},
        until="answer.items.length > 0",
    ),
    "similar": Step(values={"entity": "product", "key": "{{found}}"}),
    "search_key": Step(refusals={503: "not_configured"}),
    "reconcile": Step(refusals={503: "not_configured"}),
    "reindex": Step(refusals={503: "not_configured"}),
}

YEAR = "2021"
PARAMETERS = {"year": YEAR, "page_size": "10"}
"""Values of query parameters that are sent, by their name; the others are there to be switched on."""
