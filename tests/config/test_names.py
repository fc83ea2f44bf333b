"""Names of experiments in any script: kept where a file system takes them, and never two in one folder."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnist_lab.config import load_config, to_yaml
from mnist_lab.config.names import MAX_BYTES, checked_name, folder_name, hashed
from mnist_lab.config.sweeps import load_sweep
from mnist_lab.errors import ConfigError, InputError
from mnist_lab.runs.query import Condition
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")
CONFIG = "data: {dataset: digits}\nmodel: {kind: mlp, nodes: [8]}\n"
SCRIPTS = ["базовая", "größer", "深い網", "नेटवर्क", "عميق", "넓은", "tiefe_ß", "📈"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_in_any_script_is_that_of_the_experiment(name: str) -> None:
    config = load_config(write(f"configs/{name}/{name}.yaml", CONFIG))
    assert (config.name, config.experiment) == (name, f"{name}/{name}")
    assert load_config(write("config.yaml", to_yaml(config))) == config
    assert load_config(write("x.yaml", f"experiment: {name}\nname: {name}\n{CONFIG}")).experiment == name


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_decomposed_name_is_the_composed_one(form: str) -> None:
    name = unicodedata.normalize(form, "größer_é")
    assert load_config(write(f"{name}.yaml", CONFIG)).experiment == "größer_é"
    assert load_config(write("x.yaml", f"experiment: {name}\n{CONFIG}")).experiment == "größer_é"
    assert load_sweep(["mlp_512"], name=name).name == "größer_é"
    assert Condition.parse(f"experiment=={name}").holds("größer_é")
    assert Condition.parse(f"experiment~{name}").holds("ein größer_é")


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_file_is_found_in_both_forms_of_unicode(stored: str, typed: str) -> None:
    write(f"{unicodedata.normalize(stored, 'größer')}.yaml", CONFIG)
    name = unicodedata.normalize(typed, "größer")
    assert load_config(f"{name}.yaml").experiment == "größer"
    assert load_config(write("x.yaml", f"extends: {name}.yaml\n")).base == "größer"
    assert load_sweep([f"{name}.yaml"]).name == "größer"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mlp_512", "mlp_512"),
        ("v1.2+b-c", "v1.2+b-c"),
        ("my run (2)", "my_run__2_"),
        (".hidden", "_.hidden"),
        ('a<b>c:d"e|f?g*h\\i', "a_b_c_d_e_f_g_h_i"),
        ("con", "_con"),
        ("LPT1.old", "_LPT1.old"),
        ("com¹", "_com¹"),
        ("console", "console"),
        ("ends.", "ends_"),
        ("no\u00a0break\u2028line\u202eright\u200bzero", "no_break_line_right_zero"),
        ("half \udcff", "half__"),
        ("नी\u200dति", "नी\u200dति"),
    ],
)
def test_only_what_a_file_system_refuses_is_replaced(text: str, name: str) -> None:
    assert folder_name(text) == name


@given(st.text(min_size=1))
@example("nul.")
@example("ß" * 300)
@example("e\u0301" * 100)
def test_whatever_a_file_is_called_its_experiment_has_a_valid_name(text: str) -> None:
    name = folder_name(text)
    assert checked_name(name) == folder_name(name) == name
    assert len(name.encode()) <= MAX_BYTES


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_letters_and_digits_of_every_script_stay(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    name = folder_name(text)
    assert name in (composed, f"_{composed}", hashed(composed, text, MAX_BYTES))


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=80), st.text(min_size=80))
def test_long_names_that_differ_stay_apart(one: str, other: str) -> None:
    one, other = f"{'я' * 120}{one}", f"{'я' * 120}{other}"
    if unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other):
        assert folder_name(one) != folder_name(other)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nul", "'nul' is reserved on Windows"),
        ("mine/Con.v2", "'Con.v2' is reserved on Windows"),
        ("v1.", "Windows drops the trailing dot of 'v1.'"),
        ("a\u202eb", "expected letters"),
        ("я" * 150, "at most 200 bytes"),
    ],
)
def test_a_name_that_some_file_system_refuses_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_config({"experiment": name, "data": {"dataset": "digits"}, "model": {"kind": "mlp", "nodes": [8]}})
    with pytest.raises(InputError, match=reason):
        load_sweep(["mlp_512"], name=name)


def test_a_path_that_makes_too_long_a_name_is_refused_before_anything_is_trained() -> None:
    deep = "/".join(["a_long_folder_name"] * 12)
    with pytest.raises(ConfigError, match=r"name of the experiment: expected at most 200 characters, received 22\d"):
        load_config(write(f"configs/{deep}/x.yaml", CONFIG))


def test_two_files_whose_names_become_one_are_refused_by_both_names() -> None:
    write("mine/a b.yaml", CONFIG)
    write("mine/a_b.yaml", CONFIG.replace("8", "16"))
    with pytest.raises(
        ConfigError, match=r"mine/a b.yaml and mine/a_b.yaml are different configurations of one experiment, a_b"
    ):
        load_sweep(["mine"])


def test_files_that_differ_only_in_script_stay_apart() -> None:
    for i, name in enumerate(SCRIPTS):
        write(f"mine/{name}.yaml", CONFIG.replace("8", str(8 + i)))
    assert sorted(str(config.experiment) for config in load_sweep(["mine"]).configs) == sorted(SCRIPTS)
