"""What is promised when the power goes or the disk is full."""

import io
import os
import random
import threading
import time
import wave
from http.client import HTTPException

from box import PASSWORD, Box, Refused
from lab import need_mounts, test, until
from sip import Phone
from sipp import Sipp
from test_flows import expect, phones, talking

# Call records wait at most 200 ms before they are written; the clock of the test is not the daemon's.
BEHIND = 0.3


class Load:
    """Writes over the API and calls through a trunk, each noted when it was confirmed."""

    def __init__(self, box, phone, round_):
        self.box, self.phone, self.round = box, phone, round_
        self.stop = threading.Event()
        self.written, self.called = [], []
        self.began, self.slowest = time.monotonic(), 0.0
        self.threads = [threading.Thread(target=self.write), threading.Thread(target=self.call)]
        for thread in self.threads:
            thread.start()

    def write(self):
        at = 0
        while not self.stop.is_set():
            at += 1
            number = f"{self.round:03}{at:05}"
            self.began = time.monotonic()
            try:
                self.box.extension(number)
                self.written.append(number)
                self.slowest = max(self.slowest, time.monotonic() - self.began)
            except (OSError, HTTPException):
                return

    def call(self):
        at = 0
        while not self.stop.is_set():
            at += 1
            number = f"7{self.round:03}{at:05}"
            try:
                call = self.phone.call(number, limit=2)
                if call.final.status == 200:
                    self.called.append((number, time.monotonic()))
            except (OSError, AssertionError):
                return

    def behind(self, killed):
        """How old a record may be that was not on the disk yet. Behind a disk that is slow, which the
        writes tell, it waits for one write of another and for its own."""
        slowest = max(self.slowest, killed - self.began)
        return BEHIND + 2 * slowest

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


@test
def nothing_acknowledged_is_lost_when_the_daemon_is_killed(lab):
    rounds = 200 if lab.long else 10
    there = Sipp(lab, "uas", host="127.0.0.3", limit=3600)
    box = lab.box()
    trunk = box.trunk("carrier", "127.0.0.3", there.port, kind="static", transport="udp",
                      qualify_seconds=0)
    box.route_out("7.", [trunk])
    box.extension("201")
    writes = calls = 0
    for round_ in range(rounds):
        phone = Phone(box, "201")
        expect(phone.register(), 200)
        load = Load(box, phone, round_)
        time.sleep(random.uniform(0.3, 2))
        killed = time.monotonic()
        box.kill()
        load.end()
        phone.close()
        box.start()
        there_now = {one["number"] for one in box.every("extensions")}
        lost = [number for number in load.written if number not in there_now]
        if lost:
            raise AssertionError(f"round {round_}: acknowledged and lost: {lost}")
        records = {one["dialled"]: one for one in box.records()}
        for number, confirmed in load.called:
            if confirmed > killed - load.behind(killed):
                continue
            record = records.get(number)
            if record is None:
                raise AssertionError(
                    f"round {round_}: no record of {number}, {killed - confirmed:.3f} s old")
            if not record["ended"] or record["end"]["why"] != "crash":
                raise AssertionError(f"round {round_}: {number} has {record['end']}")
            calls += 1
        writes += len(load.written)
        for entry in box.every("extensions"):
            if entry["number"] != "201" and rounds > 20:
                box.ask("DELETE", f"extensions/{entry['id']}")
    if not writes or not calls:
        raise AssertionError(f"no load: {writes} writes, {calls} calls")
    return f"{rounds} kills, {writes} writes and {calls} call records were there"


class SmallDisk:
    """A place whose data folder is a file system of a few megabytes."""

    def __init__(self, lab, folder):
        need_mounts()
        os.makedirs(folder, exist_ok=True)
        script = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'
        self.words = ("unshare", "-m", "sh", "-c", script, folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


@test
def calls_go_on_when_the_disk_is_full(lab):
    box = Box(lab.sub("box"))
    lab.boxes.append(box)
    lab.at_end(box.kill)
    box.inside = SmallDisk(lab, box.data)
    box.start()
    # The file system is seen only from where the daemon is.
    inside = f"/proc/{box.process.pid}/root{box.data}"
    claim_through(box, inside)
    first, second = phones(lab, box, "201", "202")
    fill(os.path.join(inside, "filler"))
    refused = None
    for at in range(2000):
        try:
            box.extension(str(5000 + at))
        except Refused as why:
            refused = why
            break
    if refused is None or refused.status != 507:
        raise AssertionError(f"507 expected, got {refused}")
    if len(refused.problem.get("detail", "")) < 10:
        raise AssertionError(f"507 without a sentence: {refused.problem}")
    status, said, _ = box.ask_raw("POST", "sounds?name=Waltz", waltz())
    if status != 507 or b"disk is full" not in said:
        raise AssertionError(f"a sound on a full disk: {status} {said}")
    for _ in range(10):
        here, there = talking(first, second, "202")
        expect(here.hang_up(), 200)
        there.until_bye()
    if not box.alive():
        raise AssertionError("the daemon ended")
    os.remove(os.path.join(inside, "filler"))
    until(lambda: writes(box), "the API to take writes again", 20)
    sounds = os.path.join(inside, "sounds")
    if box.every("sounds") or os.path.isdir(sounds) and os.listdir(sounds):
        raise AssertionError("half a sound was left")
    until(lambda: sum(1 for one in box.records() if one["ended"]) >= 10,
          "the records of the calls made meanwhile", 20)
    return refused.problem["detail"]


def waltz():
    """A sound that is larger than what a full disk may still have."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16_000 * 30))
    return file.getvalue()


def claim_through(box, inside):
    with open(os.path.join(inside, "claim-code")) as file:
        code = file.read().strip()
    box.token = box.ask("POST", "setup/claim", {"claim_code": code, "name": "admin",
                                                "password": PASSWORD})["token"]


def fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def writes(box):
    try:
        box.extension("9999")
        return True
    except Refused as why:
        return why.status == 409
