"""A server that a bench starts on a folder of its own."""

import json
import os
import subprocess
import sys
import time

READY_WITHIN_S = 60
LOOK_EVERY_S = 0.02


def started(binary, folder, secret, *options, **variables):
    """The process of a server that is ready, and its address. What it says lies in `log`."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    environment = dict(os.environ, STUDYHALL_AUTH_SECRET=secret, **variables)
    command = [binary, "serve", "--data-dir", folder / "data", "--listen", "127.0.0.1:0", "--ready-file", ready, *options]
    with open(folder / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    until = time.monotonic() + READY_WITHIN_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            sys.exit("the server did not start: " + (folder / "log").read_text(encoding="utf-8"))
        time.sleep(LOOK_EVERY_S)
    return process, json.loads(ready.read_text(encoding="utf-8"))["url"].rstrip("/")
