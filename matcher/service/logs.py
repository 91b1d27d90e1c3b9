"""Log lines as JSON objects, each with the id of the request it belongs to."""

from __future__ import annotations

import json
import logging
import re
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime

HEADER = "x-request-id"
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request under way; empty outside of one."""
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


def accepted_id(given: str) -> str:
    """The caller's id for its request where it is plain and short, else a new one."""
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(16)


class JsonLines(logging.Formatter):
    """One JSON object a line; what a call gives as `extra` becomes fields."""

    def format(self, record: logging.LogRecord) -> str:
        """`record` as a line; nothing in it can begin another."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if found := request_id.get():
            line["request_id"] = found
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send the service's log and uvicorn's to standard error, a JSON object a line."""
    shown = logging.StreamHandler()
    shown.setFormatter(JsonLines())
    for name in ("matcher", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [shown], False
        logger.setLevel(level)
