"""A page to draw on, as one file: the networks in it answer while one draws.

`packing` turns a network into data, which `forward` computes as the page's `network.js` does, except for the activation
functions, which are Keras' own; the browser tests compare those. `field` decides what can be drawn, and `writer`, the
format's part of an export, makes and reads the file.

The page makes no network requests and uses no library: a browser's onnxruntime-web is 14 MB and `tf.min.js` 1.5 MB, and
what the layers of a configuration compute is a few hundred lines.
"""
