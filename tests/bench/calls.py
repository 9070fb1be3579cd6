"""What a call and a registration cost, beside Kamailio in the same run.

    calls.py [--rates 200,1000] [--seconds 6] [--rounds 2] [--write FILE]

sipp calls through the server under test to another sipp, without media: INVITE-180-200-ACK-BYE on both
sides. The figure is the server's CPU time (user and system, all its processes) for one call; the rivals
take turns, so that a noisy minute falls on both. The box is a B2BUA with anchored media ports and a
durable record; Kamailio is a stateful proxy that keeps no call.
"""

import argparse
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))
sys.dont_write_bytecode = True

from box import Box  # noqa: E402
import ports  # noqa: E402

CALLER, CALLEE, SERVER = "127.0.0.2", "127.0.0.3", "127.0.0.1"
HERTZ = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU of a process and all its descendants."""
    total = 0
    for each in [pid, *descendants(pid)]:
        try:
            with open(f"/proc/{each}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / HERTZ


def resident(pid):
    """Proportional memory of a process and all its descendants, in bytes."""
    total = 0
    for each in [pid, *descendants(pid)]:
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                total += int(re.search(r"Pss:\s+(\d+)", file.read()).group(1)) * 1024
        except OSError:
            pass
    return total


def descendants(pid):
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            children = []
        found += children
        todo += children
    return found


class Strowger:
    name = "strowger"

    def __init__(self, folder, callee_port):
        self.box = Box(os.path.join(folder, "box"), host=SERVER)
        os.makedirs(self.box.folder)
        # Ports rest after use: at 3,000 calls a second that is what they need.
        self.box.media_ports = (20000, 59999)
        self.box.start().claim()
        self.port = self.box.sip
        self.pid = self.box.process.pid
        self.box.ask("PUT", "settings", {**self.box.ask("GET", "settings"), "max_calls": 100000})
        self.box.ask("POST", "extensions", {"number": "201", "secret": "secret"})
        trunk = {"name": "generator", "kind": "static", "host": CALLER, "transport": "udp"}
        self.box.ask("POST", "trunks", trunk)
        route = {"name": "all", "did": "!", "destination": "201"}
        self.box.ask("POST", "routes/inbound", route)
        register(self.port, "201", "secret", f"sip:201@{CALLEE}:{callee_port}", bind=CALLEE)

    def stop(self):
        self.box.stop()


class Kamailio:
    name = "kamailio"

    CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:%(server)s:%(port)d
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("auth", "nonce_expire", 300)
modparam("auth", "qop", "auth")
modparam("usrloc", "db_mode", 0)
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (has_totag()) {
        # The generator's built-in scenarios take no Record-Route.
        $du = "sip:%(callee)s:%(callee_port)d";
        t_relay();
        exit;
    }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("bench", "secret", "0")) { www_challenge("bench", "1"); exit; }
        if (!save("location")) { sl_reply_error(); }
        exit;
    }
    $du = "sip:%(callee)s:%(callee_port)d";
    t_relay();
}
"""

    def __init__(self, folder, callee_port):
        self.port = ports.free()
        self.log = os.path.join(folder, "kamailio.log")
        config = os.path.join(folder, "kamailio.cfg")
        with open(config, "w") as file:
            file.write(self.CONFIG % {"server": SERVER, "port": self.port, "callee": CALLEE,
                                      "callee_port": callee_port})
        program = shutil.which("kamailio", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-DD", "-E", "-f", config, "-m", "1024", "-M", "16", "-w", folder,
             "-Y", folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(folder, "kamailio.log"), "wb"))
        self.pid = self.process.pid
        time.sleep(2)
        if self.process.poll() is not None:
            raise SystemExit("kamailio did not start: " + open(
                os.path.join(folder, "kamailio.log")).read()[-500:])

    def stop(self):
        self.process.terminate()
        self.process.wait()
        if os.environ.get("VERBOSE"):
            print(open(self.log).read()[-1500:])


