"""A parser of pages for tests."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr", "wbr"}


class Document(HTMLParser):
    """The elements of a page, each with its attributes and the text directly in it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", **dict(attributes)})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1]["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]

    def links_to_nothing(self):
        """The ids that links and uses of symbols refer to and no element has; ids must be unique."""
        ids = [element["id"] for element in self.elements if "id" in element]
        assert len(ids) == len(set(ids))
        links = {element["href"][1:] for element in self.all("a") if element["href"].startswith("#")}
        return (links | {element["xlink:href"][1:] for element in self.all("use")}) - set(ids)

    def colours(self):
        """The CSS variables of the colours of figures."""
        styles = " ".join(element.get("style", "") for element in self.elements)
        return set(re.findall(r"var\((--c-[0-9a-f]{6}), #", styles))
