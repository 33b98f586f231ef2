"""The page, the chart and the verdicts, out of the measured figures."""
