"""Hosts of our own on one machine: network namespaces, wires between them, and routers with NAT."""

import ctypes
import os
import subprocess
import threading

from lab import Skipped, need, need_root

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class Here:
    """The machine itself."""

    words = ()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class Host:
    """A host of its own. `with host:` makes this thread's new sockets its sockets."""

    def __init__(self, net, name):
        self.name = f"sw{os.getpid() % 100000}{name}"
        self.words = ("ip", "netns", "exec", self.name)
        self.outer = threading.local()
        net.run("ip", "netns", "add", self.name)
        net.lab.at_end(lambda: net.run("ip", "netns", "del", self.name))
        self.run = lambda *words: net.run("ip", "netns", "exec", self.name, *words)
        self.run("ip", "link", "set", "lo", "up")

    def __enter__(self):
        self.outer.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with open(f"/var/run/netns/{self.name}") as entry:
            enter(entry.fileno())
        return self

    def __exit__(self, *_):
        enter(self.outer.fd)
        os.close(self.outer.fd)


class Net:
    """A network 198.51.100.0/24 that everybody outside shares, and houses behind routers."""

    def __init__(self, lab):
        need_root()
        need("ip")
        need("nft")
        self.lab = lab
        self.wires = 0
        try:
            self.middle = Host(self, "net")
            self.middle.run("ip", "link", "add", "bridge", "type", "bridge")
            self.middle.run("ip", "link", "set", "bridge", "up")
        except subprocess.CalledProcessError as why:
            raise Skipped(f"network namespaces cannot be made here: {why.stderr.strip()}") from None

    def run(self, *words):
        return subprocess.run(words, check=True, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL).stdout

    def plug(self, host, address, switch, device="eth0"):
        """A wire from a host to the bridge of another namespace."""
        self.wires += 1
        far = f"w{os.getpid() % 100000}x{self.wires}"
        self.run("ip", "link", "add", far, "type", "veth", "peer", "name", device,
                 "netns", host.name)
        self.run("ip", "link", "set", far, "netns", switch.name)
        switch.run("ip", "link", "set", far, "master", "bridge", "up")
        host.run("ip", "address", "add", address + "/24", "dev", device)
        host.run("ip", "link", "set", device, "up")

    def outside(self, name, address):
        """A host with a public address."""
        host = Host(self, name)
        self.plug(host, address, self.middle)
        return host

    def router(self, name, public, private):
        """A router whose house sees `private` and is seen as `public`."""
        router = Host(self, name)
        self.plug(router, public, self.middle, "wan")
        router.run("ip", "link", "add", "bridge", "type", "bridge")
        router.run("ip", "address", "add", private + "/24", "dev", "bridge")
        router.run("ip", "link", "set", "bridge", "up")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        for rule in ("add table ip nat",
                     "add chain ip nat out { type nat hook postrouting priority 100 ; }",
                     "add rule ip nat out oifname wan masquerade",
                     # As on a router from the shop: nothing comes in that was not asked for.
                     "add table ip filter",
                     "add chain ip filter in { type filter hook forward priority 0 ; }",
                     "add rule ip filter in iifname wan ct state new drop",
                     "add chain ip filter own { type filter hook input priority 0 ; }",
                     "add rule ip filter own iifname wan ct state new drop"):
            try:
                router.run("nft", rule)
            except subprocess.CalledProcessError as why:
                raise Skipped(f"no NAT in this kernel: {why.stderr.strip()}") from None
        router.private = private
        return router

    def at_home(self, name, address, router):
        """A host in the house behind a router."""
        host = Host(self, name)
        self.plug(host, address, router)
        host.run("ip", "route", "add", "default", "via", router.private)
        return host


def enter(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


HERE = Here()
