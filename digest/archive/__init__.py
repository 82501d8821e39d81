"""Editions on the web."""
