"""Reading: bytes of a feed become entries; when to ask again, where feeds are."""
