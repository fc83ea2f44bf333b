"""Files, what they extend and the command line become one configuration, with its name and its experiment."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_lab.config import Config, Override, load_config, shipped
from mnist_lab.errors import ConfigError, InputError
from tests.lab import write

pytestmark = pytest.mark.usefixtures("folder")
VALID = "data: {dataset: mnist}\nmodel: {kind: mlp, nodes: [8, 4]}\n"


def load(path: str, *options: str) -> Config:
    return load_config(path, [Override.parse(option) for option in options])


def refusal(source: str | Path | Mapping[str, Any], *options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(source, [Override.parse(option) for option in options])
    return str(caught.value)


def test_what_a_file_does_not_say_has_its_default() -> None:
    write("my.yaml", VALID)
    config = load("my.yaml")
    assert config.train.optimizer.name == "adam"
    assert (config.train.batch_size, config.train.epochs, config.augment, config.seed) == (128, 10, (), 1)


def test_a_configuration_cannot_be_changed() -> None:
    write("my.yaml", VALID)
    with pytest.raises(ValueError, match="frozen"):
        load("my.yaml").train.epochs = 3


def test_arbitrary_settings_raise_nothing_but_config_error() -> None:
    names = st.sampled_from(
        ["data", "model", "train", "augment", "kind", "layers", "conv", "optimizer", "name", "seed"]
    )
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | names,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(names | st.text() | st.integers(), inner, max_size=3)
        ),
        max_leaves=10,
    )  # fmt: skip

    @given(st.dictionaries(names | st.text(), values))
    def property_holds(settings: dict[str, Any]) -> None:
        with contextlib.suppress(ConfigError):
            load_config(settings)

    property_holds()


class TestExtends:
    def test_the_path_starts_at_the_file_that_has_it(self) -> None:
        write("configs/base.yaml", f"{VALID}seed: 7\n")
        write("configs/ablation/mine.yaml", "extends: ../base.yaml\n")
        assert load("configs/ablation/mine.yaml").seed == 7

    def test_an_absolute_path_is_fine(self) -> None:
        base = write(Path.cwd() / "base.yaml", f"{VALID}seed: 7\n")
        write("elsewhere/mine.yaml", f"extends: {base}\n")
        assert load("elsewhere/mine.yaml").seed == 7

    def test_a_shipped_name_is_understood_too(self) -> None:
        write("mine.yaml", "extends: ablation/nodes_1024\ntrain: {epochs: 2}\n")
        config = load("mine.yaml")
        assert config.model == load_config("ablation/nodes_1024").model
        assert config.train.epochs == 2

    def test_a_file_beside_wins_over_a_shipped_one(self) -> None:
        write("mlp_512.yaml", f"{VALID}seed: 7\n")
        write("mine.yaml", "extends: mlp_512.yaml\n")
        assert load("mine.yaml").seed == 7

    def test_in_a_chain_the_nearest_file_wins(self) -> None:
        write("a.yaml", f"{VALID}seed: 1\ntrain: {{epochs: 1, batch_size: 1, label_smoothing: 0.1}}\n")
        write("b.yaml", "extends: a.yaml\ntrain: {epochs: 2, batch_size: 2}\n")
        write("c.yaml", "extends: b.yaml\ntrain: {epochs: 3}\n")
        train = load("c.yaml").train
        assert (train.epochs, train.batch_size, train.label_smoothing) == (3, 2, 0.1)

    def test_mappings_merge_at_every_depth(self) -> None:
        write(
            "base.yaml", f"{VALID}train:\n  optimizer: {{name: sgd, learning_rate: 0.5, momentum: 0.9}}\n  epochs: 3\n"
        )
        write("mine.yaml", "extends: base.yaml\ntrain: {optimizer: {learning_rate: 0.1}}\n")
        train = load("mine.yaml").train
        assert train.epochs == 3
        assert train.optimizer.model_dump(include={"name", "learning_rate", "momentum"}) == {
            "name": "sgd", "learning_rate": 0.1, "momentum": 0.9,
        }  # fmt: skip

    def test_lists_replace(self) -> None:
        write("base.yaml", f"{VALID}augment: [{{rotation: 5}}, {{shift: 0.1}}]\n")
        write("mine.yaml", "extends: base.yaml\nmodel: {nodes: [3]}\naugment: []\n")
        config = load("mine.yaml")
        assert (config.model.nodes, config.augment) == ((3,), ())

    def test_a_name_in_place_of_a_mapping_replaces_it(self) -> None:
        write("base.yaml", f"{VALID}train: {{optimizer: {{name: adam, beta_1: 0.5}}}}\n")
        write("mine.yaml", "extends: base.yaml\ntrain: {optimizer: sgd}\n")
        assert load("mine.yaml").train.optimizer.name == "sgd"

    def test_an_empty_value_replaces_an_inherited_one(self) -> None:
        write("base.yaml", f"{VALID}train: {{restore_best: val_loss}}\n")
        write("mine.yaml", "extends: base.yaml\ntrain: {restore_best: }\n")
        assert load("mine.yaml").train.restore_best is None

    def test_names_descriptions_and_published_numbers_are_never_inherited(self) -> None:
        write(
            "base.yaml",
            f"{VALID}name: base\ndescription: The base.\nexperiment: some/where\nreference: {{test_accuracy: 0.98}}\n",
        )
        write("mine.yaml", "extends: base.yaml\n")
        config = load("mine.yaml")
        assert (config.name, config.description, config.experiment, config.reference) == ("mine", None, "mine", None)

    def test_a_missing_file_is_reported_with_the_line_that_names_it(self) -> None:
        write("mine.yaml", "seed: 1\nextends: bsae.yaml\n")
        message = refusal("mine.yaml")
        assert message.startswith("mine.yaml:2:10: extends: bsae.yaml: no such file")
        assert "    2 | extends: bsae.yaml\n      |          ^" in message

    def test_a_misspelt_shipped_name_is_reported_with_the_nearest_one(self) -> None:
        write("mine.yaml", "extends: mlp_521\n")
        assert "(did you mean 'mlp_512'?)" in refusal("mine.yaml")

    def test_a_folder_cannot_be_extended(self) -> None:
        write("base/x.yaml", VALID)
        write("mine.yaml", "extends: base\n")
        assert refusal("mine.yaml").startswith("mine.yaml:1:10: extends: expected a YAML file, but base is a folder")

    @pytest.mark.parametrize(
        ("value", "received"),
        [("5", "5"), ("[a.yaml]", "a list of 1 value"), ("", "an empty value"), ("''", "'' (text)"), ("true", "true")],
    )
    def test_only_text_names_a_file(self, value: str, received: str) -> None:
        write("mine.yaml", f"extends: {value}\n")
        assert f": extends: expected the path of a YAML file, received {received}" in refusal("mine.yaml")

    @pytest.mark.parametrize("name", ['"a\\0b"', "x" * 5000, '"\\n"', "~nobody/a.yaml"])
    def test_a_path_that_no_file_can_have_is_reported_like_any_other(self, name: str) -> None:
        write("mine.yaml", f"extends: {name}\n")
        assert refusal("mine.yaml").startswith("mine.yaml:1:10: extends: ")

    def test_a_file_that_extends_itself_is_refused(self) -> None:
        write("mine.yaml", "extends: ./mine.yaml\n")
        message = refusal("mine.yaml")
        assert message.startswith("mine.yaml:1:10: extends: the files extend each other in a circle")
        assert "mine.yaml -> mine.yaml" in message

    def test_files_that_extend_each_other_are_refused(self) -> None:
        write("a.yaml", "extends: b.yaml\n")
        write("b.yaml", "extends: sub/../a.yaml\n")
        Path("sub").mkdir()
        assert "in a circle: a.yaml -> b.yaml -> a.yaml" in refusal("a.yaml")

    def test_a_cycle_further_down_is_refused(self) -> None:
        write("a.yaml", "extends: b.yaml\n")
        write("b.yaml", "extends: c.yaml\n")
        write("c.yaml", "extends: b.yaml\n")
        assert "in a circle: b.yaml -> c.yaml -> b.yaml" in refusal("a.yaml")

    def test_a_cycle_through_a_link_is_refused(self) -> None:
        write("a.yaml", "extends: link.yaml\n")
        Path("link.yaml").symlink_to("a.yaml")
        assert "in a circle" in refusal("a.yaml")

    def test_two_files_may_extend_the_same_one(self) -> None:
        write("base.yaml", VALID)
        write("a.yaml", "extends: base.yaml\nseed: 2\n")
        write("b.yaml", "extends: base.yaml\nseed: 3\n")
        assert (load("a.yaml").seed, load("b.yaml").seed) == (2, 3)

    def test_a_file_that_is_extended_must_be_a_configuration(self) -> None:
        write("base.yaml", "- 1\n")
        write("mine.yaml", "extends: base.yaml\n")
        assert refusal("mine.yaml").startswith("base.yaml:1:1: expected a mapping")


class TestOverrides:
    @pytest.fixture(autouse=True)
    def my_file(self, folder: Path) -> None:
        write(
            "my.yaml",
            f"{VALID}augment: [{{rotation: 5}}]\nseed: 5\n"
            "train: {epochs: 3, optimizer: {name: sgd, momentum: 0.9}}\n",
        )

    def test_an_override_beats_the_file(self) -> None:
        assert load("my.yaml", "train.epochs=9").train.epochs == 9

    def test_an_override_beats_what_is_inherited(self) -> None:
        write("mine.yaml", "extends: my.yaml\n")
        assert load("mine.yaml", "train.epochs=9").train.epochs == 9

    def test_the_last_override_of_a_key_wins(self) -> None:
        assert load("my.yaml", "seed=7", "seed=8").seed == 8

    def test_an_override_leaves_what_is_beside_it(self) -> None:
        optimizer = load("my.yaml", "train.optimizer.learning_rate=1e-3").train.optimizer
        assert optimizer.model_dump(include={"name", "learning_rate", "momentum"}) == {
            "name": "sgd", "learning_rate": 0.001, "momentum": 0.9,
        }  # fmt: skip

    def test_missing_mappings_on_the_path_are_created(self) -> None:
        assert load("my.yaml", "data.validation.split=stratified").data.validation.split == "stratified"

    @pytest.mark.parametrize(
        ("option", "nodes"), [("model.nodes.0=16", (16, 4)), ("model.nodes.1=16", (8, 16)), ("model.nodes=16", (16,))]
    )
    def test_a_number_is_an_index_into_a_list(self, option: str, nodes: tuple[int, ...]) -> None:
        assert load("my.yaml", option).model.nodes == nodes

    def test_an_override_reaches_into_the_value_of_an_earlier_one(self) -> None:
        assert load("my.yaml", "model.nodes=[1, 2, 3]", "model.nodes.1=16").model.nodes == (1, 16, 3)

    def test_an_item_in_a_list_can_be_reached_into(self) -> None:
        config = load("my.yaml", "augment.0.rotation=15")
        assert config.model_dump(mode="json", exclude_defaults=True)["augment"] == [{"rotation": {"degrees": 15}}]

    def test_a_number_is_a_key_of_a_mapping(self) -> None:
        assert load("my.yaml", "train.class_weight.3=2").train.class_weight == {3: 2.0}

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("description=on", "on"),
            ("description='1'", "1"),
            ("description= spaced ", "spaced"),
            ("description='a=b=c'", "a=b=c"),
            ("description=a=b", "a=b"),
            ("description=", None),
        ],
    )
    def test_a_value_is_read_as_yaml(self, option: str, value: str | None) -> None:
        assert load("my.yaml", option).description == value

    @pytest.mark.parametrize(
        ("option", "reason"),
        [
            ("seed.x.y=1", "cannot set seed.x.y: seed is 5"),
            ("train.optimizer.name.x=1", "cannot set train.optimizer.name.x: train.optimizer.name is 'sgd' (text)"),
            ("model.nodes.2=1", "cannot set model.nodes[2]: model.nodes is a list of 2 values"),
            ("model.nodes.-1=1", "cannot set model.nodes.-1: model.nodes is a list of 2 values"),
            ("model.nodes.first=1", "cannot set model.nodes.first: model.nodes is a list of 2 values"),
            ("model.nodes.²=1", "cannot set model.nodes.²: model.nodes is a list of 2 values"),
            (f"model.nodes.{'9' * 5000}=1", "model.nodes is a list of 2 values"),
        ],
        ids=lambda text: text[:30],
    )
    def test_there_is_nothing_to_set_below_a_scalar_or_outside_a_list(self, option: str, reason: str) -> None:
        message = refusal("my.yaml", option)
        assert message.startswith(f"--set {option}: cannot set ")
        assert reason in message

    @pytest.mark.parametrize(
        "option", ["train.epochs", "=3", "", "train..epochs=3", ".=3", "train.=3", "a." * 2000 + "b=1"]
    )
    def test_an_option_that_is_not_an_assignment_is_refused(self, option: str) -> None:
        with pytest.raises(InputError, match=r"expected KEY\.PATH=VALUE, for example --set train\.epochs=3"):
            Override.parse(option)

    @pytest.mark.parametrize(
        "option", ["model.nodes=[1, 2", "seed=*x", "seed=!!int 3", "seed=\x07", "seed=" + "9" * 5000]
    )
    def test_a_value_that_is_not_yaml_is_refused_by_the_option(self, option: str) -> None:
        with pytest.raises(ConfigError) as caught:
            Override.parse(option)
        assert str(caught.value).startswith(f"--set {option}: ")
        assert "not valid YAML" in str(caught.value) or "allowed" in str(caught.value) or "at most" in str(caught.value)

    def test_extends_is_for_files(self) -> None:
        assert (
            refusal("my.yaml", "extends=other.yaml") == "--set extends=other.yaml: 'extends' is only allowed in a file."
        )

    def test_an_override_can_be_used_again(self) -> None:
        first, second = Override.parse("model.nodes=[1, 2]"), Override.parse("model.nodes.0=9")
        load_config("my.yaml", [first, second])
        assert load_config("my.yaml", [first]).model.nodes == (1, 2)


MINIMAL: Mapping[str, Any] = {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [8]}}


class TestMappings:
    def test_a_mapping_is_a_configuration(self) -> None:
        config = load_config(MINIMAL)
        assert (config.model.nodes, config.name, config.experiment) == ((8,), "experiment", "experiment")

    def test_tuples_are_lists(self) -> None:
        settings = {**MINIMAL, "model": {"kind": "mlp", "nodes": (8, 4)}}
        assert load_config(settings, [Override.parse("model.nodes.0=3")]).model.nodes == (3, 4)

    def test_overrides_leave_the_mapping_as_it_was(self) -> None:
        settings = {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [8]}}
        load_config(settings, [Override.parse("model.nodes.0=3"), Override.parse("data.dataset=digits")])
        assert settings == {"data": {"dataset": "mnist"}, "model": {"kind": "mlp", "nodes": [8]}}

    def test_a_mapping_can_extend_a_file(self) -> None:
        write("base.yaml", f"{VALID}seed: 7\n")
        assert load_config({"extends": "base.yaml", "train": {"epochs": 2}}).seed == 7

    def test_its_problems_are_reported_without_a_line(self) -> None:
        message = refusal({**MINIMAL, "seed": -1})
        assert message == "configuration: 1 problem\nconfiguration: seed: expected at least 0, received -1"


class TestNames:
    @pytest.mark.parametrize(
        ("path", "text", "name", "experiment"),
        [
            ("mine.yaml", "", "mine", "mine"),
            ("mine.yaml", "name: ours\n", "ours", "ours"),
            ("mine.yaml", "name: a/b\n", "a/b", "a/b"),
            ("sub/folder/mine.yml", "", "mine", "mine"),
            ("configs/mine.yaml", "", "mine", "mine"),
            ("configs/ablation/mine.yaml", "", "mine", "ablation/mine"),
            ("configs/ablation/mine.yaml", "name: ours\n", "ours", "ablation/mine"),
            ("configs/ablation/mine.yaml", "experiment: other\n", "mine", "other"),
            ("configs/old/configs/a/b/mine.yaml", "", "mine", "a/b/mine"),
            ("my configs/mine.yaml", "", "mine", "mine"),
            ("configs/odd name/été (2).yaml", "", "été__2_", "odd_name/été__2_"),
            ("configs/.hidden/-x.yaml", "", "_-x", "_.hidden/_-x"),
            ("v1.2.yaml", "", "v1.2", "v1.2"),
            ("configs", "", "configs", "configs"),
        ],
    )
    def test_the_experiment_is_the_path_below_configs_else_the_name_else_the_file(
        self, path: str, text: str, name: str, experiment: str
    ) -> None:
        write(path, VALID + text)
        config = load(path)
        assert (config.name, config.experiment) == (name, experiment)

    def test_the_name_and_the_experiment_can_be_set(self) -> None:
        write("configs/mine.yaml", VALID)
        config = load("configs/mine.yaml", "name=ours", "experiment=tried/once")
        assert (config.name, config.experiment) == ("ours", "tried/once")

    @given(st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text and "\0" not in text))
    def test_whatever_a_file_is_called_its_name_is_a_valid_one(
        self, tmp_path_factory: pytest.TempPathFactory, stem: str
    ) -> None:
        path = tmp_path_factory.getbasetemp() / f"{stem}.yaml"
        try:
            path.write_text(VALID)
        except OSError:
            return
        config = load_config(path)
        assert load_config({**MINIMAL, "name": config.name}).name == config.name


class TestReference:
    @pytest.fixture(autouse=True)
    def my_file(self, folder: Path) -> None:
        write("my.yaml", f"{VALID}reference: {{test_accuracy: 0.98}}\n")

    def departures(self, *options: str) -> tuple[str, ...]:
        reference = load("my.yaml", *options).reference
        assert reference is not None
        return reference.departures

    @pytest.mark.parametrize(
        ("option", "path"),
        [
            ("data.subset=1000", "data.subset"),
            ("augment=[{rotation: 5}]", "augment"),
            ("model.nodes.0=3", "model.nodes[0]"),
            ("train.epochs=2", "train.epochs"),
        ],
    )
    def test_an_override_of_the_recipe_is_a_departure_from_what_was_published(self, option: str, path: str) -> None:
        assert self.departures(option) == (path,)

    @pytest.mark.parametrize(
        "option", ["seed=9", "runtime.threads=1", "runtime.backend=jax", "name=x", "description=x"]
    )
    def test_an_override_of_anything_else_is_not(self, option: str) -> None:
        assert self.departures(option) == ()

    def test_a_departure_is_listed_once(self) -> None:
        assert self.departures("train.epochs=2", "train.epochs=3", "data.subset=9") == ("train.epochs", "data.subset")

    def test_departures_add_to_those_in_the_file(self) -> None:
        write("my.yaml", f"{VALID}reference: {{test_accuracy: 0.98, departures: [train.epochs]}}\n")
        assert self.departures("data.subset=9") == ("train.epochs", "data.subset")

    def test_without_published_numbers_there_is_nothing_to_depart_from(self) -> None:
        write("my.yaml", VALID)
        assert load("my.yaml", "train.epochs=2").reference is None


class TestShipped:
    @pytest.mark.parametrize("name", ["mlp_512", "mlp_512.yaml", "configs/mlp_512.yaml", "configs/mlp_512"])
    def test_a_name_is_understood_in_any_folder(self, name: str) -> None:
        config = load_config(name)
        assert (config.name, config.experiment) == ("mlp_512", "mlp_512")

    def test_a_name_with_a_folder_is_understood(self) -> None:
        assert load_config("ablation/nodes_1024").experiment == "ablation/nodes_1024"

    def test_a_file_of_the_name_wins(self) -> None:
        write("mlp_512", f"{VALID}seed: 7\n")
        assert load_config("mlp_512").seed == 7

    def test_a_folder_of_the_name_does_not(self) -> None:
        Path("mlp_512").mkdir()
        assert load_config("mlp_512").experiment == "mlp_512"

    def test_every_name_loads(self) -> None:
        assert [load_config(name).experiment for name in shipped.names()] == shipped.names()

    def test_a_misspelt_name_is_reported_with_the_nearest_one(self) -> None:
        message = refusal("ablation/node_1024")
        assert message.startswith(
            "ablation/node_1024: no such file, and mnist-lab ships no configuration with that name"
        )
        assert "(did you mean 'ablation/nodes_1024'?)" in message

    @pytest.mark.parametrize(
        ("name", "kind", "command"),
        [("searches/quick", "search", "tune"), ("sweeps/learning_rate", "sweep", "sweep")],
    )
    def test_a_shipped_file_of_another_kind_is_refused_with_its_command(
        self, name: str, kind: str, command: str
    ) -> None:
        assert refusal(name) == (
            f"{name}: expected a configuration, but this is a {kind} file.\nRun it with `mnist-lab {command} {name}`."
        )

    def test_a_search_file_is_not_for_a_sweep(self) -> None:
        with pytest.raises(ConfigError, match="expected a configuration or a sweep file, but this is a search file"):
            shipped.find_sweep("searches/quick")

    def test_a_far_fetched_search_file_is_not_suggested(self) -> None:
        for name, suggestion in (("nope", False), ("quik", True)):
            with pytest.raises(ConfigError, match="ships no search file with that name") as caught:
                shipped.find_search(name)
            assert ("did you mean 'quick'" in str(caught.value)) == suggestion

    def test_a_folder_is_not_a_configuration(self, folder: Path) -> None:
        assert "this is a folder" in refusal(folder)

    @pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\n"])
    def test_a_name_that_no_file_can_have_is_reported_like_any_other(self, name: str) -> None:
        assert refusal(name).startswith(name)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
    def test_a_file_that_may_not_be_read_is_named(self) -> None:
        write("my.yaml", VALID).chmod(0)
        assert refusal("my.yaml").startswith("my.yaml: cannot be read (Permission denied)")


def test_loading_and_validating_imports_no_heavy_library() -> None:
    heavy = ["numpy", "keras", "matplotlib", "tensorflow", "jax", "torch", "scipy", "rich", "PIL"]
    script = (
        "import sys, mnist_lab.config as config\n"
        "config.load_config('mlp_512'); config.json_schema()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
