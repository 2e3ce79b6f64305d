"""The environment of the comparisons: Python packages in benches/.venv, a release build of benches/engine, and calls of both."""
import json
import os
import resource
import signal
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_VENV = HERE / ".venv"


def python(own=True):
    """Path of an interpreter that has the peers; makes benches/.venv on the first call. With own=False, the interpreter that runs."""
    if not own:
        return sys.executable
    wanted = (HERE / "requirements.txt").read_text()
    stamp = _VENV / "installed.txt"
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.create(_VENV, with_pip=True)
        subprocess.run([_VENV / "bin/python", "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    return str(_VENV / "bin/python")


def engine():
    """Builds the engine and gives its path."""
    manifest = HERE / "engine/Cargo.toml"
    subprocess.run(["cargo", "build", "--release", "--quiet", "--manifest-path", manifest], check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "engine/target"))
    return str(target / "release/engine")


def call(program, *words, limit=None, **options):
    """Runs a program that prints one JSON object. Options become `--name value`. None if the limit (CPU seconds) is passed."""
    flat = [str(w) for w in words]
    for name, value in options.items():
        flat += [f"--{name}", str(value)]
    # Of CPU seconds, because the wall's depend on who else uses the machine.
    bounded = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_CPU, (round(limit), round(limit) + 5))
    done = subprocess.run([program, *flat], capture_output=True, text=True, preexec_fn=bounded)
    if limit is not None and done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return None
    if done.returncode != 0:
        sys.exit(f"{program} {' '.join(flat)[:300]}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def peer(interpreter, tool, model, until, every, names, rtol, atol, limit=None, **options):
    """One measurement of a peer, see peer.py."""
    words = [str(HERE / "peer.py"), tool, model, until, every, ",".join(names), rtol, atol, json.dumps(options)]
    return call(interpreter, *words, limit=limit)


def worst(rows, reference):
    """Largest relative error over all rows and columns."""
    return max(abs(x / r - 1) if r else abs(x) for row, want in zip(rows, reference, strict=True) for x, r in zip(row, want, strict=True))
