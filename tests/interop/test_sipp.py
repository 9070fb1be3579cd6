"""Call flows by the hundred, with sipp on both sides of the box."""

from lab import test, until
from sip import Phone
from sipp import Sipp

CALLER = "127.0.0.2"
DID = "+442079460100"


def office(lab, called="uas", count=None, **flags):
    """A box with a carrier at 127.0.0.2 whose calls ring a sipp that is registered as 201."""
    box = lab.box(sip=["127.0.0.1"], **flags)
    box.ask("PUT", "settings", {**box.ask("GET", "settings"), "silence_seconds": 0})
    box.trunk("carrier", CALLER, 5060, kind="static", transport="udp",
              qualify_seconds=0)
    box.extension("201")
    box.route_in("+44.", "201")
    there = Sipp(lab, called, count=count, limit=120)
    bind(box, "201", f"<sip:201@127.0.0.1:{there.port}>")
    return box, there


def bind(box, number, contact):
    """Registers a contact that is not the sender's own."""
    phone = Phone(box, number)
    phone.contact = lambda: contact
    answer = phone.register(3600)
    phone.close()
    if answer.status != 200:
        raise AssertionError(f"REGISTER was answered {answer.first}")


def calls(lab, box, scenario, count, **more):
    return Sipp(lab, scenario, f"127.0.0.1:{box.sip}", count, host=CALLER, number=DID, **more)


@test
def two_hundred_calls_are_answered_and_end(lab):
    box, there = office(lab, count=200)
    here = calls(lab, box, "uac", 200, rate=40, talk=1).demand(200)
    there.demand(200)
    until(lambda: not box.calls(), "no call left over")
    until(lambda: finished(box) == 200, "200 finished records")
    return f"{here.retransmissions()} retransmissions"


def finished(box):
    return sum(1 for one in box.records() if one["ended"] and one["answered"])


@test
def calls_complete_for_a_caller_who_loses_every_tenth_message(lab):
    # Only the caller: a called sipp that "loses" an INVITE takes no notice of its repetitions.
    count = 100
    box, there = office(lab)
    here = calls(lab, box, "uac", count, rate=20, talk=0.2, limit=120, more=["-lost", "10"])
    here.demand(count)
    until(lambda: not box.calls(), "no call left over", 40)
    return f"{here.retransmissions()} retransmissions by the caller"


@test
def a_caller_who_gives_up_stops_the_ringing(lab):
    box, there = office(lab, called="uas_cancelled", count=100)
    calls(lab, box, "uac_cancel", 100, rate=25, talk=0.05).demand(100)
    there.demand(100)
    until(lambda: not box.calls(), "no call left over")
    # Records are written up to 200 ms behind.
    until(lambda: all(one["end"] for one in box.records()), "every record complete")
    records = until(lambda: (found := box.records()) and all(one["ended"] for one in found) and found,
                    "all records finished")
    whys = {one["end"]["why"] for one in records}
    if whys != {"cancelled"}:
        raise AssertionError(f"the records say {whys}")


@test
def two_thousand_phones_register(lab):
    count = 2000
    box = lab.box()
    users = [(str(10000 + at), f"secret{at}") for at in range(count)]
    for number, secret in users:
        box.extension(number, secret)
    before, memory = box.cpu(), box.resident()
    here = Sipp(lab, "register", f"127.0.0.1:{box.sip}", count, rate=500, users=users, limit=60)
    here.demand(count)
    cpu = (box.cpu() - before) / count
    until(lambda: len(box.every("registrations")) == count, "all in the list", 10)
    grown = (box.resident() - memory) / count
    box.stop()
    box.start()
    kept = len(box.every("registrations"))
    if kept != count:
        raise AssertionError(f"{kept} of {count} were there after a restart")
    return f"{cpu * 1000:.2f} ms of CPU and {grown:.0f} bytes each; all there after a restart"


@test
def a_wrong_password_never_registers(lab):
    box = lab.box()
    users = []
    for at in range(50):
        box.extension(str(300 + at), "the right one")
        users.append((str(300 + at), "the wrong one"))
    Sipp(lab, "register_wrong", f"127.0.0.1:{box.sip}", 50, rate=25, users=users).demand(50)
    if box.every("registrations"):
        raise AssertionError("somebody registered with a wrong password")
