"""The evidence: the published experiments trained with mnist-lab, and what came of them.

    make results                    regenerate every summary, picture and README of results/published/; trains nothing
    make results IMPORT=results     first take over finished runs, of records too, from another folder
    python -m evidence --tried DIR  first keep what was tried for records: a folder of runs for each

`published.yaml` says what the write-ups conclude and what is asked of a reproduction; `writeups` reads it. `importing`
takes over runs, `comparison` sets ours beside the published numbers, `claims` holds the conclusions against the runs,
`picture` draws and `readme` writes, with a `section` a write-up.

`records.yaml` says what the recipes in `configs/records/` aim at. `records` holds it against their runs, `tried` keeps
the validation accuracies of what was tried on the way, and `records_page` writes.

No number of ours is typed by hand: they come from `metrics.json`.
"""
