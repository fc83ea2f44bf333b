"""The same networks, with a training loop written by hand in PyTorch.

python -m benchmarks.torch_loop mlp_512 --data mnist.npz --out DIR --epochs 10

The data are on the device, batches are indexed there, and no step waits for a number: as a good engineer would write it
for data that fit into memory.
"""

import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from math import radians, sqrt

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  PyTorch's own name for it

from benchmarks.plain.script import Script

TEST_BATCH = 1000


@dataclass(frozen=True)
class Recipe:
    """A network and how it is trained; images are (n, channels, 28, 28) for CNNs, else (n, 28, 28)."""

    network: Callable[[], nn.Module]
    optimizer: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]
    batch_size: int
    epochs: int
    validation: float = 0.0
    """Fraction of the training rows that is held out, the last ones; 0: the test set is used for validation."""
    shuffled: bool = False
    """Whether the held-out rows are random."""
    skipped: int = 0
    """Number of unused training rows at the beginning."""
    mean: float = 0.0
    std: float = 1.0
    degrees: float = 0.0
    """Largest rotation of the training images in either direction."""
    rotated: float = 1.0
    """Fraction of the images that is rotated."""
    interpolation: str = "bilinear"
    clip: float | None = None
    tenth_every: int | None = None
    """Epochs between two divisions of the learning rate by ten."""
    restore_best: bool = False


def as_keras_starts(network: nn.Module) -> nn.Module:
    """Initialize as Keras does: Glorot uniform kernels and zero biases."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return network


def mlp_512() -> nn.Module:
    """Two hidden layers of 512 with dropout."""
    hidden = (nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2))
    return as_keras_starts(nn.Sequential(nn.Flatten(), *hidden, nn.Linear(512, 10)))


def mlp_5x30() -> nn.Module:
    """Five hidden layers of 30."""
    sizes = [784, 30, 30, 30, 30, 30]
    hidden = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
    return as_keras_starts(nn.Sequential(nn.Flatten(), *hidden, nn.Linear(30, 10)))


def small_28() -> nn.Module:
    """Two layers of 28 on each image row."""
    rows = (nn.Linear(28, 28), nn.ReLU(), nn.Linear(28, 28), nn.ReLU())
    return as_keras_starts(nn.Sequential(*rows, nn.Flatten(), nn.Linear(784, 10)))


def step7_augmentation() -> nn.Module:
    """Eight small convolutions; the recipe uses PyTorch's own initialization."""

    def block(before: int, filters: int, kernel: int, padding: int = 0) -> list[nn.Module]:
        convolution = nn.Conv2d(before, filters, kernel, padding=padding, bias=False)
        return [convolution, nn.ReLU(), nn.BatchNorm2d(filters), nn.Dropout(0.07)]

    return nn.Sequential(
        *block(1, 8, 3, padding=1), *block(8, 16, 3), nn.MaxPool2d(2),
        *block(16, 16, 3), *block(16, 16, 3), *block(16, 14, 1, padding=1), *block(14, 12, 3, padding=1),
        *block(12, 12, 3), *block(12, 10, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(10, 10, bias=False),
    )  # fmt: skip


def cnn_20_40_60() -> nn.Module:
    """Three convolutions with dropout."""
    return as_keras_starts(
        nn.Sequential(
            nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(20, 40, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2),
            nn.Conv2d(40, 60, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2),
            nn.Flatten(), nn.Linear(240, 100), nn.ReLU(), nn.Dropout(0.2), nn.Linear(100, 10),
        )
    )  # fmt: skip


def rotate20_10_epochs() -> nn.Module:
    """Two convolutions and a wide layer with strong dropout."""
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 2, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.7),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.3), nn.Linear(1024, 10),
    )  # fmt: skip
    for module in network:
        if isinstance(module, nn.Conv2d):  # LeCun's uniform distribution
            limit = sqrt(3 / (module.in_channels * module.kernel_size[0] * module.kernel_size[1]))
            nn.init.uniform_(module.weight, -limit, limit)
        elif isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return network


def adam(rate: float, eps: float) -> Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]:
    """Adam, with all updates in one kernel."""
    return lambda parameters: torch.optim.Adam(parameters, lr=rate, eps=eps, fused=True)


def sgd(rate: float, momentum: float = 0.0) -> Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]:
    """Gradient descent, with all updates in one kernel."""
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum, fused=True)


