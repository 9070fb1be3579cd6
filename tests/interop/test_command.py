"""The command line: clear refusals, backups that move, recordings that play back."""

import os
import socket
import subprocess

from box import Box, address, binary
from lab import test
from test_flows import expect, phones, talking


def strowgerd(*words, text=None, **environment):
    return subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60,
                          input=text, env={**os.environ, **environment})


@test
def misuse_is_refused_in_one_sentence_before_anything_is_touched(lab):
    data = os.path.join(lab.folder, "never")
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    busy = address("127.0.0.1", taken.getsockname()[1])
    for words in (["run", "--data", data, "--colour", "blue"],
                  ["run", "--data", data, "--sip", "nonsense"],
                  ["run", "--data", data, "--media-ports", "9-3"],
                  ["run", "--data", data, "--http", busy],
                  ["run", "--data", "/proc/nowhere"],
                  ["dance"]):
        done = strowgerd(*words)
        lines = done.stderr.strip().splitlines()
        if done.returncode != 2 or len(lines) != 1:
            raise AssertionError(f"{words}: exit code {done.returncode}, {done.stderr!r}")
        if os.path.exists(data):
            raise AssertionError(f"{words} touched the data folder")
    taken.close()


@test
def a_recorded_run_plays_back_the_same(lab):
    record = os.path.join(lab.folder, "inputs.record")
    box = lab.box(record=record)
    first, second = phones(lab, box, "201", "202")
    for _ in range(3):
        here, there = talking(first, second, "202")
        expect(here.hang_up(), 200)
        there.until_bye()
    box.stop()
    if os.stat(record).st_mode & 0o777 != 0o600:
        raise AssertionError("others may read the recording")
    with open(record, "rb") as file:
        if b"secret-of-the-test" in file.read():
            raise AssertionError("a secret is in the recording")
    done = strowgerd("replay", record)
    if done.returncode != 0:
        raise AssertionError(f"replay: {done.stdout[-400:]} {done.stderr[-400:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else None


@test
def a_backup_restores_on_another_box(lab):
    box = lab.box()
    box.extension("201")
    box.trunk("carrier", "192.0.2.1", 5060, kind="static", secret="trunk secret")
    status, data, _ = box.ask_raw("POST", "backup", {"passphrase": "a long passphrase"})
    if status != 200 or not data.startswith(b"age-encryption.org/v1"):
        raise AssertionError(f"backup: {status}, {data[:40]!r}")
    file = os.path.join(lab.folder, "box.age")
    with open(file, "wb") as out:
        out.write(data)
    other = Box(lab.sub("other"))
    lab.boxes.append(other)
    lab.at_end(other.kill)
    done = strowgerd("restore", file, "--data", other.data,
                     STROWGER_PASSPHRASE="a long passphrase")
    if done.returncode != 0:
        raise AssertionError(f"restore: {done.stderr}")
    other.start()
    other.token = other.ask("POST", "session", {"name": "admin",
                                                "password": "correct horse battery"})["token"]
    if [one["number"] for one in other.every("extensions")] != ["201"]:
        raise AssertionError("the extension did not come along")
    if [one["name"] for one in other.every("trunks")] != ["carrier"]:
        raise AssertionError("the trunk did not come along")


@test
def a_lost_password_is_reset_at_the_machine(lab):
    box = lab.box()
    box.stop()
    done = strowgerd("reset-admin", "--data", box.data)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    box.token = None
    box.start().claim()
    if strowgerd("version").returncode != 0:
        raise AssertionError("no version")
    box.stop()
    if strowgerd("check", "--data", box.data).returncode != 0:
        raise AssertionError("a sound data folder is not found so")
