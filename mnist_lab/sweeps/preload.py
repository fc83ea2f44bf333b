"""What every run of a sweep needs; the server that runs are forked from imports it once for all of them.

The environment names the backend. Importing starts no TensorFlow runtime and touches no GPU.
"""

import os

from mnist_lab import backends

backends.import_keras(os.environ["KERAS_BACKEND"])

from mnist_lab.experiment import conclusion  # noqa: E402, F401 - it brings training, plots and analysis
