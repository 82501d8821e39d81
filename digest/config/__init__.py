"""digest.toml and DIGEST_* become one frozen Settings; every problem is told at once, with key, line and a fix."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from digest.config import lines as positions
from digest.config import shape
from digest.config.problems import shape_problems
from digest.config.reading import settings_of
from digest.config.settings import (
    BouncesSettings,
    DeliverySettings,
    DigestSettings,
    DkimSettings,
    FetchSettings,
    MonitoringSettings,
    RetentionSettings,
    ServeSettings,
    Settings,
)
from digest.errors import ConfigError, Problem

__all__ = [
    "BouncesSettings",
    "DeliverySettings",
    "DigestSettings",
    "DkimSettings",
    "FetchSettings",
    "MonitoringSettings",
    "RetentionSettings",
    "ServeSettings",
    "Settings",
    "load",
]


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Return the effective configuration of ``file``; raise ConfigError with every problem found.

    ``environment`` gives DIGEST_RELAY_PASSWORD and DIGEST_STORE_URL.
    """
    file = file.absolute()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            (
                Problem(
                    where=str(file), what="there is no such file", fix="make one with `digest init`, or name it with -c"
                ),
            )
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            (Problem(where=str(file), what=f"it cannot be read ({error})", fix="save it as UTF-8"),)
        ) from None
    return read(text, file, environment)


def read(text: str, file: Path, environment: Mapping[str, str]) -> Settings:
    """Return the configuration written in ``text``, as if it stood in ``file``; raise ConfigError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((Problem(where=file.name, what=f"it is not valid TOML: {error}"),)) from None
    lines = positions.key_lines(text)
    try:
        document = shape.Document.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(shape_problems(error, raw, lines, file.name)) from None
    return settings_of(document, file, lines, environment)
