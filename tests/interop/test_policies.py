"""Every setting of encryption against every way in which a phone encrypts, called and calling."""

import os
import time

import sound
from baresip import Baresip
from lab import test, until
from sip import Phone
from test_dtls import dtls
from test_secrecy import srtp

SECRET = "secret-of-the-test"
POLICIES = ("off", "opportunistic", "required", "opportunistic_dtls", "required_dtls")
# How a phone encrypts: never, with keys beside a plain line, with keys or not at all, by a handshake.
MODES = {"plain": {}, "offers": srtp("srtp"), "insists": srtp("srtp-mand"), "shakes": dtls("prime256v1")}

# What comes of a call from each: in the clear, or how the keys came, or why it ended.
FROM = {
    "plain": ("none", "none", "encryption_required", "none", "encryption_required"),
    "offers": ("none", "sdes", "sdes", "sdes", "sdes"),
    "insists": ("encryption_off", "sdes", "sdes", "sdes", "sdes"),
    "shakes": ("encryption_off", "dtls", "dtls", "dtls", "dtls"),
}
# And of a call to each: one that refuses how it is asked is asked in another way.
TO = {
    "plain": ("none", "none", "encryption_required", "none", "encryption_required"),
    "offers": ("none", "sdes", "sdes", "none", "sdes"),
    "insists": ("no_common_media", "sdes", "sdes", "sdes", "sdes"),
    # It takes a line with keys in the signalling and names none; its own calls, which came before, said that
    # it shakes hands.
    "shakes": ("no_common_media", "dtls", "dtls", "dtls", "dtls"),
}


class Office:
    """One phone for each way to encrypt, and 300, which speaks in the clear to the box."""

    def __init__(self, lab):
        self.box, self.phones, self.devices = lab.box(), {}, {}
        self.box.extension("300", SECRET)
        self.plain = Phone(self.box, "300")
        lab.at_end(self.plain.close)
        if self.plain.register().status != 200:
            raise AssertionError("300 is not registered")
        source = os.path.join(lab.folder, "melody.wav")
        sound.melody(source, 1)
        for number, (mode, how) in enumerate(MODES.items(), 201):
            extension = self.box.extension(str(number), SECRET)
            self.devices[mode] = self.box.ask("POST", "devices", {
                "extension": extension["id"], "name": mode, "secret": SECRET})["id"]
            self.phones[mode] = str(number), Baresip(lab, self.box, mode, SECRET, source, **how)
        for number, _ in self.phones.values():
            until(lambda: self.box.registered(number), f"{number} registered")

    def set(self, mode, policy):
        self.box.change(f"devices/{self.devices[mode]}", encryption=policy)

    def call_from(self, mode):
        number, phone = self.phones[mode]
        before = self.known()
        phone.dial("300")
        try:
            called = self.plain.incoming(limit=2)
        except AssertionError:
            return self.outcome(number, before)
        called.answer()
        time.sleep(0.6)
        called.hang_up()
        return self.outcome(number, before)

    def call_to(self, mode):
        number, _ = self.phones[mode]
        before = self.known()
        call = self.plain.call(number)
        if call.final.status == 200:
            time.sleep(0.6)
            call.hang_up()
        return self.outcome(number, before)

    def known(self):
        return {record["id"] for record in self.box.records()}

    def outcome(self, number, before):
        record = until(lambda: next((one for one in self.box.records()
                                     if one["ended"] and one["id"] not in before), None), "the record")
        until(lambda: not self.box.calls(), "no call is up")
        if record["answered"]:
            return next(one["security"]["keys"] for one in record["security"] if one["leg"] == number)
        if not record["end"]["text"]:
            raise AssertionError(f"no sentence: {record['end']}")
        return record["end"]["why"]


@test
def every_setting_of_encryption_meets_every_kind_of_phone(lab):
    office = Office(lab)
    wrong, count = [], 0
    for column, policy in enumerate(POLICIES):
        for mode in MODES:
            office.set(mode, policy)
            for way, call, expected in (("from", office.call_from, FROM), ("to", office.call_to, TO)):
                came, count = call(mode), count + 1
                if came != expected[mode][column]:
                    wrong.append(f"{way} {mode} where {policy}: {came}, not {expected[mode][column]}")
    if wrong:
        raise AssertionError(f"{len(wrong)} of {count}: " + "; ".join(wrong))
    return f"{count} calls"
