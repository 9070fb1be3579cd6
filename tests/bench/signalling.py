"""What calls and registrations cost beside the rivals: same peers, same machine, one run.

    signalling.py [--seconds N] [--rounds N] [--quick]
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

from lab import Skipped  # noqa: E402
from loads import Bench, Registering, Run, relayed  # noqa: E402
from servers import SECRET, Asterisk, Kamailio, Strowger  # noqa: E402
from table import Table, kb, mb, ms  # noqa: E402

RESULT = os.path.join(HERE, "..", "..", "docs", "bench", "signalling.md")
# Phones whose registering is timed, and those whose memory is.
PHONES, MORE = 1000, 5000
# Seconds: longer than a transaction stands (RFC 3261 timers J and B), and the same after the load.
SETTLED, KEPT = 45, 40
# Calls a second of the costs, and the most that Asterisk is asked for there.
RATES, SLOW = (200, 1000), 200


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one short round, nothing written")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.seconds, wanted.rounds = 3, 1
    lab = Bench(tempfile.mkdtemp(prefix="strowger-bench-"), False)
    try:
        measured = measure(lab, wanted)
    except Exception:
        say(f"what the servers and sipp said is in {lab.folder}")
        raise
    finally:
        lab.close()
    lab.remove()
    print(measured)
    if not wanted.quick:
        os.makedirs(os.path.dirname(RESULT), exist_ok=True)
        with open(RESULT, "w") as file:
            file.write(str(measured))


def measure(lab, wanted):
    servers, absent = [Strowger(lab), Kamailio(lab)], None
    try:
        servers.append(Asterisk(lab))
    except (Skipped, AssertionError) as why:
        absent = f"Asterisk, because {why}"
        say(f"left out: {absent}")
    rows = Table(servers, absent)
    # Memory first: what a load leaves behind for a while would hide it.
    idle = {server.name: server.memory() for server in servers}
    users = [(str(20000 + at), SECRET) for at in range(PHONES + MORE)]
    registering(lab, servers, users, rows)
    standing(lab, servers, rows)
    crowding(lab, servers, users, rows)
    calling(lab, servers, wanted, rows)
    growing(lab, servers, wanted, rows)
    time.sleep(KEPT)
    rows.row(f"memory kept {KEPT} s after the load", "",
             {server.name: server.memory() for server in servers}, mb)
    rows.row("memory idle, fresh", "", idle, mb)
    return rows


def registering(lab, servers, users, rows):
    """CPU and memory of registrations. All wait together for what each has to wait for."""
    first, refreshed, full, before, after = {}, {}, {}, {}, {}
    for server in servers:
        server.add_phones(users[:PHONES])
        first[server.name] = Registering(lab, server, users[:PHONES], 1000).demand().ms
        refreshed[server.name] = Registering(lab, server, users[:PHONES], 1000, 4).ms
        full[server.name] = server.memory()
    for server in servers:
        server.add_phones(users[PHONES:])
    time.sleep(SETTLED)
    for server in servers:
        before[server.name] = server.memory()
        Registering(lab, server, users[PHONES:], 500).demand()
    time.sleep(SETTLED)
    for server in servers:
        after[server.name] = (server.memory() - before[server.name]) / MORE
    rows.row("CPU for a first registration", "1.0 of Kamailio", first, ms)
    rows.row("CPU for a refreshed registration", "1.0 of Kamailio", refreshed, ms)
    rows.row(f"memory with {PHONES} phones, at once", "30 MB", full, mb)
    rows.row("memory for a registration", "2 KB", after, kb)


def standing(lab, servers, rows):
    """Memory of calls that are up, without media and with."""
    without, memory, cpu = {}, {}, {}
    for server in servers:
        if not server.media:
            continue
        try:
            memory[server.name], cpu[server.name], heard = relayed(server, 100, 5)
            say(f"{server.name}, 100 calls with RTP: {heard:.2%} of the packets came through")
        except AssertionError as why:
            say(f"{server.name}, 100 calls with RTP: {why}")
    time.sleep(SETTLED)
    for server in servers:
        if not server.media:
            continue
        before = server.memory()
        run = Run(lab, server, 100, 10, talk=15)
        without[server.name] = (run.peak - before) / run.count
    rows.row("memory for a call, 1000 up", "100 KB", without, kb)
    rows.row("memory for a relayed call with RTP, 100 up", "100 KB", memory, kb)
    rows.row("CPU for 100 relayed calls with RTP", "", cpu, lambda part: f"{part:.1f} % of a core")


def crowding(lab, servers, users, rows):
    """The registrations a second at which each begins to need more than one try."""
    best = {}
    for server in servers:
        best[server.name] = 0
        for rate in (1000, 2000, 3000, 4000, 6000):
            run = Registering(lab, server, users[:rate], rate, 3)
            say(f"{server.name}, {rate} registrations a second: {run.good} of {run.count}, "
                f"{run.retransmissions} retransmissions, {run.ms:.3f} ms each")
            if not run.clean():
                break
            best[server.name] = rate
    rows.row("clean registrations a second", "", best, str)


def calling(lab, servers, wanted, rows):
    """CPU for a call, and what it adds to the set-up, at rates that all or nearly all can carry."""
    for rate in RATES:
        costs, middle, tail = {}, {}, {}
        direct = Run(lab, None, rate, wanted.seconds, probed=True)
        say(f"no server at {rate}/s: {direct}")
        for _ in range(wanted.rounds):
            for server in servers:
                if rate > SLOW and isinstance(server, Asterisk):
                    continue
                run = Run(lab, server, rate, wanted.seconds, probed=True)
                say(f"{server.name} at {rate}/s: {run}")
                for kept, figure in ((costs, run.ms), (middle, run.delay(.5) - direct.delay(.5)),
                                     (tail, run.delay(.99) - direct.delay(.99))):
                    kept.setdefault(server.name, []).append(figure)
        for what, goal, found in ((f"CPU for a call, {rate}/s", "1.0 of Kamailio", costs),
                                  (f"set-up delay added, p50, {rate}/s", "1 ms", middle),
                                  (f"set-up delay added, p99, {rate}/s", "", tail)):
            rows.row(what, goal, {name: statistics.mean(all) for name, all in found.items()}, ms)


def growing(lab, servers, wanted, rows):
    """The calls a second at which each begins to fail."""
    top = servers[0].rates[-1]
    say(f"no server at {top}/s: {Run(lab, None, top, wanted.seconds)}")
    clean, whole = {}, {}
    for server in servers:
        clean[server.name] = whole[server.name] = 0
        for rate in server.rates:
            run = Run(lab, server, rate, wanted.seconds)
            say(f"{server.name} at {rate}/s: {run}")
            if not run.whole():
                break
            whole[server.name] = rate
            if run.clean():
                clean[server.name] = rate
    rows.row("clean calls a second", "3000", clean, str)
    rows.row("calls a second up to the first failure", "", whole, str)


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main()
