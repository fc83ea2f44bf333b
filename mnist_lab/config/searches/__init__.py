"""Searches as files declare them: a base, a space of its variants, and how they are searched."""

from mnist_lab.config.searches.declaration import Search, check_files, describe, load_search
from mnist_lab.config.searches.file import SearchFile, search_json_schema
from mnist_lab.config.searches.space import Dimension, Point, Space, worded

__all__ = [
    "Dimension",
    "Point",
    "Search",
    "SearchFile",
    "Space",
    "check_files",
    "describe",
    "load_search",
    "search_json_schema",
    "worded",
]
