"""The names of the classes of MedMNIST's data sets, whose files only have numbers.

Source: `medmnist/info.py` of the package medmnist 2.1 (Yang et al., *MedMNIST v2*, Scientific Data, 2023). A file is
recognized by its name and its numbers of images. RetinaMNIST's classes are grades without names.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

_FILE = re.compile(r"([a-z]+mnist)(_[0-9]+)?\.npz")
"""`bloodmnist.npz`, or `bloodmnist_64.npz` for images of another size."""


class _Known(NamedTuple):
    train: int
    """Training images."""
    test: int
    classes: tuple[str, ...]


_ORGANS = (
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left", "lung-right",
    "pancreas", "spleen",
)  # fmt: skip
_KNOWN = {
    "bloodmnist": _Known(11_959, 3_421, (
        "basophil", "eosinophil", "erythroblast", "immature granulocytes", "lymphocyte", "monocyte", "neutrophil",
        "platelet",
    )),
    "breastmnist": _Known(546, 156, ("malignant", "normal, benign")),
    "dermamnist": _Known(7_007, 2_005, (
        "actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
        "dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
    )),
    "octmnist": _Known(97_477, 1_000, (
        "choroidal neovascularization", "diabetic macular edema", "drusen", "normal",
    )),
    "organamnist": _Known(34_581, 17_778, _ORGANS),
    "organcmnist": _Known(13_000, 8_268, _ORGANS),
    "organsmnist": _Known(13_940, 8_829, _ORGANS),
    "pathmnist": _Known(89_996, 7_180, (
        "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
        "cancer-associated stroma", "colorectal adenocarcinoma epithelium",
    )),
    "pneumoniamnist": _Known(4_708, 624, ("normal", "pneumonia")),
    "tissuemnist": _Known(165_466, 47_280, (
        "Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule", "Glomerular endothelial cells",
        "Interstitial endothelial cells", "Leukocytes", "Podocytes", "Proximal Tubule Segments", "Thick Ascending Limb",
    )),
}  # fmt: skip


def class_names(path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[int, str] | None:
    """Return the names of the classes by label for a file with `arrays` by role (`y_train`, `y_test` and others).

    Return None if it is not one of MedMNIST's, or its classes have no names.
    """
    named = _FILE.fullmatch(path.name.lower())
    known = _KNOWN.get(named[1]) if named else None
    if known is None or [len(arrays.get(part, ())) for part in ("y_train", "y_test")] != [known.train, known.test]:
        return None
    return dict(enumerate(known.classes))
