#!/usr/bin/env python3
"""Do libAntimony and this project read the same model out of the same text?

    python3 tests/antimony_agrees.py [FILE ...]

Without arguments: body/body.ant, the corpus of crates/osteon-lang/tests, and the examples of tests/lang that are marked so.
For each text: libAntimony must read it; names, start values, rates of change, reaction rates and stoichiometries must agree
with what `cargo run -p osteon-lang --example dump` prints. Exit code 1 on any difference, 2 if it could not run.

Needs two Python packages, which it does not install by itself:

    python3 -m pip install antimony libroadrunner
"""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELATIVE = 1e-9


def need(module):
    try:
        return __import__(module)
    except ImportError:
        print("cannot compare: install the packages with `python3 -m pip install antimony libroadrunner`", file=sys.stderr)
        sys.exit(2)


def stock(path):
    """The model as libAntimony and roadrunner see it."""
    antimony, roadrunner = need("antimony"), need("roadrunner")
    antimony.clearPreviousLoads()
    antimony.freeAll()
    if antimony.loadAntimonyFile(str(path)) < 0:
        raise ValueError("libAntimony refuses the text: " + antimony.getLastError())
    sbml = antimony.getSBMLString(None)
    # roadrunner puts assignments into each other; without this a large model takes it many minutes to get ready.
    roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
    roadrunner.Config.setValue(roadrunner.Config.LLJIT_OPTIMIZATION_LEVEL, roadrunner.Config.NONE)
    runner = roadrunner.RoadRunner(sbml)
    return sbml, runner


def ours(path):
    """The model as this project sees it."""
    command = ["cargo", "run", "--quiet", "-p", "osteon-lang", "--example", "dump", "--", str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if result.returncode != 0:
        raise ValueError("osteon-lang refuses the text:\n" + result.stderr)
    return json.loads(result.stdout)


def close(a, b):
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= RELATIVE * max(abs(a), abs(b))


def compare(path):
    """Differences in words."""
    sbml, runner = stock(path)
    model = ours(path)
    stock_name = lambda name: name.replace(".", "_")
    found = []
    theirs = set(re.findall(r"<(?:parameter|species|compartment|reaction) [^>]*?\bid=\"([^\"]+)\"", sbml))
    theirs |= set(re.findall(r"<speciesReference [^>]*?\bid=\"([^\"]+)\"", sbml))
    # libAntimony names coefficients that it has to invent.
    theirs = {name for name in theirs if not name.endswith("_stoich")}
    mine = {stock_name(symbol["id"]) for symbol in model["symbols"]}
    extra, missing = sorted(theirs - mine), sorted(mine - theirs)
    # A number connected to an interface symbol: libAntimony invents a name, here the symbol keeps its own.
    if len(extra) != len(missing) or not all(re.fullmatch(r"_ant\d+", name) for name in extra):
        found += [f"only libAntimony has {name}" for name in extra]
        found += [f"only osteon-lang has {name}" for name in missing]
    for symbol in model["symbols"]:
        name = stock_name(symbol["id"])
        if name not in theirs or symbol["role"] == "stoichiometry":
            continue
        key = f"[{name}]" if symbol["role"] == "species" and not symbol["amount"] else name
        value = runner.getValue(key)
        if not close(value, symbol["value"]):
            found.append(f"{name}: libAntimony {value!r}, osteon-lang {symbol['value']!r}")
        if symbol["rule"] == "rate" and symbol["role"] == "parameter":
            rate = runner.getValue(name + "'")
            if not close(rate, symbol["rate"]):
                found.append(f"rate of {name}: libAntimony {rate!r}, osteon-lang {symbol['rate']!r}")
        if symbol["role"] == "species" and not symbol["boundary"] and symbol["rule"] is None and f'id="{name}"' in sbml:
            if name in runner.model.getFloatingSpeciesIds():
                rate = runner.model[f"{name}'"]
                size = 1.0 if symbol["amount"] else runner.getValue(stock_name(symbol["compartment"]))
                if not close(rate / size, symbol["rate"]) and abs(rate / size - float(symbol["rate"])) > 1e-12 * scale(runner):
                    found.append(f"rate of {name}: libAntimony {rate / size!r}, osteon-lang {symbol['rate']!r}")
    for reaction in model["reactions"]:
        name = stock_name(reaction["id"])
        body = re.search(rf"<reaction [^>]*?\bid=\"{re.escape(name)}\".*?</reaction>", sbml, re.S)
        if body is None:
            continue
        for side, tag in (("reactants", "listOfReactants"), ("products", "listOfProducts")):
            part = re.search(rf"<{tag}>(.*?)</{tag}>", body.group(0), re.S)
            text = part.group(1) if part else ""
            pairs = []
            for reference in re.findall(r"<speciesReference [^>]*>", text):
                species = re.search(r"species=\"([^\"]+)\"", reference).group(1)
                number = re.search(r"stoichiometry=\"([^\"]+)\"", reference)
                pairs.append((species, float(number.group(1)) if number else None))
            own = [(stock_name(species), coefficient) for coefficient, species in reaction[side]]
            same = len(pairs) == len(own) and all(
                a[0] == b[0] and (a[1] is None or close(a[1], b[1])) for a, b in zip(pairs, own)
            )
            if not same:
                found.append(f"{side} of {name}: libAntimony {pairs}, osteon-lang {own}")
    events = len(re.findall(r"<event[ >]", sbml))
    if events != model["events"]:
        found.append(f"libAntimony has {events} events, osteon-lang {model['events']}")
    return found, len(mine)


def scale(runner):
    """Largest reaction rate: sums of rates that cancel are compared with it."""
    rates = [abs(rate) for rate in runner.getReactionRates() if math.isfinite(rate)]
    return max(rates, default=1.0)


def literate():
    """Examples of tests/lang: fenced blocks whose fence says that stock readers agree."""
    for page in sorted((ROOT / "tests" / "lang").glob("*.md")):
        heading = page.stem
        text = page.read_text()
        for match in re.finditer(r"^#+ (?P<heading>[^\n]*)$|^```antimony(?P<mark>[^\n]*)\n(?P<body>.*?)^```", text, re.M | re.S):
            if match.group("heading"):
                heading = match.group("heading")
            elif "stock" in match.group("mark"):
                yield f"{page.name}: {heading}", match.group("body")


def main(arguments):
    tasks = [(str(pathlib.Path(a)), pathlib.Path(a).resolve()) for a in arguments]
    temporary = tempfile.TemporaryDirectory()
    if not arguments:
        paths = [ROOT / "body" / "body.ant", *sorted((ROOT / "crates" / "osteon-lang" / "tests" / "corpus").glob("*.ant"))]
        tasks = [(str(p.relative_to(ROOT)), p) for p in paths if p.exists()]
        for number, (title, body) in enumerate(literate()):
            path = pathlib.Path(temporary.name) / f"example_{number}.ant"
            path.write_text(body)
            tasks.append((title, path))
    failed = 0
    for title, path in tasks:
        try:
            found, symbols = compare(path)
        except (ValueError, RuntimeError) as error:
            found, symbols = [str(error)], 0
        print(f"{'differs' if found else 'agrees '}  {title}  ({symbols} symbols)")
        for line in found:
            print("    " + line.replace("\n", "\n    "))
        failed += bool(found)
    print(f"{len(tasks) - failed} of {len(tasks)} texts agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
