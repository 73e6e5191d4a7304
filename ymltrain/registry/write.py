"""A write: who makes it, when, and the id by which its event is found again."""

from __future__ import annotations

import getpass
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from ymltrain.diagnostics import RegistryError

WRITE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True)
class Write:
    """What an event records about its own making."""

    write_id: str
    at: datetime
    actor: str

    def __post_init__(self) -> None:
        if not WRITE_ID.fullmatch(self.write_id):
            raise RegistryError("YT959", f"{self.write_id!r} is no write id", "take one from `new_write_id()`")


def new_write_id() -> str:
    """An id for one intended write; whoever may have to repeat the write keeps it before the first try."""
    return str(uuid.uuid4())


def current_user() -> str:
    """The name of the user, or `unknown` where the system has none (a container without accounts)."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
