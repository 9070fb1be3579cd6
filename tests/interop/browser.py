"""Debian's chromium with JsSIP in a page: a browser as a telephone, driven by lines of JSON."""

import json
import os
import subprocess
import threading
import time

from lab import need, until

AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "browser", "agent.js")


def install():
    """The packages of tests/browser, unless they are there."""
    folder = os.path.dirname(AGENT)
    if os.path.isdir(os.path.join(folder, "node_modules", "jssip")):
        return
    need("npm")
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"npm has not got the packages of tests/browser: {done.stderr.strip()[-300:]}")


class Browser:
    """One page with one telephone; `source` is the WAV that it hears from its microphone."""

    def __init__(self, lab, box, user, secret, source, path="/ws", register=True):
        need("node")
        install()
        self.lab, self.box, self.user, self.secret = lab, box, user, secret
        self.folder = lab.sub(f"browser-{user}")
        self.events, self.told, self.place = [], threading.Condition(), 0
        self.url = f"https://{box.host}:{box.http}"
        log = open(os.path.join(self.folder, "output.log"), "ab")
        self.process = subprocess.Popen(["node", AGENT, self.url, source], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        lab.at_end(self.close)
        threading.Thread(target=self.listen, daemon=True).start()
        self.until("ready", 60)
        if register:
            self.register(path)

    def register(self, path="/ws"):
        self.say("register", user=self.user, secret=self.secret,
                 sockets=self.url.replace("https", "wss") + path)
        self.until("registered")
        until(lambda: self.box.registered(self.user), f"{self.user} registered")

    def listen(self):
        for line in self.process.stdout:
            with self.told:
                self.events.append(json.loads(line))
                self.told.notify_all()

    def say(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()

    def ask(self, what, **more):
        self.say(what, **more)
        return self.until("done")["given"]

    def until(self, *kinds, limit=20, **fields):
        """The next event of one of these kinds, behind the last one waited for."""
        limit = kinds[1] if len(kinds) > 1 and isinstance(kinds[1], int) else limit
        kinds = [kind for kind in kinds if isinstance(kind, str)]
        end = time.monotonic() + limit
        with self.told:
            while True:
                for place in range(self.place, len(self.events)):
                    event = self.events[place]
                    if event["event"] == "error":
                        raise AssertionError(f"in the page: {event['text']}")
                    fits = all(event.get(name) == value for name, value in fields.items())
                    if event["event"] in kinds and fits:
                        self.place = place + 1
                        return event
                left = end - time.monotonic()
                if left <= 0 or not self.told.wait(left):
                    raise AssertionError(f"{self.user}: no {' or '.join(kinds)} within {limit} s, only "
                                         + json.dumps(self.events[-12:]))

    def recording(self):
        """A WAV of what was heard in the last call."""
        path = os.path.join(self.folder, f"heard-{len(self.events)}.wav")
        self.say("record", path=path)
        self.until("recorded")
        return path

    def close(self):
        if self.process.poll() is None:
            try:
                self.say("close")
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
