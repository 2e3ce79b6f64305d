"""Writes the seeds of the fuzz targets (seeds/TARGET/) from the project's own texts, and their dictionaries.

Usage: python3 seeds.py corpus [SBML_CASES_FOLDER]
"""
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
CUT = "\n%%%%\n"


def write(target, texts):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for n, text in enumerate(texts):
        if len(text) <= 16000:
            (folder / f"{n:04}").write_text(text)


def words(target, texts, extra=()):
    """The most telling words of these texts, as a libFuzzer dictionary."""
    count = {}
    for text in texts:
        for word in re.findall(r'[A-Za-z_][A-Za-z0-9_.]{2,30}|<[/a-zA-Z:]+|[-+*/^=<>!&|]{2}', text):
            count[word] = count.get(word, 0) + 1
    best = sorted(count, key=lambda w: (-count[w], w))[:400] + list(extra)
    shown = lambda b: chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\x{b:02X}"
    lines = ['"' + "".join(shown(b) for b in w.encode()) + '"' for w in best]
    (HERE / "dictionaries").mkdir(exist_ok=True)
    (HERE / "dictionaries" / f"{target}.dict").write_text("\n".join(lines) + "\n")


def read(pattern):
    return [p.read_text() for p in sorted(PROJECT.glob(pattern))]


ODD = ["1e999", "-1e999", "1e-999", "nan", "inf", "99999999999999999999", "0x1p9", "\u00e9", "((((((((((", "))))))))))", "[[[[[[[[[[", "\n%%%%\n"]

antimony = read("body/*.ant") + [b for t in read("tests/lang/*.md") for b in re.findall(r"```[a-z]*\n(.*?)```", t, re.S)]
antimony += ['import "b.ant"\nmodel x()\n a: B();\nend' + CUT + 'import "a.ant"\nmodel B()\n y = 1; y\' = -y\nend' + CUT + 'import "c.ant"']
write("antimony", antimony)
words("antimony", antimony, ODD + ['import "b.ant"', 'import "c.ant"'])

sbml = read("benches/models/*.xml") + read("crates/osteon-sbml/**/*.xml")
for folder in sys.argv[2:]:
    for case in sorted(Path(folder).glob("cases/*/*-sbml-l3v[12].xml"))[::3]:
        sbml.append(case.read_text())
write("sbml", sbml)
words("sbml", sbml, ODD + ['<!DOCTYPE a [<!ENTITY b "cccccccc">]>', "&b;", "&#0;"])

scenarios = read("scenarios/*.toml") + read("studies/*/scenario.toml") + read("signs/*/scenario.toml")
write("scenario", scenarios)
words("scenario", scenarios + read("docs/scenario.md"), ODD)

studies = [CUT.join((p / f).read_text() for f in ("study.toml", "scenario.toml", "data.csv")) for p in sorted(PROJECT.glob("studies/*/"))]
write("study", studies)
words("study", studies, ODD)

tables = [
    "ID,sex,age[a],weight[kg],intake_Mg[mmol/d]\n1,female,60,70,12\n2,male,40,80,9\n" + CUT.strip("\n").join(["", ""]) + "ID,TIME,EVID,AMT,CMT\n1,0,1,8,Mg_iv\n",
    "ID,age[a]\n1,60\n2,70\n\n%%%%\nID,TIME,EVID,AMT,RATE,II,ADDL,SS,CMT\n1,0,1,8,2,24,10,0,Mg_iv\n2,1,1,3,0,12,4,0,Ca_iv\n",
]
blocks = [b for t in read("docs/people.md") for b in re.findall(r"```[a-z]*\n(.*?)```", t, re.S)]
tables += [a + "\n%%%%\n" + b for a in blocks for b in blocks]
write("events", tables)
words("events", tables + read("docs/people.md"), ODD)
