"""`python -m tools`: write the generated parts of the documentation: keys, results of searches, output of commands."""

from tools import configuration, outputs, searches

if __name__ == "__main__":
    configuration.PAGE.write_text(configuration.page(), encoding="utf-8")
    searches.write()
    with outputs.clone() as folder:
        for page in outputs.pages():
            text = page.read_text(encoding="utf-8")
            page.write_text(outputs.refreshed(text, folder), encoding="utf-8")
