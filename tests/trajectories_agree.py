#!/usr/bin/env python3
"""Does the body run the same in libRoadRunner as here?

    python3 tests/trajectories_agree.py OSTEON

OSTEON is the built program. The body's own text is read by libAntimony, turned into SBML and integrated by libRoadRunner, and read and
integrated by OSTEON: three weeks almost without magnesium from the reference adult, and a year on half the calcium. Every
state must agree within 1e-6 of its largest value at every recorded day. Exit code 1 if one does not, 2 if the comparison could not run.

Needs two Python packages, which it does not install by itself:

    python3 -m pip install antimony libroadrunner
"""

import csv
import io
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BODY = ROOT / "body" / "body.ant"
LIMIT = 1e-6
RUNS = [
    ("three weeks almost without magnesium", {"intake_Mg": 0.49}, 21.0, 1.0),
    ("a year on half the calcium", {"intake_Ca": 12.0}, 360.0, 30.0),
]


def stock():
    try:
        import antimony
        import roadrunner
    except ImportError:
        print("cannot compare: install the packages with `python3 -m pip install antimony libroadrunner`", file=sys.stderr)
        sys.exit(2)
    if antimony.loadAntimonyFile(str(BODY)) < 0:
        print("libAntimony refuses the body: " + antimony.getLastError(), file=sys.stderr)
        sys.exit(1)
    # roadrunner puts assignments into each other; without this a large model takes it many minutes to get ready.
    roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
    roadrunner.Config.setValue(roadrunner.Config.LLJIT_OPTIMIZATION_LEVEL, roadrunner.Config.NONE)
    runner = roadrunner.RoadRunner(antimony.getSBMLString(None))
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-12
    return runner


def ours(program, settings, until, every, columns):
    words = [program, "--project", str(ROOT), "run", str(BODY), "--until", str(until), "--every", str(every)]
    words += ["--rtol", "1e-10", "--atol", "1e-13", "--record", ",".join(columns)]
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"]
    result = subprocess.run(words, capture_output=True, text=True)
    if result.returncode != 0:
        print("the program could not run the body:\n" + result.stderr, file=sys.stderr)
        sys.exit(2)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    return {column: [float(row[column]) for row in rows] for column in columns}


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    runner = stock()
    states = [s for s in runner.model.getFloatingSpeciesIds()]
    faults = 0
    for title, settings, until, every in RUNS:
        runner.resetAll()
        for name, value in settings.items():
            runner[name] = value
        points = int(round(until / every)) + 1
        theirs = runner.simulate(0, until, points, ["time", *states])
        mine = ours(arguments[0], settings, until, every, states)
        worst = (0.0, "")
        for index, name in enumerate(states, start=1):
            column = [float(value) for value in theirs[:, index]]
            scale = max(max(abs(v) for v in column), 1e-6)
            error = max(abs(a - b) for a, b in zip(column, mine[name], strict=True)) / scale
            worst = max(worst, (error, name))
            if not error <= LIMIT:
                faults += 1
                print(f"differs  {title}: {name} by {error:.2g}")
        print(f"{title}: {len(states)} states, {points} days, largest difference {worst[0]:.2g} ({worst[1]})")
    print("0 failed" if not faults else f"{faults} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
