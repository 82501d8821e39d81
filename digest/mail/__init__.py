"""The mail: parts, messages, transport, sending."""
