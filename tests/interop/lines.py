"""Programs that are told what to do by lines of JSON, and tell by such lines what happened."""

import json
import os
import subprocess
import threading
import time


class Driven:
    """One program; `name` is whom it is in sentences about failures."""

    def __init__(self, lab, words, folder, name, inside=None):
        self.folder, self.name = folder, name
        self.events, self.told, self.place = [], threading.Condition(), 0
        with open(os.path.join(folder, "output.log"), "ab") as log:
            words = [*getattr(inside, "words", ()), *words]
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        lab.at_end(self.close)
        threading.Thread(target=self.listen, daemon=True).start()
        self.until("ready", limit=60)

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
        return self.until("done").get("given")

    def until(self, *kinds, limit=20, **fields):
        """The next event of one of these kinds, behind the last one waited for."""
        end = time.monotonic() + limit
        with self.told:
            while True:
                for place in range(self.place, len(self.events)):
                    event = self.events[place]
                    if event["event"] == "error":
                        raise AssertionError(f"{self.name}: {event['text']}")
                    fits = all(event.get(name) == value for name, value in fields.items())
                    if event["event"] in kinds and fits:
                        self.place = place + 1
                        return event
                left = end - time.monotonic()
                if left <= 0 or not self.told.wait(left):
                    raise AssertionError(f"{self.name}: no {' or '.join(kinds)} within {limit} s, only "
                                         + json.dumps(self.events[-12:]))

    def every(self, kind):
        """All events of a kind so far."""
        with self.told:
            return [event for event in self.events if event["event"] == kind]

    def output(self):
        with open(os.path.join(self.folder, "output.log"), errors="replace") as file:
            return file.read()

    def close(self):
        if self.process.poll() is None:
            try:
                self.say("close")
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
