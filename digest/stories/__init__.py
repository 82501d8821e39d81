"""Stories: clean text, copies folded, told events found. Pure functions."""
