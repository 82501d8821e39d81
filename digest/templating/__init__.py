"""The Jinja2 environment that mail, text and pages share: where templates are found, and how their errors are told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jinja2

import digest
from digest.errors import DigestError, Problem, TemplateError
from digest.templating.compiled import Compiled
from digest.templating.lines import Leftovers, Origins, origins
from digest.templating.markdown import markdown, markdown_text
from digest.templating.quick import Environment as _Environment
from digest.templating.quick import Spelled

# What the rest of the house calls a set of templates: Jinja2 itself is at home here alone.
Environment = _Environment
# Marks a filter that takes the template's values first, such as `_`, which translates.
with_values = jinja2.pass_context

# An installed wheel holds the templates in the package; a checkout has them beside it.
_PLACES = (Path(digest.__file__).parent / "templates", Path(digest.__file__).parent.parent / "templates")


# Folders of templates that a publisher may change.
KINDS = ("mail", "pages")


def packaged_folder() -> Path:
    """Return the folder of the packaged templates; raise TemplateError where the installation lacks them."""
    for place in _PLACES:
        if (place / "mail").is_dir():
            return place
    raise TemplateError("the packaged templates are missing", where=str(_PLACES[0]), fix="install digest again")


def packaged(name: str) -> str:
    """Return the text of a packaged file, such as "init/digest.toml"."""
    return (packaged_folder() / name).read_text(encoding="utf-8")


def _is_markup(name: str | None) -> bool:
    return name is None or not name.endswith((".txt", ".css"))


def environment(overrides: Path | None = None, *, styles: Mapping[str, Path] | None = None) -> Environment:
    """Return the environment: a file in ``overrides`` replaces the packaged one of the same name.

    ``styles`` are the folders in which extensions keep `mail/styles/NAME.mjml`, by the names of section styles.
    Undefined names are errors; everything but `.txt` and `.css` is autoescaped.
    """
    own = dict(styles or {})
    folders = [
        each
        for each in (overrides, packaged_folder(), *dict.fromkeys(own.values()))
        if each is not None and each.is_dir()
    ]
    made = Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=_is_markup,  # a function: all mark-up is escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[Leftovers, Spelled],
        bytecode_cache=Compiled(),
    )
    made.filters.update(markdown=markdown, markdown_text=markdown_text)
    made.globals["own_styles"] = frozenset(own)
    return made


def overridden(overrides: Path) -> tuple[Path, ...]:
    """Return the files of a folder of overrides that templates are read from, by their names in it."""
    names = (path.relative_to(overrides) for kind in KINDS for path in (overrides / kind).rglob("*") if path.is_file())
    return tuple(sorted(name for name in names if not any(part.startswith(".") for part in name.parts)))


def source(environment: Environment, name: str) -> str:
    """Return the text of a template as it is written; raises TemplateError where there is none."""
    try:
        assert environment.loader is not None
        return environment.loader.get_source(environment, name)[0]
    except (jinja2.TemplateNotFound, UnicodeDecodeError, OSError) as error:
        raise TemplateError(f"it cannot be read ({error})", where=f"templates/{name}", fix="restore it") from None


def sources(environment: Environment, folder: str) -> tuple[str, ...]:
    """Return the text of each template of a folder, ordered by name: what changes when any of them does."""
    loader = environment.loader
    assert loader is not None
    names = sorted(name for name in loader.list_templates() if name.startswith(f"{folder}/"))
    return tuple(loader.get_source(environment, name)[0] for name in names)


def problems(overrides: Path) -> tuple[Problem, ...]:
    """Return what keeps each overriding template from being read, with file and line: Jinja's syntax, its encoding."""
    made, found = environment(overrides), []
    for name in overridden(overrides):
        path = overrides / name
        try:
            made.parse(path.read_text(encoding="utf-8"), name.as_posix(), str(path))
        except jinja2.TemplateSyntaxError as error:
            what = f"it is not valid Jinja ({error.message})"
            found.append(Problem(where=f"{path}:{error.lineno}", what=what))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            found.append(Problem(where=f"{path}:{line}", what="it is not UTF-8", fix="save it as UTF-8"))
        except OSError as error:
            found.append(Problem(where=str(path), what=f"it cannot be read ({error.strerror or error})"))
    return tuple(found)


def fill(environment: Environment, name: str, values: Mapping[str, object]) -> str:
    """Return a template filled with values; raise TemplateError naming file and line, whatever the template does."""
    try:
        return environment.get_template(name).render(**values)
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"there is no template {error.name}", where=_where(error, name), fix="restore it") from None
    except jinja2.TemplateSyntaxError as error:
        where = f"{error.filename or error.name}:{error.lineno}"
        raise TemplateError(f"it is not valid Jinja ({error.message})", where=where) from None
    except jinja2.UndefinedError as error:
        raise TemplateError(f"{error.message}", where=_where(error, name), fix="see the template contract") from None
    except RecursionError:
        raise TemplateError("it includes itself without end", where=f"templates/{name}") from None
    except UnicodeDecodeError as error:
        file = _undecodable(environment, error.object) or f"templates/{name}"
        raise TemplateError("it is not UTF-8", where=file, fix="save it as UTF-8") from None
    except OSError as error:
        where = str(error.filename or f"templates/{name}")
        raise TemplateError(f"it cannot be read ({error.strerror or error})", where=where) from None
    except DigestError:
        raise
    except Exception as error:  # a template calls and computes what its writer likes
        what = f"it fails there ({type(error).__name__}: {error})"
        raise TemplateError(what, where=_where(error, name), fix="see the template contract") from None


def _undecodable(environment: Environment, body: bytes) -> str:
    """Return the file that holds some bytes: the error that tells of them does not name it."""
    loader = environment.loader
    folders = loader.searchpath if isinstance(loader, jinja2.FileSystemLoader) else []
    for path in (path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()):
        if path.read_bytes() == body:
            return str(path)
    return ""


def origin(environment: Environment, name: str, values: Mapping[str, object]) -> Origins | None:
    """Return where each line that a template makes was written, None where that cannot be told."""
    try:
        return origins(environment, name, values)
    except (jinja2.TemplateError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _where(error: BaseException, name: str) -> str:
    """Return file:line of the innermost template an error went through."""
    where, trace = f"templates/{name}", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith((".mjml", ".txt", ".html", ".css", ".xml")):
            where = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
