"""Writes what is generated in the documentation: `blocks` of a file, and `configuration`, the page of all keys."""
