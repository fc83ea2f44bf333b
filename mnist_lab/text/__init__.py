"""Text for people, whatever it is about: which characters can be shown, and how tables fit a terminal."""
