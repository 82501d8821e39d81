"""Catalogues of the fixed texts, one .po file a language."""
