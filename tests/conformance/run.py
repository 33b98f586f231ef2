"""Run the official suite against the everything-server and print every scenario.

`python -m tests.conformance.run [--server hypercorn-trio] [--leg 2026-07-28]`; exits with 1 if
anything failed or warned that `expected_failures.toml` does not name.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from . import suite
from .serving import SERVERS, served


def report(leg: str, checks: list[suite.Check]) -> None:
    by_scenario: dict[str, list[suite.Check]] = defaultdict(list)
    for check in checks:
        by_scenario[check.scenario].append(check)
    print(f"{leg}: {len(by_scenario)} scenarios, {len(checks)} checks")
    for scenario, its in sorted(by_scenario.items()):
        passed = sum(check.status == "SUCCESS" for check in its)
        bad = [check for check in its if check.is_bad]
        print(f"  {'✗' if bad else '✓'} {scenario}: {passed} of {len(its)}")
        for check in bad:
            print(f"      {check}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
    parser.add_argument("--leg", choices=suite.LEGS, action="append")
    told = parser.parse_args()
    entry = suite.install()
    allowed = suite.expected(suite.EXPECTED.read_text(encoding="utf-8"))
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place, served(told.server, Path(place, "log")) as url:
        for leg in told.leg or suite.LEGS:
            checks = suite.run_leg(entry, url, leg, Path(place, leg))
            report(leg, checks)
            wrong += suite.problems(leg, checks, allowed)
    print("\n".join(wrong) or "nothing unexpected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
