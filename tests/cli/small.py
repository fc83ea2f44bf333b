"""The small experiment that tests of `mnist-lab run` train, interrupt and resume."""

# Dropout and the best epoch's weights, so that a resumed run has seeds and more than the last weights to bring along;
# many quick epochs, so that there is time to interrupt them.
EPOCHS = 60
SMALL = f"""\
description: A small net.
data: {{dataset: digits}}
model: {{kind: mlp, nodes: [24], dropout: 0.2}}
train: {{epochs: {EPOCHS}, batch_size: 64, restore_best: val_loss}}
"""
ONE_THREAD = ("--set", "runtime.threads=1")
