"""`report.html`: a study as one page for a browser, which needs neither a network nor a server."""

from mnist_lab.report.page.render import page, write_page

__all__ = ["page", "write_page"]
