"""Makes the school that `reads_bench.py` asks about, through a server: the same one each time, but for its ids.

Everybody's account began a month ago, and everybody was enrolled then: the server's clock is set back for it. Answers come in
a few days at a time, one student after the other, as they do where many study: what one of them did lies in many places.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import struct
import threading
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor

DAY_MS = 86_400_000
DAYS = 30
ANSWERS_A_DAY = 100
DAYS_A_REQUEST = 2
LARGE_DECK_CARDS = 10_000
STUDIED_OF_LARGE_DECK = 900
SMALL_DECKS = 8
SMALL_DECK_CARDS = 60
CLASS_STUDENTS = 30
HANDS = 4


def scattered(n, below):
    """The n-th of a row of numbers without an order that is the same each time."""
    return (n * 2_654_435_761 % (1 << 32)) * below >> 32


def uuid7(at_ms):
    return str(uuid.UUID(int=at_ms << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret, user, role, org, name, hours=12):
    """What `studyhall token` prints; made here, because there are hundreds."""
    now = int(time.time())
    claims = {"sub": user, "role": role, "org": org, "name": name, "iss": "studyhall", "aud": "studyhall", "iat": now,
              "exp": now + hours * 3_600}
    said = ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return said + "." + base64url(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest())


class Line:
    """A connection that is kept."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=120)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method, path, bearer, body=None, kind="application/json"):
        """Status, bytes, and milliseconds from the request to the last byte."""
        headers = {"authorization": f"Bearer {bearer}", "content-type": kind}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        began = time.perf_counter()
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        read = answer.read()
        return answer.status, read, (time.perf_counter() - began) * 1_000

    def expect(self, method, path, bearer, body=None, kind="application/json"):
        while True:
            status, read, _ = self.ask(method, path, bearer, body, kind)
            if status < 300:
                return json.loads(read) if read else None
            if status not in (429, 503):
                raise SystemExit(f"{method} {path}: {status} {read.decode()[:500]}")
            time.sleep(0.05)


