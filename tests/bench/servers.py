"""The daemon and its rivals, each set up to carry the same calls and registrations."""

import glob
import os
from concurrent.futures import ThreadPoolExecutor

import ports
from box import Box, cpu_of
from lab import Skipped, need, until
from sip import Phone, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "secret"
# Where callers are and where phones are: the caller is known by its address.
CALLER, CALLED = "127.0.0.2", "127.0.0.3"
# What the phones of the loads of calls, of the probe and of the calls with media are reached by.
LOAD, PROBE, MEDIA = "201", "202", "203"


class Server:
    """What they have in common."""

    # Whether it forwards the calls' media, and how fast a load of calls may grow to find its end.
    media = True
    rates = (1000, 2000, 3000, 4000)

    def number(self, phone):
        """What a caller dials to reach a phone."""
        return phone

    def add_phones(self, users):
        """Makes known who may register, numbers and secrets."""

    def pids(self):
        return [self.process.pid]

    def cpu(self):
        return sum(cpu_of(pid) for pid in self.pids())

    def memory(self):
        """Proportional set size of all its processes, in bytes."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}")
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return total * 1024

    def bind(self, phone, contact):
        """Registers one place for a phone, and no other."""
        speaker = Phone(self, phone, SECRET, bind=CALLED)
        # The contacts before have to go, or the call would ring at closed doors too.
        for address, seconds in (("*", 0), (contact, 3600)):
            speaker.contact = lambda: address
            answer = speaker.register(seconds)
            if answer.status != 200:
                raise AssertionError(f"{self.name}: REGISTER was answered {answer.first}")
        speaker.close()

    def answers(self):
        """Whether it speaks SIP yet."""
        wire = Wire(self.host, self.sip)
        try:
            here = f"{wire.host}:{wire.port}"
            wire.send(f"OPTIONS sip:{self.host} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKp"
                      f"\r\nMax-Forwards: 5\r\nFrom: <sip:p@{here}>;tag=1\r\nTo: <sip:p@{here}>\r\n"
                      f"Call-ID: {here}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
            return wire.receive(0.5)
        finally:
            wire.close()


class Strowger(Server):
    """A full B2BUA with anchored media ports and a durable record of every call."""

    name = "strowgerd"

    def __init__(self, lab):
        # Media at an address of its own: its ports are nobody else's, and enough for all calls of a
        # load at a time, resting ones included.
        box = Box(lab.sub("box"), media=["127.0.0.6"])
        box.media_ports = 32_000, 61_999
        lab.at_end(box.kill)
        box.start().claim()
        self.box, self.host, self.sip, self.process = box, box.host, box.sip, box.process
        box.ask("PUT", "settings", {**box.ask("GET", "settings"), "max_calls": 20000,
                                    "load_percent": 0, "silence_seconds": 0})
        box.trunk("caller", CALLER, 5060, kind="static", transport="udp", qualify_seconds=0)
        for phone in (LOAD, PROBE, MEDIA):
            box.extension(phone, SECRET)
            box.route_in(self.number(phone), phone)

    def number(self, phone):
        return "+442079460" + phone

    def add_phones(self, users):
        with ThreadPoolExecutor(4) as hands:
            list(hands.map(lambda user: self.box.extension(*user), users))


class Kamailio(Server):
    """A registrar and stateful proxy: no call, no media and no record is kept."""

    name = "Kamailio 5.6"
    media = False

    def __init__(self, lab):
        self.host, self.sip = "127.0.0.1", ports.free()
        folder = lab.sub("kamailio")
        fill("kamailio.cfg", folder, LISTEN_UDP=f"udp:{self.host}:{self.sip}")
        self.process = lab.process([need("kamailio"), "-DD", "-E", "-f",
                                    os.path.join(folder, "kamailio.cfg"), "-m", "1024",
                                    "-M", "16", "-w", folder, "-Y", folder], folder)
        until(self.answers, "an answer of Kamailio", 20)

    def pids(self):
        """It is a process for each worker."""
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


class Asterisk(Server):
    """A B2BUA with anchored media and no records, lean: two dozen modules."""

    name = "Asterisk 22"
    rates = (100, 200, 300, 400, 600)

    def __init__(self, lab):
        root = os.path.abspath(os.path.join(HERE, "..", "..", ".cache", "asterisk"))
        program = os.path.join(root, "usr/sbin/asterisk")
        if not os.path.exists(program):
            raise Skipped("tests/bench/asterisk.sh could not make a Debian that has it")
        # An address of its own: its media ports are nobody else's.
        self.lab, self.host, self.sip = lab, "127.0.0.5", ports.free()
        self.folder = lab.sub("asterisk")
        modules, = glob.glob(os.path.join(root, "usr/lib/*/asterisk/modules"))
        self.libraries = os.path.dirname(os.path.dirname(modules))
        # Its own loader and libraries, found without a chroot.
        self.loader, = glob.glob(os.path.join(self.libraries, "ld-linux-*.so.*"))
        self.program = program
        for name in os.listdir(os.path.join(HERE, "asterisk")):
            fill(os.path.join("asterisk", name), self.folder, FOLDER=self.folder, MODULES=modules,
                 DATA=os.path.join(root, "usr/share/asterisk"), CALLER=CALLER,
                 LISTEN=f"{self.host}:{self.sip}", HOST=self.host)
        self.process = None
        self.add_phones((phone, SECRET) for phone in (LOAD, PROBE, MEDIA))

    def add_phones(self, users):
        """Starts anew with more phones: what was registered is kept in its database."""
        with open(os.path.join(self.folder, "phones.conf"), "a") as file:
            for user, secret in users:
                file.write(f"[{user}](peer)\nauth = {user}\naors = {user}\n"
                           f"[{user}](account)\nusername = {user}\npassword = {secret}\n"
                           f"[{user}](place)\n")
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        self.process = self.lab.process(
            [self.loader, "--library-path", self.libraries, self.program, "-f", "-C",
             os.path.join(self.folder, "asterisk.conf")], self.folder)
        until(self.answers, "an answer of Asterisk", 60)


def fill(template, folder, **words):
    """Writes a configuration of the rival into a folder, with what is known only now."""
    with open(os.path.join(HERE, template)) as file:
        text = file.read()
    for word, value in words.items():
        text = text.replace(word, value)
    with open(os.path.join(folder, os.path.basename(template)), "w") as file:
        file.write(text)
