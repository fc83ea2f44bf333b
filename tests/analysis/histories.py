"""Histories of runs for tests: one that overfits, and one from columns."""

EPOCHS_OVERFITTING = [  # loss, accuracy, val_loss, val_accuracy
    (0.2500, 0.9250, 0.1200, 0.9630),
    (0.1000, 0.9690, 0.0900, 0.9720),
    (0.0650, 0.9800, 0.0850, 0.9740),
    (0.0480, 0.9845, 0.0820, 0.9760),
    (0.0360, 0.9880, 0.0880, 0.9770),
    (0.0280, 0.9905, 0.0910, 0.9765),
    (0.0240, 0.9920, 0.0980, 0.9780),
    (0.0200, 0.9932, 0.1010, 0.9770),
    (0.0180, 0.9940, 0.1030, 0.9790),
    (0.0160, 0.9947, 0.1074, 0.9785),
]


def history(rows):
    keys = ("loss", "accuracy", "val_loss", "val_accuracy")
    return [{"epoch": n, **dict(zip(keys, row, strict=False))} for n, row in enumerate(rows, start=1)]


def falling(epochs, *, val_loss=None, accuracy=None, val_accuracy=None):
    """A history in which training goes well, with the given columns replaced."""
    n = range(epochs)
    return history(
        zip(
            [0.5 / (1 + i) for i in n],
            accuracy or [0.99 - 0.1 / (1 + i) for i in n],
            val_loss or [0.2 for _ in n],
            val_accuracy or [0.985 - 0.1 / (1 + i) for i in n],
            strict=True,
        )
    )
