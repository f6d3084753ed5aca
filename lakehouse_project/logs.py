"""Structured logging: one event a line, for people on a terminal or as JSON for a collector."""

import logging.config
from typing import Any

import structlog

from lakehouse_project.kernel.masking import without_rows


def logging_config(level: str, style: str) -> None:
    """Configure structlog and the standard library alike, so that every line has the same shape."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        _hide_rows,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django.request": {"level": "ERROR"},  # what a caller did wrong is told to the caller
                "django_structlog": {"level": "WARNING"},
                "axes": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},  # a line per request, with its address
                "pypdf": {"level": "ERROR"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _hide_rows(_logger: Any, _method: str, event: Any) -> Any:
    """What the database says of an error may repeat the row, and with it personal data."""
    if "exception" in event:
        event["exception"] = without_rows(event["exception"])
    return event
