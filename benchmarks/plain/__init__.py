"""The experiments as plain Keras scripts: what people write without mnist-lab.

Each file is a program of its own; they share only `script`.
"""
