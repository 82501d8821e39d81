"""From clusters to an edition: which section, how much it matters, what appears, why, and what editors change."""
