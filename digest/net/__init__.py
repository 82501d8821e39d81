"""The network: which addresses may be reached, and the only HTTP client."""
