"""How good scores were, once the answers are in: pure functions over columns of firm-months.

- `firm_months`: scored firm-months, their answers, and which of them can be judged yet.
- `ranking`: average precision, AUROC, F-beta at any cut, ties handled exactly, under any weights of rows.
- `calibration`: Brier, log loss, expected calibration error, reliability.
- `prequential`: the figures of one cohort, for whoever learns it.
- `measures`: all of these for one series of scores, by name.
- `bootstrap`: intervals by resampling firms.
- `leads`: how long before a proceeding a firm was called at risk.
- `workload`: alerts a week, precision of the list that agents could work through.
- `strata`: half-years, sectors, sizes, regions.
- `references`: what the network's batch models would have said, fitted again as answers came in.
- `report`: the whole evaluation, in the order in which it is read.
"""
