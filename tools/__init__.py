"""The generated parts of the documentation: the page of all keys, the output of commands, and blocks of a page."""