RECIPES = {
    "mlp_512": Recipe(mlp_512, adam(0.001, 1e-7), 128, 10, validation=0.2, restore_best=True),
    "mlp_5x30": Recipe(mlp_5x30, adam(0.001, 1e-7), 32, 20, validation=0.15, shuffled=True),
    "small_28": Recipe(small_28, sgd(0.01), 64, 120, validation=0.166),
    "step7_augmentation": Recipe(
        step7_augmentation, sgd(0.01, 0.9), 128, 20,
        mean=0.1307, std=0.3081, degrees=7, interpolation="nearest", tenth_every=10,
    ),
    "cnn_20_40_60": Recipe(cnn_20_40_60, adam(0.001, 1e-7), 32, 20, validation=0.15, shuffled=True),
    "rotate20_10_epochs": Recipe(
        rotate20_10_epochs, adam(0.0005, 1e-8), 64, 10, skipped=5000, degrees=20, rotated=0.5, clip=5.0
    ),
}  # fmt: skip


def rotate(images: Tensor, recipe: Recipe) -> Tensor:
    """Rotate each image (n, 1, height, width) by an angle of its own; the new corners are black."""
    count, device = len(images), images.device
    angles = (torch.rand(count, device=device) * 2 - 1) * radians(recipe.degrees)
    angles = angles * (torch.rand(count, device=device) < recipe.rotated)
    cosine, sine, none = angles.cos(), angles.sin(), torch.zeros_like(angles)
    affine = torch.stack([cosine, -sine, none, sine, cosine, none], dim=1).reshape(count, 2, 3)
    grid = F.affine_grid(affine, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode=recipe.interpolation, padding_mode="zeros", align_corners=False)


@torch.inference_mode()
def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy."""
    network.eval()
    logits = torch.cat([network(part) for part in images.split(TEST_BATCH)])
    return F.cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item()


def train(script: Script, recipe: Recipe, device: torch.device) -> tuple[nn.Module, dict[str, list[float]], float]:
    """Train; return the network, its history in Keras' form, and its test accuracy."""
    convolves = any(isinstance(module, nn.Conv2d) for module in recipe.network().modules())

    def images(pixels: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(pixels).to(device) / 255
        return tensor[:, None] if convolves else tensor

    x_train, y_train, x_test, y_test = script.data()
    x_train, y_train = x_train[recipe.skipped :], y_train[recipe.skipped :]
    if recipe.shuffled:
        order = np.random.default_rng(script.seed).permutation(len(x_train))
        x_train, y_train = x_train[order], y_train[order]
    x, y, test = images(x_train), torch.from_numpy(y_train).to(device).long(), images(x_test)
    test_labels = torch.from_numpy(y_test).to(device).long()
    standardized = (test - recipe.mean) / recipe.std
    held_out, held_out_labels = standardized, test_labels
    if recipe.validation:
        kept = int(len(x) * (1 - recipe.validation))
        held_out, held_out_labels = (x[kept:] - recipe.mean) / recipe.std, y[kept:]
        x, y = x[:kept], y[:kept]

    network = recipe.network().to(device)
    optimizer = recipe.optimizer(network.parameters())
    schedule = recipe.tenth_every and torch.optim.lr_scheduler.StepLR(optimizer, recipe.tenth_every, 0.1)
    history: dict[str, list[float]] = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    best = deepcopy(network.state_dict())
    script.begin()
    for _ in range(script.epochs):
        network.train()
        loss_sum, correct = torch.zeros((), device=device), torch.zeros((), device=device)
        for rows in torch.randperm(len(x), device=device).split(recipe.batch_size):
            batch, labels = x[rows], y[rows]
            if recipe.degrees:
                batch = rotate(batch, recipe)
            if recipe.std != 1.0:
                batch = (batch - recipe.mean) / recipe.std
            logits = network(batch)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            if recipe.clip:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimizer.step()
            loss_sum += loss.detach() * len(rows)
            correct += (logits.argmax(1) == labels).sum()
        if schedule:
            schedule.step()
        measured = (loss_sum.item() / len(x), correct.item() / len(x), *evaluate(network, held_out, held_out_labels))
        for values, value in zip(history.values(), measured, strict=True):
            values.append(value)
        if recipe.restore_best and history["val_loss"][-1] == min(history["val_loss"]):
            best = deepcopy(network.state_dict())
        script.epoch_ended()
    if recipe.restore_best:
        network.load_state_dict(best)
    return network, history, evaluate(network, standardized, test_labels)[1]


def main() -> None:
    """Train, test, draw, save."""
    name = sys.argv[1]
    recipe = RECIPES[name]
    script = Script(name, epochs=recipe.epochs, arguments=sys.argv[2:])
    torch.manual_seed(script.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, history, accuracy = train(script, recipe, device)
    script.draw(history)
    torch.save(network.state_dict(), script.out / f"{name}.pt")
    count = sum(parameter.numel() for parameter in network.parameters())
    script.print_result(accuracy, parameters=count, device="gpu" if device.type == "cuda" else "cpu")


if __name__ == "__main__":
    main()
