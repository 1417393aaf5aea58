#!/usr/bin/env python3
"""Measures imports the whole way through a server: four files, made the same each time, are uploaded one after the other to
a server whose folder is empty in the beginning.

    import_bench.py PATH_OF_STUDYHALL [--rounds N] [--only table,reviews,package,answers] [--share PERCENT]
                    [--files FOLDER] [--without-anki]

For each file: rows a second from the first byte sent to the end of the job, the server's processor time a row, how far
its resident memory went above what it had before, and what it wrote to the disk. Each round has a folder of its own; for
each file the server is started again. Where the Python package `anki` can be imported, the same table and packages go
into a collection of its own, in a process of its own. Figures count on an idle machine alone; processor time counts beside
other work too, if less. --share makes smaller files, for a first look; --files keeps them.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from pathlib import Path

from bench_server import LOOK_EVERY_S, started

ROWS = {"table": 199_000, "reviews": 1_000_000, "package": 150_000, "answers": 150_000}
REVIEWED_CARDS = 1_000
ANSWERS_PER_CARD = 2
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
FIRST_MS = 1_600_000_000_000

SCHEMA = """
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL, scm integer NOT NULL,
  ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL, ls integer NOT NULL, conf text NOT NULL,
  models text NOT NULL, decks text NOT NULL, dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL, mod integer NOT NULL,
  usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL, sfld integer NOT NULL, csum integer NOT NULL,
  flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL, queue integer NOT NULL, due integer NOT NULL,
  ivl integer NOT NULL, factor integer NOT NULL, reps integer NOT NULL, lapses integer NOT NULL,
  left integer NOT NULL, odue integer NOT NULL, odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL,
  ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL, time integer NOT NULL,
  type integer NOT NULL);
CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);
"""


def scattered(n, below):
    """The n-th of a row of numbers without an order that is the same each time."""
    return (n * 2_654_435_761 % (1 << 32)) * below >> 32


def texts(n):
    """Front and back of the n-th card: a word, and a few lines about it."""
    front = f"word {n:06d} of the list"
    back = f"<b>meaning {scattered(n, 1_000_000):06d}</b> as it is said in most places<br>and an example: {n * 7:07d}"
    return front, back


def table(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["front", "back", "tags"])
        out.writerows([*texts(n), f"unit{n // 500}"] for n in range(rows))


def reviewed_cards():
    """The table of the cards that the review history is about."""
    out = io.StringIO()
    csv.writer(out).writerows([["guid", "front", "back"]] + [[f"c{n}", *texts(n)] for n in range(REVIEWED_CARDS)])
    return out.getvalue().encode()


def reviews(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["guid", "at_ms", "grade", "elapsed_ms"])
        for n in range(rows):
            card, grade = scattered(n, REVIEWED_CARDS), (5, 4, 3, 4, 1)[n % 5]
            out.writerow([f"c{card}", FIRST_MS + n * 90_000 + scattered(n, 60_000), grade, 1_000 + scattered(n, 20_000)])


def package(path, rows, answers_per_card, work):
    """A package of the oldest form: one note a card; with answers, each card has a schedule."""
    collection = work / "collection.anki2"
    db = sqlite3.connect(collection)
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
    crt, deck, model = FIRST_MS // 1_000, 1_500_000_000_000, 1_400_000_000_000
    db.execute("INSERT INTO col VALUES (1, ?, 0, 0, 11, 0, 0, 0, ?, ?, ?, ?, '{}')", (crt, *definitions(deck, model)))
    has_schedule = answers_per_card > 0
    for n in range(rows):
        note, fields = FIRST_MS + n, "\x1f".join(texts(n))
        tags, sort = f" unit{n // 500} ", texts(n)[0]
        db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, -1, ?, ?, ?, 0, 0, '')",
                   (note, f"g{n:x}", model, crt, tags, fields, sort))
        stands = (2, 2, 900 + n % 200, 10 + n % 90, 2_500, answers_per_card, 0) if has_schedule else (0, 0, n, 0, 0, 0, 0)
        db.execute("INSERT INTO cards VALUES (?, ?, ?, 0, ?, -1, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, '')",
                   (FIRST_MS + n, note, deck, crt, *stands))
        for nth in range(answers_per_card):
            at_ms = FIRST_MS + (nth * rows + n) * 60_000 + scattered(n, 50_000)
            db.execute("INSERT INTO revlog VALUES (?, ?, -1, 3, ?, ?, 2500, 6000, ?)",
                       (at_ms, FIRST_MS + n, 10 if nth else 4, 4 if nth else -600, 1 if nth else 0))
    db.commit()
    db.close()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(collection, collection.name)
        archive.writestr("media", "{}")
    collection.unlink()


def definitions(deck, model):
    """Configuration, note types, decks and options of a collection."""
    def field(name, nth):
        return {"name": name, "ord": nth, "sticky": False, "rtl": False, "font": "Arial", "size": 20, "media": []}

    def deck_of(number, name):
        return {"id": number, "mod": 0, "name": name, "usn": -1, "lrnToday": [0, 0], "revToday": [0, 0],
                "newToday": [0, 0], "timeToday": [0, 0], "collapsed": False, "browserCollapsed": False, "desc": "",
                "dyn": 0, "conf": 1, "extendNew": 0, "extendRev": 0}

    template = {"name": "Card 1", "ord": 0, "qfmt": "{{Front}}", "did": None, "bqfmt": "", "bafmt": "",
                "afmt": "{{FrontSide}}\n\n<hr id=answer>\n\n{{Back}}", "bfont": "", "bsize": 0}
    models = {model: {"id": model, "name": "Basic", "type": 0, "mod": 0, "usn": -1, "sortf": 0, "did": None,
                      "tmpls": [template], "flds": [field("Front", 0), field("Back", 1)], "css": ".card {}",
                      "latexPre": "", "latexPost": "", "latexsvg": False, "req": [[0, "any", [0]]], "tags": [],
                      "vers": []}}
    conf = {"schedVer": 2, "sched2021": True, "curDeck": 1, "activeDecks": [1], "nextPos": 1, "collapseTime": 1_200,
            "addToCur": True, "dueCounts": True, "estTimes": True, "newSpread": 0, "timeLim": 0,
            "sortType": "noteFld", "sortBackwards": False, "dayLearnFirst": False, "rollover": 4, "creationOffset": 0}
    options = {1: {"id": 1, "mod": 0, "name": "Default", "usn": -1, "maxTaken": 60, "autoplay": True, "timer": 0,
                   "replayq": True, "dyn": False,
                   "new": {"bury": False, "delays": [1, 10], "initialFactor": 2_500, "ints": [1, 4, 0], "order": 1,
                           "perDay": 20},
                   "rev": {"bury": False, "ease4": 1.3, "ivlFct": 1, "maxIvl": 36_500, "perDay": 200,
                           "hardFactor": 1.2},
                   "lapse": {"delays": [10], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0}}}
    decks = {1: deck_of(1, "Default"), deck: deck_of(deck, "Words")}
    return tuple(json.dumps(part) for part in (conf, models, decks, options))


def made(folder, only, share):
    """The files by their names; those of another share have other names."""
    files = {}
    for name in only:
        rows = max(1, ROWS[name] * share // 100)
        kind = "apkg" if name in ("package", "answers") else "csv"
        path = folder / f"{name}-{rows}.{kind}"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            if name == "table":
                table(path, rows)
            elif name == "reviews":
                reviews(path, rows)
            else:
                package(path, rows, ANSWERS_PER_CARD if name == "answers" else 0, folder)
        files[name] = (path, rows)
    return files


class Server:
    """A server on a folder, and somebody who imports."""

    def __init__(self, binary, folder, secret, user):
        self.process, self.url = started(binary, folder, secret)
        environment = dict(os.environ, STUDYHALL_AUTH_SECRET=secret)
        token = [binary, "token", "--user", user, "--role", "teacher", "--ttl", "2h"]
        self.token = subprocess.run(token, env=environment, check=True, capture_output=True, text=True).stdout.strip()
        time.sleep(1)
        self.idle_kib = self.status("VmRSS")

    def ends(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def status(self, name):
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])

    def spent(self):
        """Processor time so far in seconds, and bytes that went to the disk."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        written = Path(f"/proc/{self.process.pid}/io").read_text(encoding="utf-8")
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S, int(re.search(r"\nwrite_bytes: (\d+)", written)[1])

    def asked(self, path, body=None):
        headers = {"authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["content-type"] = "application/octet-stream"
            headers["content-length"] = str(len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size)
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            sys.exit(f"{path}: {error} {error.read().decode()}")

    def imports(self, body, name):
        job = self.asked(f"/imports?filename={name}", body)["job_id"]
        while True:
            seen = self.asked(f"/imports/{job}")
            if seen["finished"]:
                break
            time.sleep(LOOK_EVERY_S)
        if seen["phase"] != "done" or seen.get("rejected"):
            sys.exit(f"{name} did not come in: {json.dumps(seen)[:2_000]}")

    def measured(self, path, rows):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="utf-8")
        (cpu, written), began = self.spent(), time.monotonic()
        with open(path, "rb") as file:
            self.imports(file, path.name)
        took = time.monotonic() - began
        after, written_after = self.spent()
        return {
            "rows_per_s": rows / took,
            "cpu_us": (after - cpu) / rows * 1e6,
            "more_mib": (self.status("VmHWM") - self.idle_kib) / 1_024,
            "written_mib": (written_after - written) / (1 << 20),
        }


