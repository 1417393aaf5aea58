#!/usr/bin/env python3
"""Measures the reads that pages need, over one kept connection, at a server with a busy month of answers.

    reads_bench.py PATH_OF_STUDYHALL [--students N] [--starts N] [--times N] [--only TEXT] [--school FOLDER] [--warm-files]
                   [--without-answers] [--workers N] [--at-once]

There are a deck of 10,000 cards and eight small ones, classes of 30 students and one of all of them (300), each student with 100
answers a day for 30 days, homework and a lesson (reads_school.py).

*From the store*: after each start every route is asked once by each of several people who have asked for nothing since then, and
about classes that nobody has asked for. What the system had of the store's files in memory is dropped before (--warm-files leaves
it). The large class is asked for last, while other students come in: theirs is the line `me/home meanwhile`.
*From memory*: the same request by the same person again and again; *while answers come*: again, while the students of that
class answer, one every two seconds each. Milliseconds from the first byte sent to the last one read, Python's own (about
0.3) included; p99 of fewer than a hundred is the largest. Processor time is the server's, all threads, in milliseconds a request.
Figures count on an idle machine alone; processor time counts beside other work too, if less. --school keeps what was
made there, and uses it again.
"""

import argparse
import os
import pickle
import secrets
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench_server import started
from reads_school import Line, School

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ANSWER_EVERY_S = 2.0


class Route:
    """A read, and of whom and what it is asked."""

    def __init__(self, name, path, of="student", budget=True):
        self.name, self.path, self.of, self.budget = name, path, of, budget


STUDENT = [
    Route("me", "/me"),
    Route("me/home", "/me/home"),
    Route("me/homework", "/me/homework"),
    Route("decks", "/decks?limit=100&sort=path"),
    Route("decks?figures=true", "/decks?limit=100&figures=true"),
    Route("decks/tree", "/decks/tree?figures=true"),
    Route("decks/batch", "/decks/batch?ids={decks}"),
    Route("a deck", "/decks/{deck}"),
    Route("progress of a large deck", "/decks/{deck}/progress"),
    Route("progress of a small deck", "/decks/{small}/progress"),
    Route("cards of a deck", "/decks/{deck}/cards?limit=50"),
    Route("cards of a deck, searched", "/decks/{deck}/cards?limit=50&q=word%20009"),
    Route("search", "/cards/search?q=meaning"),
    Route("search of a deck", "/cards/search?q=word%20000777&deck_id={deck}"),
    Route("a card", "/decks/{deck}/cards/{card}"),
    Route("state of a card", "/decks/{deck}/cards/{card}/state"),
    Route("due", "/due?limit=1"),
    Route("due of a deck", "/due?limit=1&deck_id={deck}"),
    Route("history", "/history?limit=50"),
    Route("analytics", "/analytics"),
    Route("sittings", "/sittings?limit=50"),
    Route("classes of a student", "/classes?limit=100"),
    Route("a class of a student", "/classes/{class}"),
    Route("events", "/events?limit=100"),
]
CLASS = [
    Route("a class", "/classes/{class}", "class"),
    Route("its students", "/classes/{class}/students?limit=100", "class"),
    Route("its dashboard", "/classes/{class}/dashboard", "class"),
    Route("its analytics", "/classes/{class}/analytics?limit=100", "class"),
    Route("its teachers", "/classes/{class}/teachers", "class"),
    Route("its lesson", "/classes/{class}/lesson", "class"),
    Route("its lessons", "/classes/{class}/lessons?limit=20", "class"),
    Route("report of a lesson", "/classes/{class}/lessons/{lesson}", "class"),
    Route("its homework", "/classes/{class}/homework", "class"),
    Route("how homework stands", "/classes/{class}/homework/{homework}", "class"),
    Route("its progress report", "/classes/{class}/reports", "report"),
]
TEACHER = [
    Route("teacher: me/home", "/me/home", "teacher"),
    Route("teacher: classes", "/classes?limit=100", "teacher"),
    Route("teacher: decks", "/decks?limit=100&sort=path", "teacher"),
    Route("teacher: users", "/users?limit=100", "teacher"),
    Route("teacher: imports", "/imports?limit=20", "teacher"),
    Route("teacher: an import", "/imports/{job}", "teacher"),
    Route("teacher: events", "/events?limit=100", "teacher"),
    Route("further teacher: me/home", "/me/home", "further"),
    Route("further teacher: a deck", "/decks/{deck}", "further"),
]
LARGE = [
    Route("large class: a class", "/classes/{class}", "large", False),
    Route("large class: dashboard", "/classes/{class}/dashboard", "large", False),
    Route("large class: analytics", "/classes/{class}/analytics?limit=100", "large", False),
]
ROUTES = [*STUDENT, *CLASS, *TEACHER, *LARGE]