class Monitor:
    """A teacher's socket, as far as it takes to hold a lesson."""

    def __init__(self, url, class_id, bearer):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall((f"GET /ws/v1/classes/{class_id}/monitor HTTP/1.1\r\nhost: {parts.netloc}\r\nupgrade: websocket\r\n"
                             f"connection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n"
                             "sec-websocket-protocol: studyhall.v1\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline().strip():
            pass
        self.sequence = 0
        self.send({"type": "hello", "token": bearer, "instance": str(uuid.uuid4()), "client_time": int(time.time() * 1_000)})
        self.until("welcome")

    def send(self, frame):
        data, mask = json.dumps(frame).encode(), secrets.token_bytes(4)
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else struct.pack("!BBH", 0x81, 0xFE, len(data))
        self.socket.sendall(head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)))

    def until(self, kind):
        message = b""
        while True:
            first, second = self.file.read(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack("!H", self.file.read(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.file.read(8))[0]
            data = self.file.read(length)
            if first & 0x0F == 8:
                raise SystemExit(f"the monitor socket was closed: {data!r}")
            message += data if first & 0x0F in (0, 1) else b""
            if first & 0x80 and message:
                frame, message = json.loads(message), b""
                if frame["type"] == kind:
                    return
                if frame["type"] == "error":
                    raise SystemExit(f"the monitor socket: {frame}")

    def says(self, kind, **fields):
        self.sequence += 1
        self.send({"type": kind, "seq": self.sequence, "id": uuid7(int(time.time() * 1_000)), **fields})
        self.until("saved")


class School:
    """Who is in it and what there is, by their ids."""

    def __init__(self, secret, students):
        self.org = str(uuid.uuid4())
        self.secret = secret
        self.teacher, self.further = self.person("teacher", "Ada Teacher"), self.person("teacher", "Ben Further")
        self.students = [self.person("learner", f"Student {n:03d}") for n in range(students)]
        self.decks, self.cards, self.classes, self.large_class = [], [], [], None
        self.homework, self.lessons, self.jobs = {}, {}, []

    def person(self, role, name):
        user = str(uuid.uuid4())
        return user, token(self.secret, user, role, self.org, name)

    def set_clock(self, line, at_ms):
        line.expect("POST", "/dev/clock", self.teacher[1], {"now": at_ms})

    def filled(self, url):
        """Makes all of it."""
        line, now_ms = Line(url), int(time.time() * 1_000)
        self.set_clock(line, now_ms - (DAYS + 1) * DAY_MS)
        self.makes_decks(line)
        self.makes_classes(line)
        self.set_clock(line, now_ms)
        self.studies(url, now_ms)
        # A connection that is silent so long is closed.
        self.teaches(Line(url), url)

    def makes_decks(self, line):
        bearer = self.teacher[1]
        for nth in range(1 + SMALL_DECKS):
            count = SMALL_DECK_CARDS if nth else LARGE_DECK_CARDS
            deck = line.expect("POST", "/api/v1/decks", bearer, {
                "title": f"Unit {nth}" if nth else "All words", "visibility": "class", "tags": ["words"],
                "settings": {"new_per_day": 1_000, "reviews_per_day": 1_000}})["deck_id"]
            for first in range(0, count, 1_000):
                cards = [{"front": f"word {n:06d} of list {nth}", "back": f"meaning {scattered(n, 1_000_000):06d}, as it is said in most places"}
                         for n in range(first, min(count, first + 1_000))]
                made = line.expect("POST", f"/api/v1/decks/{deck}/cards/bulk", bearer, {"cards": cards})["cards"]
                self.cards += [(deck, card["card_id"]) for card in made if nth or len(self.cards) < STUDIED_OF_LARGE_DECK]
            self.decks.append(deck)
        table = "front,back\n" + "".join(f"new {n},neu {n}\n" for n in range(100))
        for nth in range(5):
            job = line.expect("POST", f"/api/v1/imports?filename=t{nth}.csv", bearer, (table + f"{nth},{nth}\n").encode(), "text/csv")["job_id"]
            while not line.expect("GET", f"/api/v1/imports/{job}", bearer)["finished"]:
                time.sleep(0.02)
            self.jobs.append(job)

    def makes_classes(self, line):
        for _, bearer in [*self.students, self.further]:
            line.expect("GET", "/api/v1/me", bearer)
        groups = [self.students[first:first + CLASS_STUDENTS] for first in range(0, len(self.students), CLASS_STUDENTS)]
        for nth, group in enumerate([*groups, self.students]):
            made = line.expect("POST", "/api/v1/classes", self.teacher[1], {"title": f"Class {nth}"})["class_id"]
            for deck in self.decks:
                line.expect("PUT", f"/api/v1/classes/{made}/decks/{deck}", self.teacher[1])
            for user, _ in group:
                line.expect("PUT", f"/api/v1/classes/{made}/students/{user}", self.teacher[1])
            line.expect("PUT", f"/api/v1/classes/{made}/teachers/{self.further[0]}", self.teacher[1])
            self.classes.append(made)
        self.large_class = self.classes.pop()

    def answers(self, nth, first_ms, days):
        """What a student answers in some days: two sittings a day, one answer in a hundred taken back."""
        commands = []
        for day in range(days):
            for n in range(ANSWERS_A_DAY):
                if n % (ANSWERS_A_DAY // 2) == 0:
                    sitting = uuid7(first_ms + day * DAY_MS + n * 60_000)
                at_ms = first_ms + day * DAY_MS + n * 60_000 + scattered(n + nth, 30_000)
                deck, card = self.cards[secrets.randbelow(len(self.cards))]
                answer = {"type": "answer", "id": uuid7(at_ms), "deck_id": deck, "card_id": card, "grade": (5, 4, 3, 4, 1)[secrets.randbelow(5)],
                          "elapsed_ms": 1_000 + secrets.randbelow(20_000), "sitting": sitting}
                commands.append(answer)
            commands.append({"type": "undo", "id": uuid7(at_ms + 500), "of": answer["id"]})
        return {"commands": commands}

    def studies(self, url, now_ms):
        """The month, up to an hour ago."""
        begin_ms, here = now_ms - DAYS * DAY_MS - ANSWERS_A_DAY * 60_000, threading.local()

        def sends(nth, first_ms):
            if not hasattr(here, "line"):
                here.line = Line(url)
            told = here.line.expect("POST", "/api/v1/reviews", self.students[nth][1], self.answers(nth, first_ms, DAYS_A_REQUEST))
            refused = [verdict for verdict in told["verdicts"] if verdict["verdict"] != "durable"]
            if refused:
                raise SystemExit(f"an answer was refused: {refused[0]}")

        with ThreadPoolExecutor(HANDS) as hands:
            for day in range(1, DAYS + 1, DAYS_A_REQUEST):
                first_ms = begin_ms + day * DAY_MS - DAY_MS // 24
                for done in [hands.submit(sends, nth, first_ms) for nth in range(len(self.students))]:
                    done.result()

    def teaches(self, line, url):
        """Homework for each class, and a lesson that was held in it."""
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 86_400))
        for nth, class_id in enumerate(self.classes):
            self.homework[class_id] = line.expect("POST", f"/api/v1/classes/{class_id}/homework", self.teacher[1], {
                "deck_id": self.decks[1], "due": today, "rule": {"kind": "each_card"}})["homework_id"]
            monitor = Monitor(url, class_id, self.teacher[1])
            monitor.says("open", lesson=uuid7(int(time.time() * 1_000)))
            for student in range(nth * CLASS_STUDENTS, min(len(self.students), (nth + 1) * CLASS_STUDENTS)):
                commands = self.answers(student, int(time.time() * 1_000) - ANSWERS_A_DAY * 60_000, 1)["commands"][:2]
                for command in commands:
                    command["id"] = uuid7(int(time.time() * 1_000))
                line.expect("POST", "/api/v1/reviews", self.students[student][1], {"commands": commands})
            monitor.says("close")
        for class_id in self.classes:
            until = time.monotonic() + 60
            while class_id not in self.lessons and time.monotonic() < until:
                items = line.expect("GET", f"/api/v1/classes/{class_id}/lessons", self.teacher[1])["items"]
                self.lessons.update({class_id: items[0]["lesson_id"]} if items else {})
                time.sleep(0 if items else 0.05)
