"""What a test is given: a folder, boxes and peers in it, and the end of them all afterwards."""

import os
import shutil
import subprocess
import time

import ports
from box import Box

TESTS = []


class Skipped(Exception):
    """This machine cannot do the test; the text says why."""


def test(function):
    """Marks a test. Its name is a sentence; it may return a sentence with its figures."""
    TESTS.append(function)
    return function


class Lab:
    """The world of one test."""

    def __init__(self, folder, long):
        self.folder = folder
        self.long = long
        self.boxes = []
        self.endings = []

    def box(self, **flags):
        """A claimed box with nothing set up."""
        box = Box(self.sub("box"), **flags)
        self.boxes.append(box)
        self.at_end(box.kill)
        return box.start().claim()

    def sub(self, name):
        """A new folder."""
        path = os.path.join(self.folder, f"{name}-{len(os.listdir(self.folder))}")
        os.mkdir(path)
        return path

    def process(self, words, folder, inside=None, **options):
        """A process that does not outlive the test."""
        log = open(os.path.join(folder, "output.log"), "ab")
        process = subprocess.Popen([*getattr(inside, "words", ()), *words], cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, **options)
        log.close()

        def end():
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(3)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

        self.at_end(end)
        return process

    def at_end(self, ending):
        self.endings.append(ending)

    def close(self):
        while self.endings:
            try:
                self.endings.pop()()
            except Exception as why:  # the other endings still have to come
                print(f"while tidying up: {why}")
        ports.all_back()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def until(true, what, limit=15, every=0.05):
    """Waits until something is so, and gives it; says what did not come when it takes too long."""
    end = time.monotonic() + limit
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(every)


def need_root():
    if os.geteuid() != 0:
        raise Skipped("only root may do this")


def need_mounts():
    """Mounts of its own, which root does not have everywhere: not in a container, nor in a changed root."""
    need_root()
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Skipped(f"nothing can be mounted here: {tried.stderr.strip()}")


def need(program):
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Skipped(f"{program} is not installed")
    return found


__all__ = ["Lab", "Skipped", "TESTS", "need", "need_mounts", "need_root", "ports", "test", "until"]