def through_a_server(binary, files):
    """The figures of each file: one folder for all, in which each begins with a server that holds nothing in memory."""
    with tempfile.TemporaryDirectory() as folder:
        found, who = {}, (secrets.token_hex(32), str(uuid.uuid4()))
        for name, (path, rows) in files.items():
            if name == "reviews":
                with serving(binary, Path(folder), *who) as server:
                    server.imports(reviewed_cards(), "cards.csv")
            with serving(binary, Path(folder), *who) as server:
                found[name] = server.measured(path, rows)
        return found


@contextlib.contextmanager
def serving(binary, folder, secret, user):
    """A server that is stopped in the end."""
    server = Server(binary, folder, secret, user)
    try:
        yield server
    finally:
        server.ends()


IN_ANKI = """
import sys, time
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest, ImportCsvRequest
kind, path, collection = sys.argv[1:]
col = Collection(collection)
spent, began = time.process_time(), time.monotonic()
if kind == "table":
    metadata = col.get_csv_metadata(path, None)
    metadata.is_html = True
    col.import_csv(ImportCsvRequest(path=path, metadata=metadata))
else:
    options = ImportAnkiPackageOptions(with_scheduling=True, with_deck_configs=True)
    col.import_anki_package(ImportAnkiPackageRequest(package_path=path, options=options))
print(time.monotonic() - began, time.process_time() - spent, col.card_count())
"""


def in_anki(files):
    """Rows a second, and processor time a row, of the Python package `anki`; nothing where it cannot be imported."""
    found = {}
    for name, (path, rows) in files.items():
        if name == "reviews":
            continue
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-c", IN_ANKI, name, path, os.path.join(folder, "collection.anki2")]
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                print(f"anki: {name} not measured: {ran.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            took, spent, cards = map(float, ran.stdout.split())
            if cards != rows:
                print(f"anki: {name} has {cards:.0f} cards of {rows}", file=sys.stderr)
            found[name] = {"rows_per_s": rows / took, "cpu_us": spent / rows * 1e6}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(ROWS))
    parser.add_argument("--share", type=int, default=100)
    parser.add_argument("--files", type=Path, help="a folder for the files, which stay there; else they are made anew")
    parser.add_argument("--without-anki", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made_in:
        folder = args.files or Path(made_in)
        folder.mkdir(parents=True, exist_ok=True)
        files = made(folder, args.only, args.share)
        print("| file | rows a second | processor time a row | resident memory more | written |")
        print("|---|---|---|---|---|")
        for _ in range(args.rounds):
            for name, of in through_a_server(args.binary, files).items():
                print(f"| {name}, {files[name][1]:,} | {of['rows_per_s']:,.0f} | {of['cpu_us']:.2f} µs "
                      f"| {of['more_mib']:.0f} MiB | {of['written_mib']:.0f} MiB |", flush=True)
        if args.without_anki:
            return
        for name, of in in_anki(files).items():
            print(f"| {name}, in anki | {of['rows_per_s']:,.0f} | {of['cpu_us']:.2f} µs | | |")


if __name__ == "__main__":
    main()
