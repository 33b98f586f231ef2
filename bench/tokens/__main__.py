"""The command line: `python -m bench.tokens measure`, then `python -m bench.tokens report`."""

import argparse
import sys
from pathlib import Path

from ..environments import ROOT

DOCS = ROOT / "docs" / "explanation"
RESULTS = DOCS / "tokens.json"


def main() -> int:
    """1 if a bar was missed or a case was not solved."""
    options = _parse()
    if options.command == "measure":
        from .measuring.parts import PARTS, measure

        for part in options.parts or PARTS:
            measure(part, options.results)
        return 0
    if options.command == "report":
        from .reporting.report import write

        return write(options.results, options.docs)
    from .live import record

    return record(options.model, options.surface, options.tier, options.transcripts)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.tokens", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure", help="play every case and keep the figures")
    measuring.add_argument("parts", nargs="*", help="parts of the measurement; all if none")
    measuring.add_argument("--results", type=Path, default=RESULTS)
    reporting = commands.add_parser("report", help="write the page and the chart from the figures")
    reporting.add_argument("--results", type=Path, default=RESULTS)
    reporting.add_argument("--docs", type=Path, default=DOCS)
    live = commands.add_parser("live", help="play cases with a real model and keep transcripts")
    live.add_argument("--model", required=True)
    live.add_argument("--surface", action="append", help="by name; official and discovery if none")
    live.add_argument("--tier", help="only the cases of this tier")
    live.add_argument("--transcripts", type=Path, required=True, metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
