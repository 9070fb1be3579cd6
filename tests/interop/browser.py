"""Debian's chromium with JsSIP in a page: a browser as a telephone, driven by lines of JSON."""

import os
import subprocess

from lab import need, until
from lines import Driven

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


class Browser(Driven):
    """One page with one telephone; `source` is the WAV that it hears from its microphone."""

    def __init__(self, lab, box, user, secret, source, path="/ws", register=True,
                 inside=None):
        need("node")
        install()
        self.box, self.user, self.secret = box, user, secret
        self.url = f"https://{box.host}:{box.http}"
        folder = lab.sub(f"browser-{user}")
        super().__init__(lab, ["node", AGENT, self.url, source], folder, user, inside)
        if register:
            self.register(path)

    def register(self, path="/ws"):
        self.say("register", user=self.user, secret=self.secret,
                 sockets=self.url.replace("https", "wss") + path)
        self.until("registered")
        until(lambda: self.box.registered(self.user), f"{self.user} registered")

    def recording(self):
        """A WAV of what was heard in the last call."""
        path = os.path.join(self.folder, f"heard-{len(self.events)}.wav")
        self.say("record", path=path)
        self.until("recorded")
        return path
