#!/usr/bin/env python3
"""The body exported to SBML (switches as events) gives the same trajectories in libRoadRunner and COPASI.

    python3 benches/round_trip.py [--here] [--bar 1e-6] [--limit SECONDS] [--only depletion]

Largest relative difference of amounts at all printed days, against our own run at rtol 1e-10; peers at rtol 1e-10. Exit 1 above the bar.
Takes about three minutes on a free core once the environment is there; a line appears with every result.
"""
import argparse
import tempfile
from pathlib import Path

from body_export import BODY, LONGEST_STEP, NAMES, STUDIES, export
from environment import call, engine, peer, python, worst

def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--here", action="store_true", help="use the present Python instead of benches/.venv")
    words.add_argument("--bar", type=float, default=1e-6)
    words.add_argument("--limit", type=float, default=900, help="CPU seconds a peer may take for one study")
    words.add_argument("--only", help="one study")
    words.add_argument("--tools", default="copasi,roadrunner")
    words = words.parse_args()
    interpreter, ours = python(not words.here), engine()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for study in STUDIES if words.only is None else [words.only]:
            file, more, until, every = export(ours, study, Path(folder))
            asked = dict(until=until, every=every, record=",".join(NAMES), rtol=1e-10, atol=1e-13)
            want = call(ours, "course", model=BODY, more=more, **asked)["rows"][0]
            back = call(ours, "course", model=file, **asked)["rows"][0]
            good &= tell(study, "read back", worst(back, want), words.bar)
            for tool in words.tools.split(","):
                got = peer(interpreter, tool, file, until, every, NAMES, 1e-10, 1e-13, limit=words.limit, optimise="none", longest_step=LONGEST_STEP)
                if got is None:
                    print(f"{study:12} {tool:12} not done within {words.limit:.0f} CPU s", flush=True)
                    good = False
                else:
                    good &= tell(study, tool, worst(got["rows"][0], want), words.bar, got["cpu_s"])
    raise SystemExit(0 if good else 1)


def tell(study, tool, error, bar, cpu=None):
    took = "" if cpu is None else f"   {cpu:.2f} s CPU"
    print(f"{study:12} {tool:12} largest relative difference {error:.1e}   {'ok' if error <= bar else 'ABOVE THE BAR'}{took}", flush=True)
    return error <= bar


main()
