import pytest

from mnist_lab.errors import DamagedError, NewerFormatError
from mnist_lab.search.record import RECORD, Limit, Search
from tests.search.records import of_accuracy, of_tradeoff

LIMITED = of_tradeoff().model_copy(update={"limits": (Limit(measure="seconds", most=60.0),)})


@pytest.mark.parametrize("record", [of_accuracy(), of_accuracy(confirmed=False), of_tradeoff(), LIMITED])
def test_a_record_is_read_as_it_was_written(tmp_path, record):
    record.write(tmp_path)
    assert Search.read(tmp_path) == record


def test_a_record_with_a_wrong_value_is_damaged_and_names_its_place(tmp_path):
    file = of_accuracy().write(tmp_path)
    file.write_text(file.read_text().replace('"maximize"', '"most"'))
    with pytest.raises(DamagedError, match=rf"{RECORD}: damaged \(objectives\[0\].direction"):
        Search.read(tmp_path)


def test_a_record_of_a_newer_format_is_refused(tmp_path):
    file = of_accuracy().write(tmp_path)
    file.write_text(file.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(NewerFormatError, match=r"written by a newer mnist-lab \(format 2; this one reads up to 1\)"):
        Search.read(tmp_path)


def test_keys_of_a_later_version_are_kept(tmp_path):
    record = Search.model_validate(of_accuracy().model_dump() | {"later": 1})
    record.write(tmp_path)
    assert Search.read(tmp_path).model_dump()["later"] == 1


def test_optimism_is_the_value_in_the_search_less_the_mean_with_fresh_seeds():
    record = of_accuracy()
    assert record.confirmation
    base, best, *_ = record.confirmation.arms
    assert base.optimism is None
    assert best.optimism == pytest.approx(best.in_search - sum(best.validation) / len(best.validation))


def test_failed_and_refused_configurations_do_not_count_as_tried():
    record = of_tradeoff()
    refused = sum(trial.state == "refused" for trial in record.trials)
    assert refused > 0
    assert record.tried == len(record.trials) - refused
