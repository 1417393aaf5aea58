#!/usr/bin/env python3
"""Has a property-based tester ask a server everything that its own document of the API allows, and much that it does not:
no answer may be a fault of the server, or other than the document says.

Usage: api_test.py PATH_OF_STUDYHALL PATH_OF_SCHEMATHESIS [examples an operation]
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

EXAMPLES = 10
SEED = 7
READY_WITHIN_S = 60
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
]


def started(binary, folder, secret):
    """A server of its own, and where it is."""
    ready = os.path.join(folder, "ready.json")
    environment = dict(os.environ, STUDYHALL_AUTH_SECRET=secret)
    command = [binary, "serve", "--data-dir", os.path.join(folder, "data"), "--listen", "127.0.0.1:0"]
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [*command, "--ready-file", ready], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    until = time.monotonic() + READY_WITHIN_S
    while not os.path.exists(ready):
        if server.poll() is not None or time.monotonic() > until:
            server.kill()
            sys.exit("the server did not start: " + open(os.path.join(folder, "log"), encoding="utf-8").read())
        time.sleep(0.01)
    with open(ready, encoding="utf-8") as file:
        return server, json.load(file)["url"].rstrip("/")


def asked(url, token, method, path, body, media_type="application/json"):
    """A request that has to be answered as asked."""
    data = json.dumps(body).encode() if media_type == "application/json" and body is not None else body
    headers = {"authorization": f"Bearer {token}", "content-type": media_type}
    request = urllib.request.Request(f"{url}/api/v1{path}", data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def stocked(url, binary, secret):
    """A teacher with a deck, a card, a class, a student and an import; the values that stand in paths."""
    school = str(uuid.uuid4())
    environment = dict(os.environ, STUDYHALL_AUTH_SECRET=secret)

    def token(user, role):
        command = [binary, "token", "--user", user, "--role", role, "--org", school, "--ttl", "2h"]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    teacher, student = str(uuid.uuid4()), str(uuid.uuid4())
    mine, theirs = token(teacher, "teacher"), token(student, "learner")
    asked(url, theirs, "GET", "/me", None)
    deck = asked(url, mine, "POST", "/decks", {"title": "Biology"})["deck_id"]
    card = asked(url, mine, "POST", f"/decks/{deck}/cards", {"front": "cell", "back": "unit of life"})["card_id"]
    group = asked(url, mine, "POST", "/classes", {"title": "7b"})["class_id"]
    asked(url, mine, "PUT", f"/classes/{group}/students/{student}", None)
    asked(url, mine, "PUT", f"/classes/{group}/decks/{deck}", None)
    job = asked(url, mine, "POST", "/imports?dry_run=true", b"front,back\na,b\n", "text/csv")["job_id"]
    values = {"deck_id": deck, "card_id": card, "class_id": group, "user_id": student, "job_id": job}
    return mine, {f"path.{name}": value for name, value in values.items()}


def finds_a_lie(url, folder, base, rules):
    """Whether the tester notices that one answer is not what the document says: then its silence means something."""
    with urllib.request.urlopen(f"{url}/api/openapi.json", timeout=30) as answer:
        document = json.load(answer)
    document["components"]["schemas"]["MeOut"]["properties"]["name"] = {"type": "integer"}
    lie = os.path.join(folder, "lie.json")
    with open(lie, "w", encoding="utf-8") as file:
        json.dump(document, file)
    only = ["--url", url, "--include-path", "/api/v1/me", "--include-method", "GET"]
    run = subprocess.run([*base, lie, *rules, *only], cwd=folder, check=False, capture_output=True, text=True)
    return run.returncode == 1 and "schema" in run.stdout.lower()


def main():
    binary, tester = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    examples = sys.argv[3] if len(sys.argv) > 3 else str(EXAMPLES)
    secret = secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as folder:
        server, url = started(binary, folder, secret)
        try:
            token, values = stocked(url, binary, secret)
            settings = os.path.join(folder, "schemathesis.toml")
            with open(settings, "w", encoding="utf-8") as file:
                file.write("[parameters]\n" + "".join(f'"{name}" = "{value}"\n' for name, value in values.items()))
            rules = ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)]
            rules += ["--phases", "coverage,fuzzing", "--max-examples", examples, "--seed", str(SEED)]
            # What nodes ask each other is no part of what is promised to others.
            rules += ["--exclude-tag", "nodes", "--warnings", "off", "--continue-on-failure"]
            # One at a time: in two threads the tester can fail by itself ("AST constructor recursion depth mismatch", an error of
            # Python 3.11's parser).
            rules += ["--workers", "1"]
            base = [tester, "--config-file", settings, "run"]
            # Deletions come in a run of their own: what they delete is what all others are about.
            outcomes = [
                subprocess.run([*base, f"{url}/api/openapi.json", *rules, *which], cwd=folder, check=False).returncode
                for which in (["--exclude-method", "DELETE"], ["--include-method", "DELETE"])
            ]
            finds = finds_a_lie(url, folder, base, rules)
            alive = server.poll() is None
        finally:
            server.terminate()
            server.wait(timeout=60)
        if not alive:
            sys.exit("the server ended by itself")
        if not finds:
            sys.exit("the tester does not notice an answer that is other than the document says")
        sys.exit(max(outcomes))


if __name__ == "__main__":
    main()
