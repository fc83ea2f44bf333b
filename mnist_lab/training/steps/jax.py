"""Steps as one compiled JAX program."""

from typing import Any

import jax
import keras
import numpy as np
from jax import lax
from jax import numpy as jnp
from numpy.typing import NDArray
from typing_extensions import override

from mnist_lab.training.steps.base import Data, Logs, Steps
from mnist_lab.training.steps.jax_dropout import hashed_dropout

State = tuple[list[Any], ...]
"""The values of the trainable, non-trainable, optimizer and metrics variables."""


class JaxSteps(Steps):
    """The state is passed from step to step, and written to the network's variables at the end of the epoch.

    Several steps are a loop inside one program; a single step, and the smaller last batch, are separate programs.
    """

    def __init__(self, network: Any, data: Data, batch_size: int) -> None:
        super().__init__(network, data, batch_size)
        self._whole = self.rows // batch_size
        self._state: State = ()
        self._step, self._loop = self._one, self._many
        if network.jit_compile:
            self._step = jax.jit(self._one, donate_argnums=0)
            self._loop = jax.jit(self._many, donate_argnums=0)

    def begin(self, order: NDArray[np.int32]) -> None:
        """Set the order of the rows for the epoch that begins."""
        self._order = order
        self._batches = jnp.asarray(order[: self._whole * self.batch_size].reshape(self._whole, self.batch_size))
        self._state = tuple([variable.value for variable in group] for group in self._variables())

    def advance(self, first: int, end: int) -> Logs:
        """Run the steps `first` to `end` - 1 of this epoch; return the running means after the last."""
        logs: Logs = {}
        if self.network.jit_compile and end - first > 1 and first < self._whole:
            until = min(end, self._whole)
            self._state, logs = self._loop(self._state, self.data, self._batches, first, until)
            first = until
        for i in range(first, end):
            rows = self._order[i * self.batch_size : (i + 1) * self.batch_size]
            self._state, logs = self._step(self._state, self.data, rows)
        return logs

    def end(self) -> None:
        """Bring the network's variables up to date."""
        for variables, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        self._state = ()

    @override
    def _build_metrics(self, targets: NDArray[Any]) -> None:
        """As on the other backends, but traced: otherwise each operation would be compiled on its own."""
        with keras.StatelessScope():  # creates the variables at its end
            jax.eval_shape(lambda: super(JaxSteps, self)._build_metrics(targets))

    def _variables(self) -> tuple[list[Any], ...]:
        network = self.network
        return (
            network.trainable_variables,
            network.non_trainable_variables,
            network.optimizer.variables,
            network.metrics_variables,
        )

    def _one(self, state: State, data: Any, rows: Any) -> tuple[State, Logs]:
        with hashed_dropout():
            logs, state = self.network.train_step(state, tuple(jnp.take(array, rows, axis=0) for array in data))
        return state, logs

    def _many(self, state: State, data: Any, batches: Any, first: Any, end: Any) -> tuple[State, Logs]:
        def step(i: Any, reached: tuple[State, Logs]) -> tuple[State, Logs]:
            return self._one(reached[0], data, batches[i])

        _, logs = jax.eval_shape(self._one, state, data, batches[0])
        nothing = jax.tree.map(lambda value: jnp.zeros(value.shape, value.dtype), logs)
        return lax.fori_loop(first, end, step, (state, nothing))
