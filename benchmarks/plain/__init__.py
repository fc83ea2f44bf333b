"""The experiments as plain Keras scripts: what people write without mnist-lab. Each file stands for itself."""
