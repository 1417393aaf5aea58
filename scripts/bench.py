#!/usr/bin/env python3
"""Runs the micro-benches (every bench target named `micro`) and compares their figures.

    bench.py micro [FILTER]              each figure beside that of benches/baseline.json
    bench.py baseline                    stores the figures as benches/baseline.json
    bench.py compare REV_A REV_B [FILTER]    two revisions, built and run in turns

--rounds N runs everything N times and keeps each bench's best median: what disturbs a run only makes it slower.
--quick ends each bench as soon as its figure is steady; for a first look, not for a baseline.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "baseline.json"
WORK = ROOT / "target" / "bench-compare"
# Differences below this are the machine's, not the program's.
NOISE = 0.10


def build(tree, target_dir=None):
    """Builds the benches of a tree; returns their programs. One target folder for all trees: what is not ours is built
    once, and what is ours has its tree's name in it."""
    command = [os.environ.get("CARGO", "cargo"), "bench", "--workspace", "--bench", "micro", "--no-run"]
    env = dict(os.environ, **({"CARGO_TARGET_DIR": str(target_dir)} if target_dir else {}))
    built = subprocess.run(
        command + ["--message-format=json-render-diagnostics"], cwd=tree, env=env, stdout=subprocess.PIPE, text=True
    )
    if built.returncode != 0:
        sys.exit(f"the benches of {tree} could not be built")
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    programs = [m["executable"] for m in messages if "bench" in m.get("target", {}).get("kind", [])]
    return sorted(program for program in programs if program)


def run(programs, filter_, quick):
    """Runs programs; returns the median of each bench in nanoseconds."""
    with tempfile.TemporaryDirectory() as home:
        env = dict(os.environ, CRITERION_HOME=home)
        options = ["--bench"] + (["--quick"] if quick else []) + ([filter_] if filter_ else [])
        for program in programs:
            ran = subprocess.run([program] + options, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if ran.returncode != 0:
                sys.exit(f"{program} failed:\n{ran.stderr}")
        return dict(sorted(read(path) for path in Path(home).glob("**/new/benchmark.json")))


def read(path):
    """The name of a bench and its median."""
    name = json.loads(path.read_text())["full_id"]
    return name, json.loads(path.with_name("estimates.json").read_text())["median"]["point_estimate"]


def best(rounds):
    """Each bench's best median of all rounds."""
    names = {name for figures in rounds for name in figures}
    return {name: min(f[name] for f in rounds if name in f) for name in sorted(names)}


def measured(args):
    programs = build(ROOT)
    return best([run(programs, args.filter, args.quick) for _ in range(args.rounds)])


def shown(ns):
    for unit, size in (("ns", 1), ("µs", 1e3), ("ms", 1e6)):
        if ns < size * 1e3:
            return f"{ns / size:.2f} {unit}"
    return f"{ns / 1e9:.2f} s"


def table(left, right, titles):
    """Two sets of figures side by side."""
    names = sorted(left.keys() | right.keys())
    wide = max((len(name) for name in names), default=0)
    print(f"{'':{wide}}  {titles[0]:>14}  {titles[1]:>14}  {'ratio':>6}")
    for name in names:
        one, other = left.get(name), right.get(name)
        cells = [shown(ns) if ns is not None else "-" for ns in (one, other)]
        ratio, mark = "-", ""
        if one and other:
            ratio = f"{other / one:.2f}"
            mark = "  slower" if other / one > 1 + NOISE else "  faster" if other / one < 1 - NOISE else ""
        print(f"{name:{wide}}  {cells[0]:>14}  {cells[1]:>14}  {ratio:>6}{mark}")


def machine():
    """One line about where the figures come from."""
    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {rustc}"


def git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"git {' '.join(map(str, arguments))} failed")
    return done.stdout.strip()


def baseline(args):
    if args.filter:
        sys.exit("a baseline holds every bench: no filter, please")
    revision = git("describe", "--always", "--dirty")
    figures = {name: round(ns, 2) for name, ns in measured(args).items()}
    command = "make bench-baseline" + (f" ROUNDS={args.rounds}" if args.rounds > 1 else "")
    command += " QUICK=1" if args.quick else ""
    stored = {
        "machine": machine(),
        "command": command,
        "revision": revision,
        "median_ns": figures,
    }
    BASELINE.parent.mkdir(exist_ok=True)
    BASELINE.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n")
    print(f"{len(figures)} figures stored in {BASELINE.relative_to(ROOT)}")


def micro(args):
    stored = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"median_ns": {}}
    figures = measured(args)
    kept = stored["median_ns"]
    if args.filter:
        kept = {name: ns for name, ns in kept.items() if name in figures}
    table(kept, figures, ("baseline", "now"))
    if "machine" in stored:
        print(f"\nbaseline: {stored['machine']}; {stored['command']} at {stored['revision']}")
    print(f"now:      {machine()}")


@contextlib.contextmanager
def checked_out(revision):
    """A revision in a tree of its own below target/."""
    commit = git("rev-parse", "--verify", f"{revision}^{{commit}}")
    tree = WORK / commit
    git("worktree", "prune")
    if tree.exists():
        git("worktree", "remove", "--force", tree)
    git("worktree", "add", "--quiet", "--detach", tree, commit)
    try:
        yield tree
    finally:
        git("worktree", "remove", "--force", tree)


def kept(programs, place):
    """Copies programs to where no other build replaces them."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return [shutil.copy2(program, place) for program in programs]


def compare(args):
    programs = []
    for at, revision in enumerate((args.a, args.b)):
        with checked_out(revision) as tree:
            programs.append(kept(build(tree, ROOT / "target"), WORK / f"programs-{at}"))
    rounds = [[], []]
    for _ in range(args.rounds):
        for side in (0, 1):
            rounds[side].append(run(programs[side], args.filter, args.quick))
    table(best(rounds[0]), best(rounds[1]), (args.a[:14], args.b[:14]))
    print(f"\n{machine()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, work, rounds in (("micro", micro, 1), ("baseline", baseline, 1), ("compare", compare, 2)):
        command = commands.add_parser(name)
        command.set_defaults(work=work)
        if name == "compare":
            command.add_argument("a")
            command.add_argument("b")
        command.add_argument("filter", nargs="?", help="benches whose name matches this regular expression")
        command.add_argument("--rounds", type=int, default=rounds)
        command.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    args.work(args)


if __name__ == "__main__":
    main()
