"""The evidence: the published experiments trained with mnist-lab, and their results.

    make results                    regenerate every summary, picture and README of results/published/; trains nothing
    make results IMPORT=results     first import finished runs, including records, from another folder
    python -m evidence --tried DIR  first keep what was tried for records: one folder of runs per record

`published.yaml` says what the write-ups conclude and what a reproduction must reach; `writeups` reads it. `importing`
imports runs, `comparison` compares our numbers with the published ones, `claims` tests the conclusions on the runs,
`picture` draws the figure, and `readme` writes the page, with one `section` per write-up.

`records.yaml` says what the recipes in `configs/records/` aim at. `records` compares it with their runs, `tried` keeps
the validation accuracies of what was tried on the way, and `records_page` writes the page.

None of our numbers is typed by hand: they come from `metrics.json`.
"""
