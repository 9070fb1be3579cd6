"""What a call and a registration cost beside Kamailio: same peers, same machine, one run.

    signalling.py [--seconds N] [--rounds N] [--quick]

Kamailio is a proxy here: it keeps no call, no media ports and no record. The daemon is a full
B2BUA with anchored media ports and a durable record of every call.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
sys.dont_write_bytecode = True

import ports  # noqa: E402
from box import cpu_of  # noqa: E402
from lab import Lab, need, until  # noqa: E402
from sip import Phone, Wire  # noqa: E402
from sipp import Sipp  # noqa: E402

CALLER, CALLED, SECRET = "127.0.0.2", "127.0.0.3", "secret"
PHONES = 1000
RESULT = os.path.join(HERE, "..", "..", "docs", "bench", "signalling.md")


class Server:
    """What both have in common."""

    def cpu(self):
        return sum(cpu_of(pid) for pid in self.pids())

    def memory(self):
        """Proportional set size of all its processes, in bytes."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return total * 1024


class Strowger(Server):
    name = "strowgerd"
    number = "+442079460100"

    def __init__(self, lab):
        box = lab.box(media_ports=10_000)
        self.box, self.host, self.sip = box, box.host, box.sip
        box.ask("PUT", "settings", {**box.ask("GET", "settings"), "max_calls": 20000,
                                    "silence_seconds": 0})
        box.trunk("caller", CALLER, 5060, kind="static", transport="udp")
        box.extension("201", SECRET)
        box.route_in("+44.", "201")

    def add_phones(self, users):
        for number, secret in users:
            self.box.extension(number, secret)

    def pids(self):
        return [self.box.process.pid]


class Kamailio(Server):
    name = "Kamailio 5.6"
    number = "201"

    def __init__(self, lab):
        self.host, self.sip = "127.0.0.1", ports.free()
        folder = lab.sub("kamailio")
        with open(os.path.join(HERE, "kamailio.cfg")) as file:
            text = file.read().replace("LISTEN_UDP", f"udp:{self.host}:{self.sip}")
        path = os.path.join(folder, "kamailio.cfg")
        with open(path, "w") as file:
            file.write(text)
        self.process = lab.process([need("kamailio"), "-DD", "-E", "-f", path, "-m", "1024",
                                    "-M", "16", "-w", folder, "-Y", folder], folder)
        until(self.answers, "an answer of Kamailio", 20)

    def answers(self):
        wire = Wire(self.host, self.sip)
        try:
            here = f"{wire.host}:{wire.port}"
            wire.send(f"OPTIONS sip:{self.host} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKp"
                      f"\r\nMax-Forwards: 5\r\nFrom: <sip:p@{here}>;tag=1\r\nTo: <sip:p@{here}>\r\n"
                      f"Call-ID: {here}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
            return wire.receive(0.5)
        finally:
            wire.close()

    def add_phones(self, users):
        pass

    def pids(self):
        found = [self.process.pid]
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as file:
                        parent = int(file.read().rpartition(")")[2].split()[1])
                except OSError:
                    continue
                if parent == self.process.pid:
                    found.append(int(entry))
        return found


class Run:
    """One load of calls through one server."""

    def __init__(self, lab, server, rate, seconds, talk=0, direct=False):
        count = int(rate * seconds)
        there = Sipp(lab, "uas", host=CALLED, limit=seconds + 90)
        if direct:
            target, number = f"{CALLED}:{there.port}", "201"
        else:
            bind(server, f"<sip:201@{CALLED}:{there.port}>")
            target, number = f"{server.host}:{server.sip}", server.number
        before = 0 if direct else server.cpu()
        here = Sipp(lab, "uac", target, count, rate, CALLER, number, talk=talk,
                    at_once=15_000, limit=seconds + int(talk) + 60,
                    more=["-trace_rtt", "-rtt_freq", "1"])
        self.peak = 0
        if talk:
            time.sleep(seconds + talk / 2)
            self.peak = server.memory()
        here.wait()
        self.ms = 0 if direct else (server.cpu() - before) / count * 1000
        self.count, self.good = count, here.successful()
        self.retransmissions = here.retransmissions() + there.retransmissions()
        self.delays = delays(here.folder)
        there.process.terminate()
        there.process.wait()

    def clean(self):
        return self.good == self.count and self.retransmissions == 0

    def delay(self, part):
        if not self.delays:
            return 0.0
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * part))]


def bind(server, contact):
    class Place:
        host, sip = server.host, server.sip
    phone = Phone(Place, "201", SECRET, bind=CALLED)
    # The contacts before have to go, or the call would ring at closed doors too.
    for address, seconds in (("*", 0), (contact, 3600)):
        phone.contact = lambda: address
        answer = phone.register(seconds)
        if answer.status != 200:
            raise AssertionError(f"REGISTER was answered {answer.first}")
    phone.close()


def delays(folder):
    found = []
    for name in os.listdir(folder):
        if "_rtt" in name:
            with open(os.path.join(folder, name)) as file:
                for line in list(file)[1:]:
                    fields = line.split(";")
                    if len(fields) >= 2:
                        found.append(float(fields[1]))
    return sorted(found)


