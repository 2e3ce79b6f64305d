"""The body as SBML with everything that happens to it written as events, so that every tool runs the same experiment."""
from environment import ROOT, call

# Amounts that the tools are compared on.
NAMES = ["Mg_ECF", "Ca_ECF", "P_ECF", "PTH", "calcitriol", "OHD", "FGF", "Mg_muscle", "RBC_1", "Mg_urine_total", "Ca_urine_total"]

STUDIES = {
    # Magnesium in food falls from 14 to 1 mmol a day for three weeks and comes back.
    "depletion": ("at (time >= 7): intake_Mg = 1; at (time >= 28): intake_Mg = 14;", 60, 2),
    # 12 mmol of magnesium as a pill every morning.
    "dosed year": (
        "last_pill = 0.25; last_pill has day; one_day = 1; one_day has day; pill = 12; pill has mmol;"
        " at (time >= last_pill + one_day): Mg_pill = Mg_pill + pill, last_pill = last_pill + one_day;",
        365,
        5,
    ),
}
BODY = str(ROOT / "body/body.ant")


def export(engine, study, folder):
    """Writes one study; gives file, statements, end and interval."""
    more, until, every = STUDIES[study]
    file = str(folder / f"body-{study.replace(' ', '-')}.xml")
    call(engine, "export", model=BODY, more=more, output=file, switches=1)
    return file, more, until, every
