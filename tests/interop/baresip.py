"""baresip, a phone that nobody here wrote: plays a WAV into each call and records what it hears."""

import contextlib
import glob
import json
import os
import socket
import threading
import time

import ports
from box import address, family
from certificates import pem
from lab import need, until

MODULES = "/usr/lib/baresip/modules"

CONFIG = """\
sip_listen {listen}
sip_certificate {folder}/certificate.pem
call_local_timeout 120
call_max_calls 4
audio_player aufile,{folder}/unused.wav
audio_source aufile,{source}
audio_alert aufile,{folder}/unused.wav
ausrc_srate 8000
auplay_srate 8000
audio_buffer 40-160
rtp_tos 184
rtp_ports {rtp}
rtcp_mux no
jitter_buffer_delay 1-5
net_interface {interface}
module_path {modules}
module {codec}.so
module aufile.so
module sndfile.so
module uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {folder}
ctrl_tcp_listen {control}
"""


class Baresip:
    """One phone, driven over its control port."""

    def __init__(self, lab, box, user, secret, source, transport="udp", host="127.0.0.1",
                 server=None, auto=True, inside=None, more="", codec="pcma", module="g711", modules=(),
                 config=""):
        need("baresip")
        self.folder = lab.sub(f"phone-{user}")
        self.box, self.user = box, user
        self.events = []
        self.told = threading.Condition()
        server = server or box.host
        port = box.sips if transport == "tls" else box.sip
        control = ports.free()
        # The listener for TLS takes the port after the one for UDP and TCP.
        listen = ports.free(step=2)
        first, last = self.media_ports = ports.block(40)
        self.write("config", CONFIG.format(
            listen=address(host, listen), folder=self.folder, source=source,
            rtp=f"{first}-{last}", interface=host, modules=MODULES,
            control=address(host, control), codec=module)
            + "".join(f"module {name}.so\n" for name in modules) + config)
        self.write("accounts", f"<sip:{user}@{address(server, port)};transport={transport}>"
                               f";auth_user={user};auth_pass={secret};regint=60"
                               f";answermode={'auto' if auto else 'manual'}"
                               f";audio_codecs={codec}{more}\n")
        self.write("contacts", "")
        certificate(self.folder)
        self.process = lab.process(["baresip", "-f", self.folder], self.folder, inside)
        self.server, self.port, self.transport = server, port, transport
        with inside or contextlib.nullcontext():
            self.control = until(lambda: self.connect(host, control), "baresip's control port")
        threading.Thread(target=self.listen, daemon=True).start()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def connect(self, host, port):
        if self.process.poll() is not None:
            raise AssertionError("baresip ended: " + self.output()[-600:])
        control = socket.socket(family(host), socket.SOCK_STREAM)
        try:
            control.connect((host, port))
            return control
        except OSError:
            control.close()
            return None

    def output(self):
        with open(os.path.join(self.folder, "output.log"), errors="replace") as file:
            return file.read()

    def listen(self):
        """Reads netstrings of JSON, one for each event and answer."""
        data = b""
        while True:
            try:
                more = self.control.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b":" in data:
                size, _, rest = data.partition(b":")
                if len(rest) < int(size) + 1:
                    break
                with self.told:
                    self.events.append(json.loads(rest[:int(size)]))
                    self.told.notify_all()
                data = rest[int(size) + 1:]

    def command(self, command, params=""):
        message = json.dumps({"command": command, "params": params}).encode()
        self.control.sendall(b"%d:%s," % (len(message), message))

    def until_event(self, kind, limit=20, after=0):
        """Waits for an event of this type; gives it and the place behind it."""
        end = time.monotonic() + limit
        with self.told:
            while True:
                for place, event in enumerate(self.events[after:], after):
                    if event.get("type") == kind:
                        return event, place + 1
                left = end - time.monotonic()
                if left <= 0 or not self.told.wait(left):
                    raise AssertionError(
                        f"{self.user}: no {kind} within {limit} s, only "
                        + ", ".join(str(event.get("type")) for event in self.events if event.get("event")))

    def until_registered(self, limit=20):
        """The box has to say so: the phone's own event may come before anybody listens."""
        until(lambda: self.box.registered(self.user), f"{self.user} registered", limit)
        return self

    def uri(self, number):
        return f"sip:{number}@{address(self.server, self.port)};transport={self.transport}"

    def dial(self, number):
        self.command("dial", self.uri(number))

    def hang_up(self):
        self.command("hangup")

    def heard(self):
        """The recordings of what was heard, oldest first."""
        return sorted(glob.glob(os.path.join(self.folder, "dump-*-dec.wav")))


def certificate(folder):
    """A self-signed certificate: without one baresip has no TLS at all."""
    path = os.path.join(folder, "certificate.pem")
    with open(path, "w") as file:
        file.write(pem())
