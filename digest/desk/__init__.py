"""The editor's pages: a Starlette application over the pipeline."""
