"""How fast mnist-lab is, compared with plain Keras scripts and PyTorch loops written by hand.

    make bench                                    everything, in about 70 minutes on two cores
    python -m benchmarks --only mlp_512           one network
    python -m benchmarks --full --repeats 5       the recipes' own epochs: hours

`training` measures single trainings, `ablation` a family of them, `growth` what more rows, epochs and runs cost. Every
measurement is a whole process and is kept in `results.json` at once; `report` and `pictures` turn that file into
`RESULTS.md` and its figures, in which nothing is typed by hand. `plain/` and `torch_loop` are the contenders. What was
tried for speed, with its effect, is in `LOG.md`.

`clusters`, `search`, `long_search`, `serving` and `drawing` are run by themselves. Not about speed: `reading` measures
how well `predict` reads photographs of digits, which `photographs` generates.
"""
