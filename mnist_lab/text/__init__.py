"""Formatting of text for people: characters, quantities, tables."""
