#!/usr/bin/env python3
"""Osteon beside libRoadRunner and COPASI on the same models: times with the error that each achieved.

    python3 benches/run.py [--here] [--rounds 3] [--quick] [--only PART,PART] [--limit SECONDS]

Makes benches/.venv with the peers, builds benches/engine (and, for the cohort, the program), and prints a table (Markdown) and, with --json FILE, all numbers.
All times are CPU seconds; tools take turns within a round; the table shows medians over rounds and medians of the ratios per round.
Error: worst relative error of the recorded quantities at all printed times against our own run at a far tighter tolerance.
The engine runs at the loosest tolerance of a ladder at which, and below which, its error is no larger than libRoadRunner's at 1e-6.
"""
import argparse
import hashlib
import json
import os
import re
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from body_export import BODY, NAMES, export
from body_export import VARIED as BODY_VARIED
from environment import HERE, ROOT, call, engine, peer, python, worst

DAILY = str(HERE / "models/BIOMD0000000613-daily.xml")
KEY = ["PTH", "P", "OC", "OBfast", "Q"]
HOURS_A_YEAR = 8760
# Plain numbers of the model, which can be written into its text.
PARTS = ["year", "people", "decades", "body-year", "body-people", "body-decades", "ready", "body", "cohort"]
QUICK = ["year", "people", "ready", "body"]
VARIED = ["OBtgfGAM", "T16", "V1", "E0RANKL", "TERICL", "EmaxPTHRX2x", "CaDay", "PicOBgam"]
LADDER = [1e-2, 7e-3, 5e-3, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6]


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--here", action="store_true", help="use the present Python instead of benches/.venv")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--quick", action="store_true", help="without 20 years, without the body in the peers, without the cohort")
    words.add_argument("--only", help="of " + ", ".join(PARTS))
    words.add_argument("--people", type=int, default=1000, help="individuals with varied parameters that Osteon runs")
    words.add_argument("--peer-people", type=int, default=3, help="individuals with varied parameters that libRoadRunner runs")
    words.add_argument("--cohort", type=int, default=10000, help="people of the cohort")
    words.add_argument("--limit", type=float, default=600, help="CPU seconds a peer may take for one measurement")
    words.add_argument("--json", type=Path)
    words = words.parse_args()
    parts = words.only.split(",") if words.only else QUICK if words.quick else PARTS
    bench = Bench(python(not words.here), engine(), words.rounds, words.limit)
    bench.what_stands()
    print("| what | tool | rtol | CPU s | error | libRoadRunner ÷ this | note |\n|---|---|---|---|---|---|---|", flush=True)
    if "year" in parts or "people" in parts:
        bench.one_model("613-daily, one person, one year", DAILY, KEY, HOURS_A_YEAR, HOURS_A_YEAR / 12, copasi=True)
    if "people" in parts:
        what = f"613-daily, {words.people} people with eight varied parameters, one year, per person"
        text = Path(DAILY).read_text()
        person = lambda folder, number, own: written(folder / f"person-{number}.xml", with_values(text, own))
        bench.many(what, DAILY, KEY, HOURS_A_YEAR, HOURS_A_YEAR / 12, VARIED, person, words.people, words.peer_people)
    if "decades" in parts:
        bench.one_model("613-daily, one person, 20 years", DAILY, KEY, 20 * HOURS_A_YEAR, HOURS_A_YEAR / 2, rounds=1, tight=1e-10)
    if any(part.startswith("body-") for part in parts):
        with tempfile.TemporaryDirectory() as folder:
            bench.body_in_the_peers(Path(folder), parts, words.people, words.peer_people)
    if "ready" in parts:
        bench.ready()
    if "body" in parts:
        bench.body()
    if "cohort" in parts:
        bench.cohort(words.cohort)
    if words.json:
        words.json.write_text(json.dumps(bench.lines, indent=1))


