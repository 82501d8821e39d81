"""The core types: frozen values without I/O."""
