"""What `--cluster` accepts."""

import pytest

from mnist_lab.config.clusters import kind_of, load_slurm_options
from mnist_lab.errors import ConfigError, InputError
from tests.lab import write


@pytest.mark.parametrize("where", ["tcp://head:8786", "head:8786", "local", "local:4", "tls://10.0.0.1:8786"])
def test_an_address_means_dask(where):
    assert kind_of(where) == "dask"


def test_a_scheduler_file_means_dask(tmp_path):
    assert kind_of(str(write(tmp_path / "scheduler.json", "{}"))) == "dask"


@pytest.mark.parametrize("where", ["slurm", "options.yaml", "options.yml"])
def test_slurm_and_yaml_files_mean_slurm(where):
    assert kind_of(where) == "slurm"


@pytest.mark.parametrize(
    ("where", "said"),
    [("slrum", "did you mean 'slurm'"), ("local:0", "expected the address"), ("no.json", "no such scheduler file")],
)
def test_anything_else_is_an_error(where, said):
    with pytest.raises(InputError, match=said):
        kind_of(where)


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("30", 30),
        ('"30:00"', 30),
        ('"0:30"', 1),
        ('"2:00:00"', 120),
        ('"2:00:01"', 121),
        ('"1-12:00"', 2160),
        ('"1-12"', 2160),
        ('"1-12:00:30"', 2161),
    ],
)
def test_times_are_minutes_or_as_slurm_writes_them(tmp_path, time, minutes):
    assert load_slurm_options(write(tmp_path / "o.yaml", f"time: {time}\n")).time == minutes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("partion: gpu\n", "o.yaml:1:1: partion: unknown key (did you mean 'partition'?)"),
        ("time: soon\n", "o.yaml:1:7: time: expected minutes, or a time"),
        ("cpus: 0\n", "o.yaml:1:7: cpus: expected at least 1, received 0"),
        ("setup: module load cuda\n", "o.yaml:1:8: setup: expected a list"),
    ],
)
def test_a_wrong_option_is_an_error_at_its_place(tmp_path, text, said):
    with pytest.raises(ConfigError) as error:
        load_slurm_options(write(tmp_path / "o.yaml", text))
    assert said in str(error.value).replace(f"{tmp_path}/", "")
