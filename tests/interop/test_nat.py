"""Address translation on both sides: phones behind a router, and the box itself behind one."""

import os
import socket
import struct
import threading
import time

import ports
from baresip import Baresip
from carrier import Kamailio
from lab import need, test, until
from netns import Net
from sip import Phone
from test_flows import expect
from test_media import Stream, play
from test_trunks import World, registered
from test_two_phones import talk
import sound

HOUSE = "192.168.5."


@test
def phones_behind_a_router_talk_both_ways(lab):
    net = Net(lab)
    here = net.outside("box", "198.51.100.10")
    router = net.router("rt", "198.51.100.11", "10.1.0.1")
    home = net.at_home("home", "10.1.0.2", router)
    box = lab.box(host="198.51.100.10", inside=here)
    phones = []
    for number in ("201", "202"):
        box.extension(number)
        source = os.path.join(lab.folder, f"{number}.wav")
        sound.melody(source, seed=int(number))
        phone = Baresip(lab, box, number, "secret-of-the-test", source, host="10.1.0.2",
                        server="198.51.100.10", inside=home)
        phone.source = source
        phones.append(phone.until_registered())
    return talk(lab, box, *phones, "202")


def behind_a_router(lab, **flags):
    """A box and a phone in a house; outside a Kamailio with the world behind it."""
    net = Net(lab)
    router = net.router("rt", "198.51.100.12", HOUSE + "1")
    at_box = net.at_home("box", HOUSE + "2", router)
    at_desk = net.at_home("desk", HOUSE + "3", router)
    outside = net.outside("car", "198.51.100.20")
    with outside:
        world = World(lab, "198.51.100.20")
    carrier = Kamailio(lab, "trunk secret", (world.host, world.port), "198.51.100.20", outside)
    world.through(carrier.host, carrier.port)
    if flags.get("external_ip", "").startswith("stun:"):
        flags["external_ip"] = f"stun:198.51.100.20:{stun(lab, outside)}"
    box = lab.box(host=HOUSE + "2", inside=at_box, **flags)
    # Before the first answer nobody can know the address; what is told beforehand holds at once.
    capture = Capture(lab, router, carrier.port) if flags else None
    trunk = box.trunk("carrier", carrier.host, carrier.port, username="account7",
                      secret="trunk secret", transport="udp")
    box.route_out("0.", [trunk], strip=1, prepend="+44")
    box.extension("201")
    box.route_in("!", "201")
    until(lambda: registered(box), "the trunk to be registered", 20)
    capture = capture or Capture(lab, router, carrier.port)
    with at_desk:
        phone = Phone(box, "201", bind=HOUSE + "3")
        inner = Stream(HOUSE + "3", ssrc=11)
    with outside:
        outer = Stream("198.51.100.20", ssrc=22)
    for thing in (phone, inner, outer):
        lab.at_end(thing.close)
    expect(phone.register(), 200)
    phone.media, world.media = (inner.host, inner.port), (outer.host, outer.port)
    # The first registration taught the address; the next ones carry it.
    time.sleep(1)

    call = phone.call("02079461111", wait=False)
    there = world.incoming()
    there.ring().answer()
    call.until_final()
    expect(call.final, 200)
    demand_outside(there.invite)
    demand_sound(inner, call.final.media(), outer, there.invite.media())
    expect(call.hang_up(), 200)
    there.until_bye()

    call = world.call(f"sip:account7@{world.domain}", wait=False)
    there = phone.incoming()
    there.ring().answer()
    call.until_final()
    expect(call.final, 200)
    if HOUSE in repr(call.final):
        raise AssertionError(f"an inside address left:\n{call.final}")
    demand_sound(outer, call.final.media(), inner, there.invite.media())
    expect(call.hang_up(), 200)
    there.until_bye()
    return capture.demand_clean()


def demand_outside(invite):
    """c=, Contact and Via carry the address that the router shows."""
    for what, text in (("c=", invite.media()[0] or ""), ("Contact", invite["contact"]),
                       ("Via", invite.all("via")[-1])):
        if "198.51.100.12" not in text:
            raise AssertionError(f"{what} does not carry the external address: {text}\n{invite}")
    if HOUSE in repr(invite):
        raise AssertionError(f"an inside address left:\n{invite}")


def demand_sound(one, to_one, two, to_two):
    """A tenth of a second opens the way through the router, then all has to arrive."""
    play(0.1, (one, to_one), (two, to_two))
    time.sleep(0.1)
    for stream in (one, two):
        stream.received()
    play(2, (one, to_one), (two, to_two))
    time.sleep(0.2)
    heard = one.received().count(two.fill), two.received().count(one.fill)
    if min(heard) < 95:
        raise AssertionError(f"of 100 packets each way {heard} arrived")


class Capture:
    """tshark on the router's outside."""

    def __init__(self, lab, router, port):
        self.folder = lab.sub("capture")
        self.path = os.path.join(self.folder, "outside.pcap")
        self.process = lab.process(
            [need("tshark"), "-q", "-i", "wan", "-f", f"port {port}", "-F", "pcap",
             "-w", self.path], self.folder, router)
        until(lambda: os.path.exists(self.path), "tshark to listen", 20)

    def demand_clean(self):
        time.sleep(1)
        self.process.terminate()
        self.process.wait(10)
        with open(self.path, "rb") as file:
            data = file.read()
        if data.count(b"INVITE sip:") < 2:
            raise AssertionError("tshark saw no calls")
        for word in (HOUSE.encode(), socket.inet_aton(HOUSE + "2"), socket.inet_aton(HOUSE + "3")):
            if word in data:
                raise AssertionError(f"{word!r} left the house")
        return f"{len(data)} octets captured, no inside address in them"


def stun(lab, outside):
    """A STUN server (RFC 8489) that answers binding requests; gives its port."""
    with outside:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port = ports.free()
    server.bind(("198.51.100.20", port))
    lab.at_end(server.close)

    def serve():
        while True:
            try:
                data, (host, source) = server.recvfrom(2048)
            except OSError:
                return
            cookie = 0x2112A442
            address = struct.unpack("!I", socket.inet_aton(host))[0] ^ cookie
            mapped = struct.pack("!HHBBHI", 0x0020, 8, 0, 1, source ^ (cookie >> 16), address)
            head = struct.pack("!HHI", 0x0101, len(mapped), cookie) + data[8:20]
            server.sendto(head + mapped, (host, source))

    threading.Thread(target=serve, daemon=True).start()
    return port


@test
def a_box_behind_a_router_learns_its_address_from_the_trunk(lab):
    return behind_a_router(lab)


@test
def a_box_behind_a_router_is_told_its_address(lab):
    return behind_a_router(lab, external_ip="198.51.100.12")


@test
def a_box_behind_a_router_asks_a_stun_server(lab):
    return behind_a_router(lab, external_ip="stun:")
