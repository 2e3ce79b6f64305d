"""One measurement of one peer, as JSON on stdout. Runs in the environment that run.py has made.

    peer.py TOOL MODEL UNTIL EVERY NAMES RTOL ATOL [OPTIONS as JSON]

TOOL is roadrunner or copasi. Times are CPU seconds of this process. Rows are values at 0, EVERY, 2·EVERY, … UNTIL; species as amounts
where the model says so.
"""
import json
import sys
import time


def main():
    tool, model, until, every, names, rtol, atol = sys.argv[1:8]
    options = json.loads(sys.argv[8]) if len(sys.argv) > 8 else {}
    run = {"roadrunner": roadrunner_course, "copasi": copasi_course}[tool]
    print(json.dumps(run(model, float(until), float(every), names.split(","), float(rtol), float(atol), options)))


def roadrunner_course(model, until, every, names, rtol, atol, options):
    import roadrunner

    if options.get("optimise") in ("none", "less"):
        # Large models: roadrunner puts assignments into each other, and its code generator then needs long to optimise. "less" gives code
        # as fast as the default on the body, in less than half of the time.
        config = roadrunner.Config
        config.setValue(config.LLVM_BACKEND, config.LLJIT)
        config.setValue(config.LLJIT_OPTIMIZATION_LEVEL, config.NONE if options["optimise"] == "none" else config.LESS)
    clock = time.process_time()
    runner = roadrunner.RoadRunner(model)
    ready = time.process_time() - clock
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = atol
    runner.integrator.maximum_num_steps = 1_000_000_000
    rows = round(until / every) + 1
    runner.timeCourseSelections = ["time", *names]
    clock = time.process_time()
    table = runner.simulate(0, until, rows)
    cpu = time.process_time() - clock
    return {"cpu_s": cpu, "ready_s": ready, "rows": [[[float(x) for x in row[1:]] for row in table]]}


def copasi_course(model, until, every, names, rtol, atol, options):
    import basico

    clock = time.process_time()
    basico.load_model(model)
    ready = time.process_time() - clock
    clock = time.process_time()
    if options.get("longest_step"):
        # LSODA tries steps that end outside the domain of a large model, and COPASI then stops ("Invalid state").
        basico.set_task_settings(basico.T.TIME_COURSE, {"method": {"name": "Deterministic (LSODA)", "Max Internal Step Size": options["longest_step"]}})
    table = basico.run_time_course(
        duration=until, intervals=round(until / every), r_tol=rtol, a_tol=atol, method="deterministic", use_sbml_id=True, max_steps=100_000_000
    )
    cpu = time.process_time() - clock
    if len(table) != round(until / every) + 1:
        sys.exit(f"COPASI stopped after {len(table)} rows")
    return {"cpu_s": cpu, "ready_s": ready, "rows": [[[float(row[n]) for n in names] for _, row in table.iterrows()]]}


main()
