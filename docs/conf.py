"""How the documentation is built: Sphinx reads the Markdown of this folder (MyST); `make docs`."""

from __future__ import annotations

from digest import __version__

project = "digest"
author = "the founders of digest"
project_copyright = "2026, the founders of digest; MIT licence"
release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["generate", "pictures/**/*.md"]
nitpicky = True

html_theme = "furo"
html_title = f"digest {__version__}"
html_show_sphinx = False
html_copy_source = False
html_static_path: list[str] = []
