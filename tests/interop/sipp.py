"""sipp, a load of calls that nobody here wrote: starts scenarios and reads what became of them."""

import csv
import glob
import os
import subprocess

import ports
from lab import need

SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sipp")


class Sipp:
    """One sipp with one scenario."""

    def __init__(self, lab, scenario, server=None, count=None, rate=10, host="127.0.0.1",
                 number=None, users=None, at_once=None, talk=0, limit=60, inside=None, more=(),
                 port=None):
        self.folder = lab.sub(scenario)
        self.port = port or ports.free(step=2)
        self.name = scenario
        self.limit = limit
        words = [need("sipp"), "-sf", os.path.join(SCENARIOS, scenario + ".xml"),
                 "-i", host, "-p", str(self.port), "-mi", host, "-nostdin",
                 "-mp", str(ports.block(8)[0]),
                 "-trace_err", "-error_file", "errors.log",
                 "-trace_stat", "-stf", "stat.csv", "-fd", "1",
                 "-timeout", f"{limit}s", "-timeout_error"]
        if server:
            words += [server, "-r", str(rate), "-d", str(int(talk * 1000)),
                      "-recv_timeout", str(max(limit // 2, 10) * 1000)]
        if count:
            words += ["-m", str(count)]
        if at_once:
            words += ["-l", str(at_once)]
        if number:
            words += ["-s", number]
        if users:
            words += ["-inf", self.user_file(users)]
        self.process = lab.process(words + list(more), self.folder, inside)

    def user_file(self, users):
        path = os.path.join(self.folder, "users.csv")
        with open(path, "w") as file:
            file.write("SEQUENTIAL\n")
            for user, secret in users:
                file.write(f"{user};[authentication username={user} password={secret}]\n")
        return path

    def stats(self):
        """The last line of what it counted, by column name."""
        path = os.path.join(self.folder, "stat.csv")
        with open(path) as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        if not rows:
            raise AssertionError(f"{self.name}: sipp counted nothing: {self.errors()}")
        return rows[-1]

    def successful(self):
        return int(self.stats()["SuccessfulCall(C)"])

    def failed(self):
        return int(self.stats()["FailedCall(C)"])

    def retransmissions(self):
        return int(self.stats()["Retransmissions(C)"])

    def wait(self):
        """Waits for the end; gives the exit code."""
        try:
            return self.process.wait(self.limit + 30)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name}: sipp never ended; {self.errors()}") from None

    def demand(self, count):
        """Waits for the end; all the calls have to have succeeded."""
        code = self.wait()
        if code != 0 or self.successful() != count:
            raise AssertionError(f"{self.name}: exit code {code}, {self.successful()} of {count} "
                                 f"succeeded, {self.failed()} failed: {self.errors()}")
        return self

    def errors(self):
        """The first of what went wrong."""
        text = ""
        for path in glob.glob(os.path.join(self.folder, "errors.log*")) + [
                os.path.join(self.folder, "output.log")]:
            try:
                with open(path, errors="replace") as file:
                    text += file.read(1500) + "\n"
            except OSError:
                pass
        return text.strip()[:2500]
