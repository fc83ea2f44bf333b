"""Claims about the LaTeX of a report: it compiles, shows every text as it is, and marks what is significant."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.reports import collect, groups, study
from mnist_lab.reports.latex import as_latex, escaped
from tests.run_folders import finished_run

ODD = "50 % of a_b & {c} #1 ~ ^ \\ $x$ <y> | [z] * 'q' \"r\" `s` -> t -- u"
SHOWN = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\textquotedbl{}": '"', r"\textquotesingle{}": "'",
    r"\textasciigrave{}": "`", r"$\rightarrow$": "->", r"$\pm$": "±", "$-$": "-", "{-}": "-", "{[}": "[", "{*}": "*",
    **{f"\\{character}": character for character in "&%$#_{}"},
}  # fmt: skip
"""What LaTeX shows for each of the commands that may occur in a cell."""


def shown(text):
    """What LaTeX shows for the text of a cell; fails on anything that would have a meaning of its own."""
    found, rest = "", text
    while rest:
        command = next((one for one in sorted(SHOWN, key=len, reverse=True) if rest.startswith(one)), None)
        assert command or rest[0] not in "\\&%$#_{}~^<>|\"'`[*", rest
        found += SHOWN[command] if command else rest[0]
        rest = rest[len(command or " ") :]
    return found


@pytest.fixture(scope="module")
def latex(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    for seed in range(1, 9):
        finished_run(results, seed=seed, test=0.98 + 0.0001 * seed)
        finished_run(results, "ablation/no_relu", seed=seed, test=0.91 + 0.0001 * (seed + seed % 3))
    finished_run(results, "ablation/no_dropout", test=0.975)
    return as_latex(study("results", groups(collect([results]).runs)))


def rows(latex):
    body = re.search(r"\\midrule\n(.*?)\\bottomrule", latex, re.DOTALL)
    assert body
    return {cells[0]: cells[1:] for cells in (line.removesuffix(r" \\").split(" & ") for line in body[1].splitlines())}


def test_every_row_has_a_cell_for_each_column(latex):
    columns = re.search(r"\\begin\{tabular\}\{([lr]+)\}", latex)
    assert columns
    assert {len(cells) for cells in rows(latex).values()} == {len(columns[1]) - 1}


def test_accuracies_have_their_deviation_and_differences_a_mark_for_their_verdict(latex):
    found = rows(latex)
    assert r"0.9805 $\pm$ 0.0002" in found[r"mlp\_512"]
    [worse] = [cell for cell in found[r"ablation/no\_relu"] if "textsuperscript" in cell]
    assert re.fullmatch(r"\$-\$6\.99\\textsuperscript\{\*\} \(\$-\$[\d.]+ to \$-\$[\d.]+\)", worse)
    [few] = [cell for cell in found[r"ablation/no\_dropout"] if "textsuperscript" in cell]
    assert few == r"$-$0.51\textsuperscript{\dag}"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40))
def test_any_text_is_shown_as_it_is(text):
    assert shown(escaped(text)) == " ".join(text.split()).replace("→", "->")


def test_odd_text_is_shown_as_it_is():
    assert shown(escaped(ODD)) == ODD


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_it_compiles(latex, tmp_path):
    head = "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs,textcomp}\n\\begin{document}\n"
    text = f"{head}{latex}\n\n{escaped(ODD)}\n\\end{{document}}\n"
    (tmp_path / "table.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
