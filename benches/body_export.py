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
# Days, for COPASI alone. Its LSODA begins with a method for models that are not stiff and iterates plainly; with steps longer than the
# inverse of the fastest rate (600 per day, what runs into a vein) the iterates leave the domain of the equations and it stops.
LONGEST_STEP = 0.0005

BODY = str(ROOT / "body/body.ant")


# Plain numbers of the body that differ between people.
VARIED = ["GFR_young", "intake_Mg", "intake_Ca", "intake_P", "intake_D3", "body_weight", "k_estrogen", "k_TAL_NKCC2"]


def export(engine, study, folder, lean=False, start=None, name=None):
    """Writes one study, its equations as functions where that spares work (docs/sbml.md, `--read-once`); gives file, statements, end and interval.

    `lean` leaves out what neither states nor NAMES read and writes numbers for what cannot change in the study: the least that a peer
    needs. `start` (name: value) makes it the study of another person, everything computed from these values included.
    """
    more, until, every = STUDIES[study]
    words = {"model": BODY, "more": more, "switches": 1, "read-once": 1}
    if lean:
        words.update(keep=",".join(NAMES), start=",".join(f"{n}={v!r}" for n, v in (start or {}).items()))
    file = str(folder / f"{name or 'body-' + study.replace(' ', '-') + ('-lean' if lean else '')}.xml")
    call(engine, "export", output=file, **words)
    return file, more, until, every
