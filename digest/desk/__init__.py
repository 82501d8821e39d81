"""The editor's desk: a Starlette application that shows a draft and takes edits (`digest desk`)."""
