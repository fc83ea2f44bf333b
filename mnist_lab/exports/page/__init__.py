"""A page to draw on, as a single file: the networks in it classify the drawing as it is drawn.

`packing` turns a network into data, from which `forward` computes what the page's `network.js` does, except that the
activation functions are Keras' own; the browser tests compare those. `field` decides what can be drawn, and `writer`,
the module of the format, writes and reads the file.

The page makes no network requests and uses no library: a browser's onnxruntime-web is 14 MB and `tf.min.js` 1.5 MB, and
the layers of a configuration take a few hundred lines.
"""