class Bench:
    def __init__(self, interpreter, engine, rounds, limit):
        self.interpreter, self.engine, self.rounds, self.limit = interpreter, engine, rounds, limit
        self.lines = []
        self.rtol = 1e-3

    def what_stands(self):
        """Which body is measured: nothing below means much without it."""
        commit = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
        digest = hashlib.sha256(b"".join(f.read_bytes() for f in sorted((ROOT / "body").glob("*.ant")))).hexdigest()[:12]
        tapes = call(self.engine, "tapes", model=BODY, repeat=1)
        print(f"Commit {commit}, body {digest} with {tapes['states']} states, {tapes['instruction_set']}.\n", flush=True)

    def tell(self, what, tool, rtol, cpu, error=None, ratio=None, note=""):
        self.lines.append(dict(what=what, tool=tool, rtol=rtol, cpu_s=cpu, error=error, ratio=ratio, note=note))
        show = lambda x, form: "" if x is None else format(x, form)
        print(f"| {what} | {tool} | {show(rtol, '.0e')} | {show(cpu, '.4g')} | {show(error, '.1e')} | {show(ratio, '.1f')} | {note} |", flush=True)

    def course(self, model, names, until, every, rtol, **more):
        return call(self.engine, "course", model=model, record=",".join(names), until=until, every=every, rtol=rtol, **more)

    def reference(self, model, names, until, every, tight):
        """Kept in benches/models with what made it; computed anew when anything of that differs."""
        made_by = dict(model=Path(model).name, names=names, until=until, every=every, rtol=tight, atol=tight * 1e-2, solver="Rodas5P of this project")
        file = HERE / f"models/reference-{Path(model).stem}-{until:g}.json"
        if file.is_file():
            kept = json.loads(file.read_text())
            if kept["made_by"] == made_by:
                return kept["rows"]
        rows = self.course(model, names, until, every, tight, atol=tight * 1e-2)["rows"][0]
        if str(HERE) in model:  # models that stay; what is exported anew each time is computed anew
            file.write_text(json.dumps(dict(made_by=made_by, rows=rows), indent=1) + "\n")
        return rows

    def body_in_the_peers(self, folder, parts, people, peer_people):
        """The body exported to SBML, a pill every day. Peers get the leanest text of it; where it is written, all tools run the same."""
        study = "dosed year"
        file, _, until, every = export(self.engine, study, folder, lean=True)
        options = dict(optimise="less")
        if "body-year" in parts or "body-people" in parts:
            # COPASI is left out: at this tolerance its LSODA stops with "Invalid state" (round_trip.py has it at 1e-10).
            self.one_model("body as SBML, one person, one year", file, NAMES, until, every, tight=1e-10, **options)
        if "body-people" in parts:
            what = f"body as SBML, {people} people with eight varied parameters, one year, per person"
            whole = export(self.engine, study, folder)[0]
            person = lambda folder, number, own: export(self.engine, study, folder, lean=True, start=own, name=f"person-{number}")[0]
            self.many(what, whole, NAMES, until, every, BODY_VARIED, person, people, peer_people, **options)
        if "body-decades" in parts:
            self.one_model("body as SBML, one person, 20 years", file, NAMES, 7305, 365.25, rounds=1, tight=1e-9, rtol=self.rtol, **options)

    def one_model(self, what, model, names, until, every, rounds=None, tight=1e-12, copasi=False, rtol=None, **options):
        rounds = rounds or self.rounds
        want = self.reference(model, names, until, every, tight)
        ask = lambda tool: peer(self.interpreter, tool, model, until, every, names, 1e-6, 1e-9, limit=self.limit, **options)
        first = ask("roadrunner")
        bar = worst(first["rows"][0], want) if first else 1e-5
        for candidate in reversed(LADDER) if rtol is None else []:
            if worst(self.course(model, names, until, every, candidate, atol=1e-9)["rows"][0], want) > bar:
                break
            rtol = candidate
        if rtol is None:
            rtol = LADDER[-1]
        self.rtol = rtol
        ours, theirs, third = [], [], []
        for number in range(rounds):
            theirs.append(first if number == 0 or first is None else ask("roadrunner"))
            ours.append(self.course(model, names, until, every, rtol, atol=1e-9))
            if copasi and number == 0:
                third.append(ask("copasi"))
        middle = lambda runs: statistics.median(r["cpu_s"] for r in runs)
        note = "" if rounds > 1 else "one round"
        if first is None:
            self.tell(what, "libRoadRunner", 1e-6, None, None, None, f"not done within {self.limit:.0f} CPU s")
            self.tell(what, "Osteon", rtol, middle(ours), worst(ours[0]["rows"][0], want), None, "error bar 1e-5 instead")
        else:
            self.tell(what, "libRoadRunner", 1e-6, middle(theirs), bar, 1.0, f"{note} loading {first['ready_s']:.1f} s not counted")
            ratio = statistics.median(t["cpu_s"] / o["cpu_s"] for t, o in zip(theirs, ours))
            self.tell(what, "Osteon", rtol, middle(ours), worst(ours[0]["rows"][0], want), ratio, note)
        for run in third:
            if run is None:
                self.tell(what, "COPASI", 1e-6, None, None, None, f"not done within {self.limit:.0f} CPU s")
            else:
                ratio = None if first is None else theirs[0]["cpu_s"] / run["cpu_s"]
                self.tell(what, "COPASI", 1e-6, run["cpu_s"], worst(run["rows"][0], want), ratio, "one round")

    def many(self, what, model, names, until, every, varied, person, people, peer_people, **options):
        """Eight parameters varied within 10 %. The peer runs few of the people; all costs are told per person."""
        asked = dict(vary=",".join(varied), atol=1e-9)
        want = self.course(model, names, until, every, 1e-10, people=peer_people, show=peer_people, **asked)["rows"]
        plain = self.course(model, varied, every, every, 1e-3)["rows"][0][0]
        values = [{n: v * (0.9 + 0.2 * drawn(number, place)) for place, (n, v) in enumerate(zip(varied, plain))} for number in range(peer_people)]
        ours, theirs = [], []
        # A peer gets each person as a model of their own: everything computed from the varied numbers is then right.
        with tempfile.TemporaryDirectory() as folder:
            files = [person(Path(folder), number, own) for number, own in enumerate(values)]
            for _ in range(self.rounds):
                runs = [peer(self.interpreter, "roadrunner", f, until, every, names, 1e-6, 1e-9, limit=self.limit, **options) for f in files]
                if None in runs:
                    self.tell(what, "libRoadRunner", 1e-6, None, None, None, f"not done within {self.limit:.0f} CPU s")
                    return
                theirs.append(dict(cpu_s=statistics.mean(r["cpu_s"] for r in runs), rows=[r["rows"][0] for r in runs]))
                ours.append(self.course(model, names, until, every, self.rtol, people=people, show=peer_people, lanes=16, **asked))
        error = lambda run: max(worst(got, rows) for got, rows in zip(run["rows"], want))
        each = [r["cpu_s"] / people for r in ours]
        self.tell(what, "libRoadRunner", 1e-6, statistics.median(r["cpu_s"] for r in theirs), error(theirs[0]), 1.0, f"{peer_people} people run, loading not counted")
        ratio = statistics.median(t["cpu_s"] / o for t, o in zip(theirs, each))
        self.tell(what, "Osteon", self.rtol, statistics.median(each), error(ours[0]), ratio, f"{people} people run, 16 lanes, one core")

    def cohort(self, people):
        """Ten thousand lives and twenty averaged years with a table in Parquet, all cores."""
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "osteon"], check=True, cwd=ROOT)
        program = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/osteon"
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "people.csv"
            rows = ["ID,sex,age[a],weight[kg],height[cm],magnesium[mg/d],GFR_young[mL/min]"]
            for i in range(people):
                u = [drawn(i, place) for place in range(6)]
                rows.append(f"{i + 1},{'female' if u[0] < 0.5 else 'male'},{30 + 40 * u[1]:.1f},{55 + 40 * u[2]:.1f},{155 + 35 * u[3]:.0f},{200 + 250 * u[4]:.0f},{90 + 40 * u[5]:.0f}")
            table.write_text("\n".join(rows) + "\n")
            words = [str(program), "--project", str(ROOT), "run", str(HERE / "scenarios/people-20-years.toml"), "--people", str(table), "-o", folder + "/out"]
            before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            subprocess.run(words, check=True, capture_output=True)
            wall, after = time.monotonic() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
            size = sum(f.stat().st_size for f in Path(folder, "out").rglob("*.parquet"))
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.tell(f"body, {people} people × 20 averaged years", "Osteon", 1e-5, cpu, None, None, f"{wall:.0f} s wall on {os.cpu_count()} cores, lived lives and {size / 1e6:.0f} MB Parquet included")

    def ready(self):
        for what, model in [("613-daily", DAILY), ("body", BODY)]:
            run = call(self.engine, "ready", model=model, repeat=9)
            self.tell(f"{what}, from file to first derivative", "Osteon", None, run["cpu_s"], None, None, f"{run['states']} states")
        run = peer(self.interpreter, "roadrunner", DAILY, 1, 1, KEY, 1e-6, 1e-9)
        self.tell("613-daily, from file to ready", "libRoadRunner", None, run["ready_s"])

    def body(self):
        project = str(ROOT)
        scenarios = HERE / "scenarios"
        run = call(self.engine, "life", project=project, scenario=scenarios / "lived-life.toml", repeat=9)
        self.tell("body, lived life of 60 averaged years", "Osteon", 1e-5, run["cpu_s"], None, None, f"{len(run['states'])} states")
        exact = call(self.engine, "scenario", project=project, scenario=scenarios / "year-by-the-clock.toml", rtol=1e-9, repeat=1)
        run = call(self.engine, "scenario", project=project, scenario=scenarios / "year-by-the-clock.toml", repeat=self.rounds)
        pair = list(zip(run["columns"], exact["columns"]))
        error = max(abs(a / b - 1) for got, want in pair for a, b in zip(got["values"], want["values"]) if b)
        self.tell("body, a year by the clock with the life before", "Osteon", 1e-5, run["cpu_s"], error, None, "the default tolerance; all quantities of the scenario")
        leapt = call(self.engine, "scenario", project=project, scenario=scenarios / "year-by-the-clock.toml", repeat=self.rounds, skip=1)
        pair = list(zip(leapt["columns"], exact["columns"]))
        error = max(abs(a / b - 1) for got, want in pair for a, b in zip(got["values"], want["values"]) if b)
        self.tell("body, the same year with days skipped", "Osteon", 1e-5, leapt["cpu_s"], error, None, f"{leapt['skipped'][0]['simulated']} days integrated")


def written(file, text):
    file.write_text(text)
    return str(file)


def with_values(text, values):
    """SBML text with other values of some parameters."""
    for name, value in values.items():
        text, count = re.subn(rf'(<parameter [^>]*id="{name}"[^>]* value=")[^"]*"', rf'\g<1>{value!r}"', text)
        if count != 1:
            raise SystemExit(f"{name} is no plain parameter of the model")
    return text


def drawn(person, place):
    """The same numbers as the engine's `drawn` (SplitMix64)."""
    mask = (1 << 64) - 1
    z = ((person * 1000 + place + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


main()
