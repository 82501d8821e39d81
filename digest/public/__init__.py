"""The readers' pages: leaving, preferences, sign-up, the published editions."""