class Server:
    """A server on the school's folder."""

    def __init__(self, binary, folder, secret, *options):
        self.process, self.url = started(binary, folder, secret, *options, STUDYHALL_RATE_LIMIT="off")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def rested(self):
        """Waits until what nobody waits for is done: words are indexed and logs condensed behind whoever made the school."""
        spent = -1.0
        while self.spent_ms() - spent > 50:
            spent = self.spent_ms()
            time.sleep(5)

    def spent_ms(self):
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1_000 / TICKS_PER_S


def dropped(folder):
    """The system forgets what it had read of these files."""
    for file in folder.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


class Asking:
    """Whoever asks, and about what."""

    def __init__(self, school, line):
        self.school, self.line = school, line

    def who(self, route, nth):
        school = self.school
        people = {"class": school.teacher, "report": school.teacher, "large": school.teacher, "teacher": school.teacher,
                  "further": school.further}
        return people.get(route.of) or school.students[nth % len(school.students)]

    def ask(self, route, nth, line=None):
        """Bytes and milliseconds. `nth`: of the students, or of the classes, which one."""
        school, line = self.school, line or self.line
        of_students = len(school.classes) * nth // len(school.students)
        class_id = school.classes[of_students if route.of == "student" else nth % len(school.classes)]
        deck, card = school.cards[0]
        path = "/api/v1" + route.path.format(**{
            "class": school.large_class if route.of == "large" else class_id, "deck": deck, "card": card,
            "small": school.decks[1], "decks": ",".join(school.decks), "lesson": school.lessons[class_id],
            "homework": school.homework[class_id], "job": school.jobs[0]})
        bearer = self.who(route, nth)[1]
        if route.of == "report":
            return self.made(path, bearer, line)
        status, read, took_ms = line.ask("GET", path, bearer)
        if status != 200:
            sys.exit(f"{path}: {status} {read.decode()[:500]}")
        return len(read), took_ms

    @staticmethod
    def made(path, bearer, line):
        """A report from the question until it is read."""
        began = time.perf_counter()
        report = line.expect("POST", path, bearer, {"kind": "class_progress"})["report"]
        while True:
            status, read, _ = line.ask("GET", f"/api/v1/reports/{report}/content?format=json", bearer)
            if status == 200:
                return len(read), (time.perf_counter() - began) * 1_000
            time.sleep(0.001)


class Answering:
    """The students of a class answer meanwhile."""

    def __init__(self, school, url, students):
        self.school, self.url, self.students = school, url, students
        self.over, self.given = threading.Event(), 0
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def go_on(self):
        line = Line(self.url)
        while not self.over.wait(ANSWER_EVERY_S / len(self.students)):
            nth = self.students[self.given % len(self.students)]
            command = self.school.answers(nth, int(time.time() * 1_000), 1)["commands"][0]
            line.expect("POST", "/api/v1/reviews", self.school.students[nth][1], {"commands": [command]})
            self.given += 1


class Beside:
    """Others come in while something takes long."""

    def __init__(self, asking, url, students):
        self.asking, self.url, self.students = asking, url, students
        self.over, self.took = threading.Event(), []
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    __enter__, __exit__ = Answering.__enter__, Answering.__exit__

    def go_on(self):
        line, home = Line(self.url), next(route for route in ROUTES if route.name == "me/home")
        for nth in self.students:
            self.took.append(self.asking.ask(home, nth, line)[1])
            if self.over.wait(0.005):
                return


