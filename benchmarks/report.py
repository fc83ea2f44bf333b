"""RESULTS.md, computed from results.json."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import ablation, growth
from benchmarks.contenders import CONTENDERS, REFERENCE
from benchmarks.nets import NETS
from benchmarks.store import Store
from benchmarks.summary import Family, Measurement, Table, families, line, tables
from mnist_lab.text.quantities import count
from tools.markdown import render

TEMPLATE = Path(__file__).parent / "templates" / "RESULTS.md.jinja"


def text(store: Store) -> str:
    """Return the text of RESULTS.md."""
    found = tables(store)
    return render(
        TEMPLATE,
        machine=store.machine,
        reference=CONTENDERS[REFERENCE].title,
        peaks=store.peaks,
        data=sorted({one["data"] for one in store.measurements}),
        days=sorted({one["when"][:10] for one in store.measurements}),
        commits=_commits(store),
        load=_load(store),
        devices=[
            _device(name, title, [one for one in found if one.device == name])
            for name, title in (("cpu", "On the CPU"), ("gpu", "On the GPU"))
        ],
        several_data=len({one.data for one in found}) > 1,
        trainings=trainings(),
        recipe_epochs=ablation.RECIPE_EPOCHS,
        families=[_family(one) for one in families(store)],
        growth=list(_growth(store)),
        memory=_memory(store),
    )


def trainings() -> str:
    """Name the trainings of the measured sweep."""
    return f"the {len(ablation.EXPERIMENTS)} training runs of `configs/ablation/` and its base"


def growth_series(store: Store) -> dict[str, list[Measurement]]:
    """Return the measurements of each kind of scaling, by size; with several devices or data, those of the first."""
    series: dict[str, list[Measurement]] = {}
    for what in growth.SIZES:
        found = list(store.of("growth", subject=what))
        if found:
            like = {key: found[0][key] for key in ("data", "device")}
            same = [one for one in found if all(one[key] == value for key, value in like.items())]
            series[what] = sorted(same, key=lambda one: one["size"])
    return series


def growth_seconds(found: Sequence[Measurement]) -> list[float]:
    """Seconds of each measurement: of the training if there is one, else of the whole process."""
    return [one.get("train_seconds", one["seconds"]) for one in found]


def _commits(store: Store) -> list[str]:
    found = {(str(one.get("git_commit"))[:9], one.get("git_dirty")) for one in store.measurements}
    return sorted(f"`{commit}`{' with changes' if dirty else ''}" for commit, dirty in found)


def _load(store: Store) -> tuple[float, float] | None:
    """Processors used by other processes while networks were measured: median and maximum."""
    found = [one["others"] for one in store.of("nets") if one.get("others") is not None]
    return (median(found), max(found)) if found else None


def _device(name: str, title: str, found: Sequence[Table]) -> dict[str, Any]:
    return {"name": name, "title": title, "overview": _overview(found), "nets": [_net(table) for table in found]}


def _overview(found: Sequence[Table]) -> dict[str, Any]:
    """Seconds per epoch of all contenders, with the speedup over the Keras script on TensorFlow."""
    present = [name for name in CONTENDERS if any(table.row(name) for table in found)]
    rows = []
    for table in found:
        cells = [f"`{table.net}`, {count(table.epochs, 'epoch')}"]
        for name in present:
            row = table.row(name)
            times = f" (**{row.speedup.median:.2f}x**)" if row and row.speedup else ""
            cells.append(f"{row.epoch.median:.3g}{times}" if row else "")
        rows.append([*cells, f"{table.floor:.2g}" if table.floor else ""])
    return {"headings": ["network", *(CONTENDERS[name].title for name in present), "floor"], "rows": rows}


def _net(table: Table) -> dict[str, Any]:
    net = NETS[table.net]
    rows = [
        [
            row.contender,
            row.epoch.text(3),
            row.speedup.text(2) if row.speedup else "",
            row.speedup_on_own.text(2) if row.speedup_on_own else "",
            f"{row.epoch.median / table.floor:.1f}" if table.floor else "",
            row.whole.text(1),
            row.relative_time.text(2) if row.relative_time else "",
            row.startup.text(1),
            f"{row.peak_mb.high:.0f}",
            row.accuracy.text(4),
            str(row.epoch.count),
        ]
        for row in table.rows
    ]
    return {
        "name": table.net,
        "epochs": table.epochs,
        "recipe": net.recipe_epochs,
        "config": net.config,
        "data": table.data,
        "floor": table.floor,
        "rows": rows,
        "repeats": {row.epoch.count for row in table.rows},
    }


def _family(family: Family) -> dict[str, Any]:
    rows = [
        [
            row.contender,
            row.seconds.text(0),
            row.speedup.text(2) if row.speedup else "",
            row.speedup_on_own.text(2) if row.speedup_on_own else "",
            row.accuracy.text(4),
            str(row.seconds.count),
        ]
        for row in family.rows
    ]
    return {
        "epochs": family.epochs,
        "data": family.data,
        "device": family.device,
        "rows": rows,
        "failed": [(row.contender, name, found.text(2)) for row in family.rows for name, found in row.failed.items()],
        "repeats": {row.seconds.count for row in family.rows},
    }


def _growth(store: Store) -> Iterator[list[str]]:
    for what, found in growth_series(store).items():
        x, y = [one["size"] for one in found], growth_seconds(found)
        points = ", ".join(f"{size:,}: {seconds:.1f} s" for size, seconds in zip(x, y, strict=True))
        kind = "training" if what != "runs" else "whole process"
        fit = line(x, y)
        slope = f"{fit.slope * 1000:.4g} ms" if fit else "too few points for a line"
        start, straight = (f"{fit.intercept:.2f} s", f"{fit.r2:.4f}") if fit else ("", "")
        yield [growth.UNITS[what], kind, points, slope, start, straight]


def _memory(store: Store) -> dict[str, Any]:
    """Memory of the run that used most, and of the process that coordinated the largest sweep."""
    nets = [one for one in store.of("nets", subject="mlp_512") if CONTENDERS[one["contender"]].kind == "lab"]
    peak = max(nets, key=lambda one: one["peak_mb"], default=None)
    sweep = max(store.of("growth", subject="runs"), key=lambda one: one["size"], default=None)
    if sweep:
        early = min(10, len(sweep["parent_mb"])) - 1
        sweep = {**sweep, "early": early}
    return {"peak": peak and {**peak, "title": CONTENDERS[peak["contender"]].title}, "sweep": sweep}
