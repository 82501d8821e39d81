"""Write the pages that are made from the code: `python -m docs.generate`, from the project's folder."""

from __future__ import annotations

import sys

from docs.generate import pages, stale


def main() -> int:
    """Write what is stale and say which; return an exit code."""
    made = pages()
    changed = stale()
    for path in changed:
        path.write_text(made[path], encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {path}\n")
    sys.stdout.write(f"{len(made)} pages of the reference, {len(changed)} of them written anew.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
