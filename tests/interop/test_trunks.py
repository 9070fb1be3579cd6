"""Calls that leave and enter the house through a carrier."""

import re

import ports
from carrier import Kamailio
from lab import test, until
from sip import Phone
from sipp import Sipp
from test_flows import expect, phones


class World(Phone):
    """Everybody behind the carrier: one socket that calls and is called."""

    def __init__(self, lab, host="127.0.0.1"):
        class Nowhere:
            pass
        box = Nowhere()
        box.host, box.sip = host, ports.free()
        super().__init__(box, "+442079461111", host=host, bind=host)
        self.carrier = None
        lab.at_end(self.close)

    def through(self, host, port):
        """From now on this is where calls go."""
        self.socket.connect((host, port))
        self.server = (host, port)
        self.domain = f"{host}:{port}"
        return self


def carried(lab, **trunk):
    """A box behind a Kamailio, a phone 201 in the house and the world behind the carrier."""
    # The box knows a carrier by its address, so it has one of its own.
    world = World(lab, "127.0.0.9")
    carrier = Kamailio(lab, "trunk secret", (world.host, world.port), "127.0.0.8")
    world.through(carrier.host, carrier.port)
    box = lab.box()
    made = box.trunk("carrier", carrier.host, carrier.port, username="account7",
                     secret="trunk secret", transport="udp", **trunk)
    box.route_out("0.", [made], strip=1, prepend="+44")
    phone, = phones(lab, box, "201")
    until(lambda: registered(box), "the trunk to be registered", 20)
    return box, phone, world


def registered(box):
    return any(one["state"] == "up" for one in box.every("trunk-status"))


@test
def a_call_leaves_through_a_carrier_that_wants_a_registration(lab):
    box, phone, world = carried(lab, caller_id={"number": "+442079460100", "in_from": True,
                                                "asserted": True})
    here = phone.call("02079461111", wait=False)
    there = world.incoming()
    invite = there.invite
    if "+442079461111" not in invite.first:
        raise AssertionError(f"the number became {invite.first}")
    if "+442079460100" not in invite["from"] or "+442079460100" not in invite["p-asserted-identity"]:
        raise AssertionError(f"the caller is shown as {invite['from']}, "
                             f"{invite['p-asserted-identity']!r}")
    there.ring().answer()
    here.until_final()
    expect(here.final, 200)
    expect(there.hang_up(), 200)
    here.until_bye()


@test
def a_call_from_the_carrier_rings_where_its_number_leads(lab):
    box, phone, world = carried(lab)
    box.route_in("!", "201")
    here = world.call(f"sip:account7@{world.domain}", wait=False)
    there = phone.incoming()
    if "+442079461111" not in there.invite["from"]:
        raise AssertionError(f"the caller is shown as {there.invite['from']}")
    there.ring().answer()
    here.until_final()
    expect(here.final, 200)
    expect(here.hang_up(), 200)
    there.until_bye()
    until(lambda: box.records() and box.records()[0]["ended"], "the record")
    if box.records()[0]["direction"] != "inbound":
        raise AssertionError(f"the record says {box.records()[0]['direction']}")


@test
def the_next_trunk_takes_over_when_one_fails(lab):
    box = lab.box()
    phone, = phones(lab, box, "201")
    failing = Sipp(lab, "uas_failing", host="127.0.0.3", limit=120)
    world = World(lab, "127.0.0.4")
    silent = ports.free()
    # Nobody asks sipp whether it is there: it would take that for a call.
    fixed = {"kind": "static", "transport": "udp", "qualify_seconds": 0}
    made = [box.trunk(name, host, port, **fixed) for name, host, port in (
        ("failing", "127.0.0.3", failing.port), ("silent", "127.0.0.5", silent),
        ("good", "127.0.0.4", world.port))]
    box.route_out("0.", [made[0], made[2]], strip=1, prepend="+44")
    box.route_out("8.", [made[1], made[2]], strip=1, prepend="+44")
    world.through("127.0.0.1", box.sip)
    for number, limit in (("02079461111", 10), ("82079461111", 40)):
        here = phone.call(number, wait=False)
        there = world.incoming(limit)
        there.ring().answer()
        here.until_final(limit)
        expect(here.final, 200)
        expect(here.hang_up(), 200)
        there.until_bye()


@test
def a_forwarded_call_tells_the_carrier_who_forwarded(lab):
    box, phone, world = carried(lab)
    box.route_in("!", "201")
    entry = box.every("extensions")[0]
    box.change(f"extensions/{entry['id']}", forward={
        "always": "02079462222", "busy": None, "no_answer": None, "no_answer_seconds": 30,
        "unreachable": None})
    here = world.call(f"sip:account7@{world.domain}", wait=False)
    there = world.until(lambda m: m.method == "INVITE")
    if "+442079462222" not in there.first:
        raise AssertionError(f"forwarded to {there.first}")
    if not there["diversion"] and not there["history-info"]:
        raise AssertionError(f"neither Diversion nor History-Info:\n{there}")
    world.reply(there, 486, "Busy Here", "busy")
    here.until_final()
    if here.final.status < 400:
        raise AssertionError(here.final.first)


@test
def an_emergency_number_leaves_whatever_is_barred(lab):
    box = lab.box()
    box.ask("PUT", "settings", {**box.ask("GET", "settings"), "country": "GB"})
    phone, = phones(lab, box, "201")
    world = World(lab, "127.0.0.4")
    trunk = box.trunk("carrier", "127.0.0.4", world.port, kind="static", transport="udp")
    box.route_out(".", [trunk], barred=True)
    world.through("127.0.0.1", box.sip)
    refused = phone.call("02079461111").final
    if refused.status not in (403, 404, 603):
        raise AssertionError(f"a barred number was answered {refused.first}")
    here = phone.call("999", wait=False)
    there = world.incoming()
    if not re.search(r"sip:\+?999@", there.invite.first):
        raise AssertionError(f"999 became {there.invite.first}")
    there.ring().answer()
    here.until_final()
    expect(here.final, 200)
    expect(here.hang_up(), 200)
    there.until_bye()
