"""Text for people, whatever it is about: its characters, its quantities, its tables."""
