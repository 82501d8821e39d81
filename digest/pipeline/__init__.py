"""The line from feeds to inbox: one function a step, ports in, report out, each idempotent."""
