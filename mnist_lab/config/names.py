"""Names of experiments and sweeps, in any script: each is a folder below the results folder, on every file system.

Names are stored in Unicode's composed form (NFC), as file systems and keyboards differ in the form they use.
"""

import hashlib
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

MAX_CHARACTERS = 200
"""Maximum length of a whole name."""
MAX_BYTES = 200
"""Maximum length of one folder's name in UTF-8; file systems allow 255."""
EXPECTED = "letters, digits, commas and any of _.+-= (the first: a letter, a digit or _), with / between folders"

_FIRST = r"[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]"
"""A first character: in ASCII, a letter, a digit or `_`."""
_OTHER = r"[^\x00-\x2a\x2f\x3a-\x3c\x3e-\x40\x5b-\x5e\x60\x7b-\x7f]"
"""Any other character: in ASCII, also `. + - = ,`."""
PATTERN = f"^{_FIRST}{_OTHER}*(/{_FIRST}{_OTHER}*)*$"
"""The form of a name, for JSON Schema; `checked_name` is stricter."""

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows reserves for devices, with or without a suffix."""
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
"""Unicode's categories of controls, formatting, surrogates, private use, unassigned, and white space."""
_JOINERS = "\u200c\u200d"
"""Zero-width joiners, which the spelling of words and emoji depends on."""


def composed(text: str) -> str:
    """Return the text in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text)


def existing_form(path: Path) -> Path:
    """Return the path itself, or its composed or decomposed form if only that exists."""
    forms = (path, *(Path(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD")))
    with suppress(OSError, ValueError):
        return next((form for form in forms if form.exists()), path)
    return path


def checked_name(text: str) -> str:
    """Return the name of an experiment or a sweep, composed.

    Raises:
        ValueError: it is invalid; the message says what was expected.
    """
    name = composed(text)
    if len(name) > MAX_CHARACTERS:
        raise ValueError(f"expected at most {MAX_CHARACTERS} characters, received {len(name)}")
    if not re.fullmatch(PATTERN, name) or not all(character == "/" or _fits(character, "=,") for character in name):
        raise ValueError(f"expected {EXPECTED}, received {text[:60]!r}")
    for part in name.split("/"):
        if _RESERVED.fullmatch(part):
            raise ValueError(f"expected a portable name, but {part!r} is reserved on Windows")
        if part.endswith("."):
            raise ValueError(f"expected a portable name, but Windows drops the trailing dot of {part!r}")
        if (size := len(part.encode())) > MAX_BYTES:
            raise ValueError(f"expected at most {MAX_BYTES} bytes in UTF-8 between two /, received {size}")
    return name


def folder_name(text: str) -> str:
    """Convert text to the name of a folder: composed, with `_` for unsafe characters; a long one ends in a hash."""
    name = part_of_name(text)
    if name.startswith((".", "+", "-")) or _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name if len(name.encode()) <= MAX_BYTES else hashed(name, text, MAX_BYTES)


def part_of_name(text: str) -> str:
    """Return the text composed, with `_` for unsafe characters."""
    name = "".join(character if _fits(character) else "_" for character in composed(text))
    return f"{name[:-1]}_" if name.endswith(".") else name


def hashed(name: str, content: str, most: int) -> str:
    """Shorten the name so that it fits into `most` bytes with a hash of `content` at its end."""
    digest = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{name.encode()[: most - 9].decode(errors='ignore').rstrip('=,.-')}-{digest}"


def path_below_configs(path: Path) -> str | None:
    """Return the path below the nearest folder called `configs`, without suffix: `ablation/nodes_1024`."""
    parts = path.resolve().with_suffix("").parts
    if "configs" not in parts[:-1]:
        return None
    nearest = len(parts) - 2 - parts[-2::-1].index("configs")
    return "/".join(folder_name(part) for part in parts[nearest + 1 :])


def _fits(character: str, also: str = "") -> bool:
    """Whether every file system accepts the character; ASCII is limited to what shells do not interpret."""
    if character.isascii():
        return character.isalnum() or character in "_.+-" or character in also
    return character in _JOINERS or unicodedata.category(character) not in _REFUSED
