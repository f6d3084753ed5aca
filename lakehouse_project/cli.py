"""The command line: `lakehouse COMMAND`, the same commands as `manage.py`."""

import os
import sys
from collections.abc import Mapping
from typing import NoReturn

MINIMUM_PYTHON = (3, 11)

COMMANDS: Mapping[str, Mapping[str, str]] = {
    "Run it": {
        "up": "start everything: database, broker, web, worker; first run sets up and seeds",
        "doctor": "check database, broker, rate limits, worker, search, storage, inboxes, OCR, backups",
        "token USER": "print a new API token for a user",
        "service-account STEP": "users for programs: create, token, list, end",
    },
    "Load data": {
        "ingest FILE...": "load files into bronze and refine them (--dataset, --wait, --dry-run)",
        "rejected FILE_ID": "print the rows of a file that are in quarantine, to repair and load again",
        "undo FILE_ID": "take a loaded file back (--yes)",
        "rates": "fetch exchange rates from a service or a saved file (--since, --until, --file)",
        "seed": "generate a company's data and load it (--scale, --seed)",
        "watch": "load what is dropped into the inbox folder or bucket (part of `up`)",
        "export SOURCE": "write a list to a file (--output, --format, --filters, --fields)",
    },
    "Look after it": {
        "operations": "what was asked for and how far it is (list, show ID, cancel ID)",
        "rebuild --layer LAYER": "compute silver, gold or the lake anew from the layers below",
        "reindex": "build the indexes of the search server anew (--entity)",
        "reconcile": "compare the search server with the database (--repair)",
        "search-eval DIR": "measure the ranking on a collection with known answers",
        "lake publish": "publish changed partitions as Delta tables; lake tables, lake vacuum",
        "lake query SQL": "query the published tables, here or on Athena; lake examples, lake athena",
        "bucket create NAME": "create, list or verify buckets of the S3 store (--region)",
        "backup VERB": "create, list, verify, restore and prune backups of the database",
        "backup-cost": "compare three ways of backing up: cost, restore time, loss (--size, --growth)",
        "cleanup --what KIND": "remove published tables, Athena's, backups or local output (--dry-run, --bucket)",
        "migrate": "create or update the database schema",
        "bootstrap_admin": "create the first administrator if there is none",
        "dictionary": "write docs/data-dictionary.md from the contracts",
        "diagrams": "write docs/diagrams/ from the models",
        "openapi": "write docs/openapi-v1.json from the routes",
        "postman": "write docs/postman/ from the routes",
        "graphql-schema": "write docs/schema.graphql from the types",
    },
}


def main() -> None:
    """Entry point of `lakehouse` and of `manage.py`."""
    if sys.version_info < MINIMUM_PYTHON:
        major, minor = sys.version_info[:2]
        sys.exit(f"lakehouse needs Python 3.11 or newer; this is Python {major}.{minor}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lakehouse_project.settings")
    if len(sys.argv) == 1 or sys.argv[1:] in (["--help"], ["-h"], ["help"]):
        sys.stdout.write(overview())
        return
    if sys.argv[1:2] == ["up"]:
        _up()
    _execute()


def _up() -> NoReturn:
    """Without Django: the supervisor runs before there is a database, and stays small."""
    from lakehouse_project.runtime.main import main as up  # noqa: PLC0415

    sys.exit(up(sys.argv[2:]))


def overview() -> str:
    """What `lakehouse --help` prints."""
    width = max(len(name) for group in COMMANDS.values() for name in group)
    lines = [
        "lakehouse: files in, curated, refined into a star schema and marts, searchable. On one machine.",
        "",
    ]
    lines += ["usage: lakehouse COMMAND [options]      lakehouse COMMAND --help for the options of one", ""]
    for title, group in COMMANDS.items():
        lines += [f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in group.items()), ""]
    lines += [
        "State (data, logs, secrets) lives in the folder LAKEHOUSE_HOME, ./var unless set.",
        "First steps: `lakehouse up`, then `lakehouse ingest my.csv --wait` in a second terminal.",
        "All of Django's commands work too: `lakehouse help --commands` lists them.",
    ]
    return "\n".join(lines) + "\n"


def _execute() -> None:
    import django  # noqa: PLC0415  fast --help
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    from lakehouse_project.kernel.errors import LakehouseError  # noqa: PLC0415
    from lakehouse_project.loading import much_is_loaded  # noqa: PLC0415
    from lakehouse_project.runtime.errors import RuntimeProblem  # noqa: PLC0415

    argv = ["lakehouse", *sys.argv[1:]]
    if not argv[1].startswith("-"):
        argv[1] = argv[1].replace("-", "_")  # search-eval: a module has no hyphen in its name
    try:
        with much_is_loaded():
            django.setup()
        execute_from_command_line(argv)
    except (LakehouseError, RuntimeProblem, ImproperlyConfigured) as error:
        sys.exit(f"lakehouse: {error}")
    except ValidationError as error:
        told = (
            (".".join(map(str, each["loc"])).upper(), each["msg"].removeprefix("Value error, "))
            for each in error.errors()
        )
        sys.exit("lakehouse: " + "; ".join(": ".join(filter(None, parts)) for parts in told))
    except KeyboardInterrupt:
        sys.exit(
            "lakehouse: interrupted. What was received before goes on loading while `lakehouse up` runs."
        )
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        sys.exit(f"lakehouse:{where}: {error.strerror or error}. Check the path and its permissions.")
    except OperationalError as error:
        sys.exit(
            f"lakehouse: the database does not answer. {_how_to_start()}\n  {str(error).strip().splitlines()[-1]}"
        )


def _how_to_start() -> str:
    from lakehouse_project.env import env  # noqa: PLC0415

    if env().database():
        return "Check DATABASE_URL, or run `lakehouse doctor`."
    return f"Nothing runs on {env().lakehouse_home}: start it with `lakehouse up`, or set LAKEHOUSE_HOME."


if __name__ == "__main__":
    main()
