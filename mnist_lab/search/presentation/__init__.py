"""What a search found, for people: `search.md`, `search.html` and figures, generated from its record alone.

`standings` orders the trials, `wording` has the sentences, `tables` and `figures` have what their names say, and
`write` writes the files.
"""

from mnist_lab.search.presentation.write import write_search

__all__ = ["write_search"]