def registrations(lab, server):
    users = [(str(20000 + at), SECRET) for at in range(PHONES)]
    server.add_phones(users)
    time.sleep(1)
    idle, before = server.memory(), server.cpu()
    here = Sipp(lab, "register", f"{server.host}:{server.sip}", PHONES, 1000, CALLER, users=users)
    here.wait()
    cost = (server.cpu() - before) / PHONES * 1000
    if here.successful() != PHONES:
        raise AssertionError(f"{server.name}: {here.successful()} of {PHONES}: {here.errors()}")
    before = server.cpu()
    again = Sipp(lab, "register", f"{server.host}:{server.sip}", PHONES * 4, 1000, CALLER,
                 users=users)
    again.wait()
    refresh = (server.cpu() - before) / (PHONES * 4) * 1000
    time.sleep(1)
    return {"idle": idle, "first": cost, "refresh": refresh, "with": server.memory(),
            "each": (server.memory() - idle) / PHONES}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one short round, nothing written")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.seconds, wanted.rounds = 3, 1
    lab = Lab(tempfile.mkdtemp(prefix="strowger-bench-"), False)
    try:
        rows = measure(lab, wanted)
    finally:
        lab.close()
        lab.remove()
    text = table(rows)
    print(text)
    if not wanted.quick:
        os.makedirs(os.path.dirname(RESULT), exist_ok=True)
        with open(RESULT, "w") as file:
            file.write(text)


def measure(lab, wanted):
    servers = [Strowger(lab), Kamailio(lab)]
    rows = []
    # Memory first: what a load leaves behind for a while would hide it.
    figures = {server.name: registrations(lab, server) for server in servers}
    before = servers[0].memory()
    run = Run(lab, servers[0], 100, 10, talk=15)
    each = (run.peak - before) / run.count
    rows.append((f"memory for a call, {run.count} up", "100 KB", f"{each / 1024:.1f} KB", "", None))
    costs, spans = {}, {}
    for rate in (200, 1000):
        direct = Run(lab, None, rate, wanted.seconds, direct=True)
        for _ in range(wanted.rounds):
            for server in servers:
                run = Run(lab, server, rate, wanted.seconds)
                say(f"{server.name} at {rate}/s: {run.ms:.3f} ms a call, {run.good} of {run.count}, "
                    f"{run.retransmissions} retransmissions, p50 {run.delay(.5):.2f} ms, "
                    f"p99 {run.delay(.99):.2f} ms")
                costs.setdefault((server.name, rate), []).append(run.ms)
                spans.setdefault((server.name, rate), []).append(
                    (run.delay(.5) - direct.delay(.5), run.delay(.99) - direct.delay(.99)))
    ours, rival = servers[0].name, servers[1].name
    for rate in (200, 1000):
        mine, other = (statistics.mean(costs[name, rate]) for name in (ours, rival))
        rows.append((f"CPU for a call, {rate}/s", "1.0 of Kamailio", f"{mine:.3f} ms",
                     f"{other:.3f} ms", mine / other))
        for at, part in ((0, "p50"), (1, "p99")):
            mine, other = (statistics.mean(span[at] for span in spans[name, rate])
                           for name in (ours, rival))
            goal = "1 ms" if part == "p50" else ""
            rows.append((f"set-up delay added, {part}, {rate}/s", goal, f"{mine:.2f} ms",
                         f"{other:.2f} ms", None))
    best = {}
    for server in servers:
        best[server.name] = 0
        for rate in (2000, 3000, 4000):
            run = Run(lab, server, rate, wanted.seconds)
            say(f"{server.name} at {rate}/s: {run.good} of {run.count}, {run.retransmissions} "
                f"retransmissions, {run.ms:.3f} ms a call, p50 {run.delay(.5):.2f} ms")
            if run.good != run.count:
                break
            if run.clean():
                best[server.name] = rate
    rows.append(("clean calls a second", "3000", str(best[ours]), str(best[rival]),
                 best[ours] / best[rival] if best[rival] else None))
    mine, other = figures[ours], figures[rival]
    for name, key in (("CPU for a first registration", "first"),
                      ("CPU for a refreshed registration", "refresh")):
        rows.append((name, "1.0 of Kamailio", f"{mine[key]:.3f} ms", f"{other[key]:.3f} ms",
                     mine[key] / max(other[key], 1e-6)))
    rows.append((f"memory with {PHONES} phones", "30 MB", mb(mine["with"]), mb(other["with"]),
                 mine["with"] / other["with"]))
    rows.append(("memory for a registration", "2 KB", f"{mine['each'] / 1024:.1f} KB",
                 f"{other['each'] / 1024:.1f} KB", None))
    time.sleep(40)
    rows.append(("memory kept 40 s after the load", "", mb(servers[0].memory()), "", None))
    rows.append(("memory idle, fresh", "", mb(mine["idle"]), mb(other["idle"]), None))
    return rows


def table(rows):
    with open("/proc/cpuinfo") as file:
        model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    text = ("# Signalling beside Kamailio\n\n"
            f"{os.cpu_count()} cores of {model}, sipp on the same cores, "
            f"{time.strftime('%Y-%m-%d')}. `make bench` writes this file.\n"
            "Kamailio is a stateful proxy without call records; the daemon is a B2BUA with media "
            "ports and a durable record.\n\n"
            "| what | goal | strowgerd | Kamailio | ratio |\n|---|---|---|---|---|\n")
    for what, goal, ours, rival, ratio in rows:
        text += f"| {what} | {goal} | {ours} | {rival} | {'' if ratio is None else f'{ratio:.2f}'} |\n"
    return text


def mb(octets):
    return f"{octets / 1048576:.1f} MB"


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
