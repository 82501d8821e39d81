"""The list: reading and writing CSV, addresses, tokens."""
