"""Settings → the real things behind the ports: clock, store, network, relay, templates. The only place they are built."""

from __future__ import annotations

import random
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from digest import __version__
from digest.config import DigestSettings, Settings
from digest.dates import edition_day, iso
from digest.editions.calendar import Schedule, next_opening
from digest.errors import UsageError
from digest.model.editions import Edition, EditionRecord, EditionState, Rendered
from digest.model.mail import EditionKey

if TYPE_CHECKING:
    import jinja2

    from digest.ports import Clock, Fetcher

AGENT = f"digest/{__version__}"


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the aware UTC instant it is."""
        return datetime.now(UTC)
