"""What all tests share: Keras on TensorFlow in this process, quietly, and no data set of the user's."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