def p99(took):
    return sorted(took)[max(0, -(-len(took) * 99 // 100) - 1)]


class Figures:
    """What was measured of a route."""

    def __init__(self):
        self.first, self.again, self.answered = [], [], []
        self.bytes, self.cpu_ms = 0, None


def from_the_store(args, folder, secret, school, wanted, found):
    """Each start asks everybody at most once; where one route began, another begins the next time."""
    folded = len(school.students)
    for start in range(args.starts):
        if not args.warm_files:
            dropped(folder / "data")
        with Server(args.binary, folder, secret, *args.options) as server:
            time.sleep(0.5)
            asking = Asking(school, Line(server.url))
            of_student = [route for route in wanted if route.of == "student"]
            each = max(1, (folded * 3 // 4) // max(1, len(of_student)))
            turn = start * 7 % max(1, len(of_student))
            for at, route in enumerate(of_student[turn:] + of_student[:turn]):
                for nth in range(at * each, (at + 1) * each):
                    found[route.name].first.append(asking.ask(route, nth)[1])
            of_class = [route for route in wanted if route.of in ("class", "report")]
            for at, route in enumerate(of_class):
                found[route.name].first.append(asking.ask(route, at + start)[1])
            for route in [route for route in wanted if route.of in ("teacher", "further")]:
                found[route.name].first.append(asking.ask(route, 0)[1])
            large = [route for route in wanted if route.of == "large"]
            if large:
                with Beside(asking, server.url, range(folded * 3 // 4, folded)) as beside:
                    for route in large:
                        found[route.name].first.append(asking.ask(route, 0)[1])
                found["me/home meanwhile"].first += beside.took


def again_and_again(args, folder, secret, school, wanted, found):
    with Server(args.binary, folder, secret, *args.options) as server:
        asking = Asking(school, Line(server.url))
        for route in wanted:
            of = found[route.name]
            of.bytes, _ = asking.ask(route, 0)
            before = server.spent_ms()
            of.again = [asking.ask(route, 0)[1] for _ in range(args.times)]
            of.cpu_ms = (server.spent_ms() - before) / args.times
        if args.without_answers:
            return
        students = range(min(30, len(school.students)))
        with Answering(school, server.url, students) as answering:
            for route in wanted:
                for _ in range(args.times):
                    found[route.name].answered.append(asking.ask(route, 0)[1])
                    time.sleep(0.002)
        print(f"{answering.given} answers came meanwhile", file=sys.stderr)


def shown(found, routes):
    def cells(took):
        return (f"{statistics.median(took):.1f} | {p99(took):.1f} | {max(took):.1f}" if took else " | | ")

    print("| | from the store: asked | p50 | p99 | max | from memory: p50 | p99 | max | processor time "
          "| while answers come: p50 | p99 | max | bytes | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    of = {route.name: route for route in routes}
    for name, figures in found.items():
        missed = [what for what, took, most in (("store", figures.first, 50), ("memory", figures.again, 5),
                                                ("memory beside answers", figures.answered, 5)) if took and p99(took) > most]
        missed = missed if name not in of or of[name].budget else []
        spent = f"{figures.cpu_ms:.2f}" if figures.cpu_ms is not None else ""
        print(f"| {name} | {len(figures.first)} | {cells(figures.first)} | {cells(figures.again)} | {spent} "
              f"| {cells(figures.answered)} | {figures.bytes:,} | {', '.join(missed)} |", flush=True)


def a_school(args, folder, secret_file):
    """The school, made or found again, and its secret."""
    kept = folder / "school.pickle"
    if kept.exists():
        with open(kept, "rb") as file:
            return pickle.load(file)
    secret_file.write_text(secrets.token_hex(32), encoding="utf-8")
    school = School(secret_file.read_text(encoding="utf-8"), args.students)
    began = time.monotonic()
    with Server(args.binary, folder, school.secret, "--dev-clock") as server:
        school.filled(server.url)
        if not args.at_once:
            server.rested()
    print(f"the school was made in {time.monotonic() - began:.0f} s", file=sys.stderr)
    with open(kept, "wb") as file:
        pickle.dump(school, file)
    return school


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--only", default="", help="routes whose names hold this text")
    parser.add_argument("--school", type=Path, help="a folder for the school, which stays there; else it is made anew")
    parser.add_argument("--warm-files", action="store_true")
    parser.add_argument("--at-once", action="store_true", help="asks before the store has indexed words and condensed logs by itself")
    parser.add_argument("--without-answers", action="store_true")
    parser.add_argument("--workers", help="web workers of the server")
    args = parser.parse_args()
    args.options = ["--workers", args.workers] if args.workers else []
    with tempfile.TemporaryDirectory() as made_in:
        folder = args.school or Path(made_in)
        folder.mkdir(parents=True, exist_ok=True)
        school = a_school(args, folder, folder / "secret")
        wanted = [route for route in ROUTES if args.only in route.name]
        names = [route.name for route in wanted]
        found = {name: Figures() for name in [*names, *(["me/home meanwhile"] if any(r.of == "large" for r in wanted) else [])]}
        from_the_store(args, folder, school.secret, school, wanted, found)
        again_and_again(args, folder, school.secret, school, wanted, found)
        shown(found, wanted)


if __name__ == "__main__":
    main()