def register(port, user, secret, contact, bind):
    import hashlib
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((bind, 0))
        wire.settimeout(5)
        own = wire.getsockname()[1]

        def ask(cseq, more=""):
            text = (f"REGISTER sip:{SERVER} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP {bind}:{own};branch=z9hG4bK{cseq}{own};rport\r\n"
                    f"Max-Forwards: 70\r\nFrom: <sip:{user}@{SERVER}>;tag=1\r\n"
                    f"To: <sip:{user}@{SERVER}>\r\nCall-ID: {own}\r\nCSeq: {cseq} REGISTER\r\n"
                    f"Contact: <{contact}>\r\nExpires: 3600\r\n{more}Content-Length: 0\r\n\r\n")
            wire.sendto(text.encode(), (SERVER, port))
            return wire.recv(4096).decode()

        challenge = [line for line in ask(1).splitlines() if "MD5" in line][0]
        nonce = re.search(r'nonce="([^"]+)"', challenge).group(1)
        realm = re.search(r'realm="([^"]+)"', challenge).group(1)
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
        uri = f"sip:{SERVER}"
        answer = md5(f"{md5(f'{user}:{realm}:{secret}')}:{nonce}:00000001:c:auth:"
                     f"{md5(f'REGISTER:{uri}')}")
        final = ask(2, f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", '
                       f'uri="{uri}", response="{answer}", algorithm=MD5, qop=auth, nc=00000001, '
                       f'cnonce="c"\r\n')
        if not final.startswith("SIP/2.0 200"):
            raise SystemExit(final)


def run_calls(folder, server, rate, seconds):
    """One load; gives CPU ms a call, calls that failed, and the set-up delay."""
    calls = rate * seconds
    stats = os.path.join(folder, f"{server.name}-{rate}-{time.monotonic_ns()}.csv")
    before = cpu_seconds(server.pid)
    done = subprocess.run(
        ["sipp", "-sn", "uac", "-i", CALLER, "-p", str(ports.free()), "-s", "+442079460958",
         f"{SERVER}:{server.port}", "-r", str(rate), "-m", str(calls), "-l", "20000", "-d", "0",
         "-nostdin", "-trace_stat", "-stf", stats, "-fd", "1", *(["-trace_msg", "-message_file", "/tmp/try/msg.log"] if os.environ.get("VERBOSE") else []), "-timeout", str(seconds * 4 + 20)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.7)  # what is written behind belongs to the call
    spent = cpu_seconds(server.pid) - before
    with open(stats) as file:
        lines = [line.rstrip("\n").split(";") for line in file if line.strip()]
    last = dict(zip(lines[0], lines[-1]))
    ok = int(last["SuccessfulCall(C)"])
    failed = int(last["FailedCall(C)"])
    again = int(last["Retransmissions(C)"])
    return {"ms": 1000 * spent / max(ok, 1), "ok": ok, "failed": failed, "again": again,
            "exit": done.returncode}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="200,1000")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only")
    wanted = parser.parse_args()

    folder = tempfile.mkdtemp(prefix="strowger-bench-")
    callee_port = ports.free()
    callee = subprocess.Popen(
        ["sipp", "-sn", "uas", "-i", CALLEE, "-p", str(callee_port), "-nostdin"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    servers = []
    try:
        for kind in (Strowger, Kamailio):
            if not wanted.only or kind.name == wanted.only:
                servers.append(kind(folder, callee_port))
        table(folder, servers, wanted)
        for server in servers:
            print(f"{server.name}: {resident(server.pid) / 1e6:.1f} MB after the load")
    finally:
        for server in servers:
            server.stop()
        callee.terminate()
        shutil.rmtree(folder, ignore_errors=True)


def table(folder, servers, wanted):
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    for rate in [int(word) for word in wanted.rates.split(",")]:
        figures = {server.name: [] for server in servers}
        for _ in range(wanted.rounds):
            for server in servers:
                outcome = run_calls(folder, server, rate, wanted.seconds)
                figures[server.name].append(outcome["ms"])
                print(f"{rate:5}/s {server.name:9} {outcome['ms']:.3f} ms a call, {outcome['ok']} ok, "
                      f"{outcome['failed']} failed, {outcome['again']} sent again")
        medians = {name: statistics.median(values) for name, values in figures.items()}
        if len(medians) == 2:
            ours, rival = medians["strowger"], medians["kamailio"]
            print(f"{rate:5}/s ratio {ours / rival:.2f}")


if __name__ == "__main__":
    main()
