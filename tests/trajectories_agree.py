#!/usr/bin/env python3
"""Does the body run the same in libRoadRunner as here?

    python3 tests/trajectories_agree.py OSTEON

OSTEON is the built program. The body as `OSTEON convert --read-once` writes it in SBML is integrated by libRoadRunner, and the body's own text is
read and integrated by OSTEON (that libAntimony reads that text alike is what antimony_agrees.py compares): three weeks almost without magnesium from the reference adult, and a year on half the calcium. Every
state must agree within 1e-6 of its largest value at every recorded day. Exit code 1 if one does not, 2 if the comparison could not run.

Needs a Python package, which it does not install by itself:

    python3 -m pip install libroadrunner
"""

import csv
import io
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BODY = ROOT / "body" / "body.ant"
LIMIT = 1e-6
RUNS = [
    ("three weeks almost without magnesium", {"intake_Mg": 0.49}, 21.0, 1.0),
    ("a year on half the calcium", {"intake_Ca": 12.0}, 360.0, 30.0),
]


def stock(program):
    try:
        import roadrunner
    except ImportError:
        print("cannot compare: install the package with `python3 -m pip install libroadrunner`", file=sys.stderr)
        sys.exit(2)
    # roadrunner puts assignments into each other, which makes a derivative of this body a hundred times as dear; --read-once keeps them apart.
    roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
    roadrunner.Config.setValue(roadrunner.Config.LLJIT_OPTIMIZATION_LEVEL, roadrunner.Config.NONE)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "body.xml"
        words = [program, "convert", str(BODY), "--project", str(ROOT), "--read-once", "-o", str(path)]
        result = subprocess.run(words, capture_output=True, text=True)
        if result.returncode != 0:
            print("the program could not write the body as SBML:\n" + result.stderr, file=sys.stderr)
            sys.exit(2)
        text = path.read_text()
        runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-12
    return runner, re.findall(r'<rateRule[^>]*variable="([^"]+)"', text)


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
    runner, ruled = stock(arguments[0])
    states = sorted({*runner.model.getFloatingSpeciesIds(), *ruled})
    faults = 0
    for title, settings, until, every in RUNS:
        runner.resetAll()
        for name, value in settings.items():
            runner[name] = value
        points = int(round(until / every)) + 1
        theirs = runner.simulate(0, until, points, ["time", *states])
        here = [state.replace("__", ".") for state in states]  # SBML has no dots in names
        mine = ours(arguments[0], settings, until, every, here)
        worst = (0.0, "")
        for index, name in enumerate(states, start=1):
            column = [float(value) for value in theirs[:, index]]
            scale = max(max(abs(v) for v in column), 1e-6)
            error = max(abs(a - b) for a, b in zip(column, mine[here[index - 1]], strict=True)) / scale
            worst = max(worst, (error, name))
            if not error <= LIMIT:
                faults += 1
                print(f"differs  {title}: {name} by {error:.2g}")
        print(f"{title}: {len(states)} states, {points} days, largest difference {worst[0]:.2g} ({worst[1]})")
    print("0 failed" if not faults else f"{faults} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
