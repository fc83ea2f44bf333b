"""Runs in threads of one process."""

import json
import sys

from tests.lab import finish

PROGRAM = """
import json, threading
import mnist_lab
config = mnist_lab.load_config({
    "data": {"dataset": "digits", "subset": 300, "validation": {"split": "stratified", "fraction": 0.2}},
    "augment": [{"rotation": 10}],
    "model": {"kind": "mlp", "nodes": [16], "dropout": 0.4},
    "train": {"epochs": 2, "batch_size": 20},
})
def losses(seed, results):
    run = mnist_lab.run(config.model_copy(update={"seed": seed}), results=results)
    return [record["loss"] for record in run.history]
together = {}
def learn(seed):
    together[seed] = losses(seed, "together")
threads = [threading.Thread(target=learn, args=(seed,)) for seed in (5, 6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps([[together[seed], losses(seed, "alone")] for seed in (5, 6)]))
"""


def test_each_has_the_numbers_that_it_has_alone(tmp_path):
    done = finish([sys.executable, "-c", PROGRAM], tmp_path)
    assert done.code == 0, done.err
    pairs = json.loads(done.out)
    assert len(pairs) == 2
    assert all(together == alone for together, alone in pairs)
