"""What every run of a sweep needs; the server that runs are forked from imports it once for all of them.

The environment names the backend. Importing starts no TensorFlow runtime and touches no GPU.
"""

import os
import signal

from mnist_lab import backends

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the sweep, who decides what it means
backends.import_keras(os.environ["KERAS_BACKEND"])

from mnist_lab.experiment import conclusion  # noqa: E402, F401 - it brings training, plots and analysis
