"""`python -m digest.cli` is `digest`."""

from digest.cli.app import main

main()
