"""How fast mnist-lab is, compared with plain Keras scripts and PyTorch loops written by hand.

    make bench                                    everything, in about 70 minutes on two cores
    python -m benchmarks --only mlp_512           one net
    python -m benchmarks --full --repeats 5       the recipes' own epochs: hours

`nets` measures single trainings, `ablation` a family of them, `growth` what more rows, epochs and runs cost. Every
measurement is a whole process and is kept in `results.json` as it comes; `report` and `pictures` turn that file into
`RESULTS.md` and its figures, in which nothing is typed by hand. `plain/` and `torch_loop` are the contenders. What was
tried for speed, with its number, is in `LOG.md`.

Not about speed: `reading` measures how well `predict` reads photographs of digits, which `photographs` makes.
"""
