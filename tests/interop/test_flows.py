"""What phones and people do with calls: hold, transfer, forward, refuse, ask and mistype."""

import re
import threading
import time

from lab import test, until
from sip import Phone, token


def phones(lab, box, *numbers, transport="udp"):
    """Registered phones of our own, by number."""
    found = []
    for number in numbers:
        box.extension(number)
        phone = Phone(box, number, transport=transport)
        lab.at_end(phone.close)
        answer = phone.register()
        expect(answer, 200)
        found.append(phone)
    return found


def expect(answer, *statuses):
    if answer is None or answer.status not in statuses:
        raise AssertionError(f"{statuses} expected, got {answer and answer.first}: "
                             f"{answer and answer['warning'] or answer and answer['reason']}")
    return answer


def talking(first, second, number):
    """A call that is up; gives both sides of it."""
    here = first.call(number, wait=False)
    there = second.incoming().ring().answer()
    here.until_final()
    expect(here.final, 200)
    return here, there


@test
def nothing_of_one_leg_shows_on_the_other(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    here = first.call("202", "User-Agent: secret model 7\r\nSubject: hello\r\n", wait=False)
    there = second.incoming()
    there.ring().answer()
    here.until_final()
    for mine, theirs in ((repr(there.invite), first), (repr(here.final), second)):
        other = here if theirs is first else there
        for word in (f":{theirs.port}", other.call_id, other.tag, "40000"):
            if word in mine:
                raise AssertionError(f"{word!r} of one leg shows on the other:\n{mine}")
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def a_call_is_held_and_resumed(lab):
    box = lab.box()
    # With music the box answers a hold by itself, and the held phone is asked nothing.
    box.ask("PUT", "settings", {**box.ask("GET", "settings"), "hold_music": False})
    first, second = phones(lab, box, "201", "202")
    here, there = talking(first, second, "202")
    for direction, wanted in (("sendonly", "recvonly"), ("sendrecv", "sendrecv")):
        here.phone.cseq += 1
        done = reinvite(here, there, first.sdp(direction, version=here.phone.cseq + 1))
        if f"a={wanted}" not in done.body.decode():
            raise AssertionError(f"{direction} was answered without {wanted}:\n{done}")
        held = direction == "sendonly"
        until(lambda: box.calls()[0]["held"] == held, f"held is {held} in the list of calls")
    expect(here.hang_up(), 200)
    there.until_bye()


def reinvite(here, there, body):
    """Offers anew within a call; the other side answers what it is asked, if it is asked."""
    here.cseq += 1
    cseq = here.cseq
    here.phone.send(here.make("INVITE", "", body, cseq))
    asked = there.until_request("INVITE")
    offer = asked.body.decode()
    found = re.search(r"a=(sendonly|recvonly|inactive)", offer)
    mirror = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
    direction = mirror[found.group(1)] if found else "sendrecv"
    there.phone.reply(asked, 200, "OK", there.tag, body=there.phone.sdp(direction, version=cseq))
    there.until_request("ACK")
    done = here.phone.until(lambda m: m.status and m.status >= 200
                            and m["cseq"] == f"{cseq} INVITE" and m["call-id"] == here.call_id)
    here.phone.send(here.make("ACK", "", "", cseq))
    return expect(done, 200)


@test
def a_call_is_transferred_blind(lab):
    box = lab.box()
    first, second, third = phones(lab, box, "201", "202", "203")
    here, there = talking(first, second, "202")
    refer = there.within("REFER", f"Refer-To: <sip:203@{box.host}>\r\n")
    expect(refer, 202)
    final = third.incoming()
    final.ring().answer()
    done = until_notified(second, there)
    if "200" not in done:
        raise AssertionError(f"the transfer was reported as {done!r}")
    until(lambda: [call for call in box.calls() if call["state"] == "up"], "the new call up")
    expect(here.hang_up(), 200)
    final.until_bye()
    until(lambda: not box.calls(), "no call left over")


def until_notified(phone, dialog):
    """Confirms the NOTIFYs of a transfer up to the last; gives its status line."""
    while True:
        notify = phone.until(lambda m: m.method in ("NOTIFY", "INVITE", "BYE")
                             and m["call-id"] == dialog.call_id, 10)
        if notify.method == "INVITE":
            phone.reply(notify, 200, "OK", dialog.tag, body=phone.sdp(version=9))
            continue
        phone.reply(notify, 200, "OK")
        if notify.method == "NOTIFY" and "terminated" in notify["subscription-state"]:
            return notify.body.decode().strip()


@test
def a_call_is_transferred_after_asking(lab):
    box = lab.box()
    first, second, third = phones(lab, box, "201", "202", "203")
    here, there = talking(first, second, "202")
    asking, asked = talking(second, third, "203")
    replaces = (f"{asking.call_id}%3Bto-tag%3D{asking.final.tag('to')}"
                f"%3Bfrom-tag%3D{asking.tag}")
    expect(there.within("REFER", f"Refer-To: <sip:203@{box.host}?Replaces={replaces}>\r\n"), 202)
    # Whoever stays may be asked for media anew, and the one who leaves is told and let go.
    everybody = ((first, here), (second, there), (third, asked), (second, asking))
    until(lambda: [answer_anything(*one) for one in everybody] and left_talking(box),
          "201 and 203 left talking", 10, 0)
    for one in everybody:
        answer_anything(*one)
    expect(here.hang_up(), 200)
    asked.until_bye()


def left_talking(box):
    calls = box.calls()
    return len(calls) == 1 and calls[0]["state"] == "up"


def answer_anything(phone, dialog):
    while True:
        try:
            message = phone.until(lambda m: m.method in ("INVITE", "NOTIFY", "UPDATE")
                                  and m["call-id"] == dialog.call_id, 0.1)
        except AssertionError:
            return
        body = phone.sdp(version=99) if message.body and message.method != "NOTIFY" else ""
        phone.reply(message, 200, "OK", dialog.tag, body=body or (
            phone.sdp(version=99) if message.method == "INVITE" else ""))


@test
def a_forwarded_call_rings_elsewhere(lab):
    box = lab.box()
    first, second, third = phones(lab, box, "201", "202", "203")
    entry = next(one for one in box.every("extensions") if one["number"] == "202")
    path = f"extensions/{entry['id']}"
    nobody = {"always": None, "busy": None, "no_answer": None, "no_answer_seconds": 5,
              "unreachable": None}

    box.change(path, forward={**nobody, "always": "203"})
    reached(first, third, "202")

    box.change(path, forward={**nobody, "busy": "203"})
    here = first.call("202", wait=False)
    second.incoming().say(486, "Busy Here")
    end(here, third)

    box.change(path, forward={**nobody, "no_answer": "203"})
    here = first.call("202", wait=False)
    second.incoming().ring()
    end(here, third)

    box.change(path, forward={**nobody, "unreachable": "203"})
    expect(second.register(0), 200)
    reached(first, third, "202")
    second.register()

    box.change(path, forward=nobody, do_not_disturb=True)
    refused = first.call("202").final
    if refused.status not in (480, 486, 600, 603):
        raise AssertionError(f"do not disturb was answered {refused.first}")


def reached(caller, called, number):
    end(caller.call(number, wait=False), called)


def end(here, called):
    there = called.incoming().ring().answer()
    here.until_final()
    expect(here.final, 200)
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def the_first_phone_to_answer_wins(lab):
    box = lab.box()
    first, desk = phones(lab, box, "201", "202")
    mobile = Phone(box, "202")
    lab.at_end(mobile.close)
    expect(mobile.register(), 200)
    here = first.call("202", wait=False)
    at_desk, on_the_move = desk.incoming().ring(), mobile.incoming().ring()
    on_the_move.answer()
    here.until_final()
    cancel = at_desk.until_request("CANCEL")
    if "cause=200" not in cancel["reason"]:
        raise AssertionError(f"the other phone is told {cancel['reason']!r}")
    desk.reply(cancel, 200, "OK", at_desk.tag)
    at_desk.say(487, "Request Terminated")
    expect(here.hang_up(), 200)
    on_the_move.until_bye()


@test
def early_media_passes_before_the_answer(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    here = first.call("202", wait=False)
    there = second.incoming()
    there.say(183, "Session Progress", body=second.sdp())
    progress = here.next()
    if progress.status != 183 or not progress.media()[1]:
        raise AssertionError(f"183 with media expected:\n{progress}")
    there.answer()
    here.until_final()
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def a_reliable_provisional_answer_is_acknowledged(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    here = first.call("202", "Supported: 100rel\r\nRequire: 100rel\r\n", wait=False)
    there = second.incoming()
    there.ring()
    ringing = here.next()
    if "100rel" not in ringing["require"] or not ringing["rseq"]:
        raise AssertionError(f"the ringing should be reliable:\n{ringing}")
    here.target, here.them = ringing.uri(), ringing["to"]
    rack = f"RAck: {ringing['rseq']} {ringing['cseq']}\r\n"
    expect(here.within("PRACK", rack), 200)
    expect(here.within("PRACK", "RAck: 99999 1 INVITE\r\n"), 481)
    there.answer()
    invite = ringing["cseq"].split()[0]
    final = first.until(lambda m: m.status == 200 and m["cseq"] == f"{invite} INVITE")
    first.send(here.make("ACK", "", "", int(invite)))
    here.target = final.uri()
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def a_session_timer_is_agreed(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    short = first.call("202", "Supported: timer\r\nSession-Expires: 60\r\n").final
    expect(short, 422)
    if not short["min-se"]:
        raise AssertionError("422 without Min-SE (RFC 4028 section 6)")
    here = first.call("202", "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n",
                      wait=False)
    there = second.incoming().ring().answer()
    here.until_final()
    if "refresher=uac" not in here.final["session-expires"]:
        raise AssertionError(f"Session-Expires is {here.final['session-expires']!r}")
    expect(here.within("UPDATE", "Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n"),
           200)
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def pressed_keys_pass_as_info(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    here = first.call("202", wait=False)
    body = second.sdp(codecs="8 0").replace("a=rtpmap:101 telephone-event/8000\r\n", "")
    there = second.incoming().answer(body=body, headers="Allow: INVITE, ACK, BYE, INFO\r\n")
    expect(here.until_final().final, 200)
    here.cseq += 1
    first.send(here.make("INFO", "Content-Type: application/dtmf-relay\r\n",
                         "Signal=5\r\nDuration=160\r\n", here.cseq))
    info = there.until_request("INFO")
    second.reply(info, 200, "OK")
    if b"Signal=5" not in info.body.replace(b" ", b""):
        raise AssertionError(f"the key was lost:\n{info}")
    first.until(lambda m: m.status == 200 and "INFO" in m["cseq"])
    expect(here.hang_up(), 200)
    there.until_bye()


@test
def a_text_reaches_the_other_phone(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    uri = f"sip:202@{first.domain}"
    call_id, tag, headers = token(), token(4), "Content-Type: text/plain\r\n"
    text = lambda more: first.request("MESSAGE", uri, uri, call_id, tag, headers + more,
                                      "tea is ready").replace(
        "Content-Type: application/sdp\r\n", "")
    first.send(text(""))
    answer = first.until(lambda m: m.status and m.status >= 200 and "MESSAGE" in m["cseq"])
    if answer.status in (401, 407):
        first.send(text(first.authorization(answer, "MESSAGE", uri)))
    message = second.until(lambda m: m.method == "MESSAGE")
    second.reply(message, 200, "OK", token(4))
    if message.body != b"tea is ready":
        raise AssertionError(f"the text became {message.body!r}")
    expect(first.until(lambda m: m.status and "MESSAGE" in m["cseq"]
                       and m.status not in (100, 401, 407)), 200, 202)


@test
def what_the_box_does_not_know_is_refused_with_the_right_header(lab):
    box = lab.box()
    first, = phones(lab, box, "201")
    uri = f"sip:{first.domain}"
    options = expect(first.ask("OPTIONS", uri), 200)
    for method in ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REFER", "UPDATE", "PRACK"):
        if method not in options["allow"]:
            raise AssertionError(f"{method} is missing in Allow: {options['allow']}")
    unknown = expect(first.ask("DANCE", uri), 405, 501)
    if unknown.status == 405 and "INVITE" not in unknown["allow"]:
        raise AssertionError("405 without Allow")
    required = expect(first.ask("OPTIONS", uri, headers="Require: levitation\r\n"), 420)
    if required["unsupported"] != "levitation":
        raise AssertionError(f"Unsupported is {required['unsupported']!r}")


@test
def unknown_users_and_wrong_passwords_look_the_same(lab):
    box = lab.box()
    first, = phones(lab, box, "201")
    answers = []
    for user, secret in (("201", "wrong"), ("999", "wrong")):
        answer = first.register(secret=secret, user=user)
        answers.append((answer.status, re.sub(r'nonce="[^"]*"', "", answer["www-authenticate"])))
    if answers[0] != answers[1] or answers[0][0] not in (401, 403):
        raise AssertionError(f"they differ: {answers}")


@test
def a_caller_who_gives_up_as_it_is_answered_leaves_no_call_behind(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    answered = 0
    for delay in (-0.002, -0.001, 0, 0, 0.001, 0.002) * 3:
        here = first.call("202", wait=False)
        there = second.incoming().ring()
        here.next()
        actions = [lambda: there.say(200, "OK", body=second.sdp()), here.cancel]
        if delay < 0:
            actions.reverse()
        actions[0]()
        time.sleep(abs(delay))
        actions[1]()
        final = first.until(lambda m: m.status and m.status >= 200
                            and m["cseq"] == f"{here.cseq} INVITE"
                            and m["call-id"] == here.call_id)
        if final.status == 200:
            answered += 1
            here.them, here.target = final["to"], final.uri()
            first.send(here.make("ACK", "", "", here.cseq))
            expect(here.hang_up(), 200)
            there.until_bye()
        else:
            expect(final, 487)
            here.ack_failure(final)
            farewell(second, there)
    until(lambda: not box.calls(), "no call left over")
    return f"{answered} of 18 were answered first"


def farewell(phone, there):
    """The called phone is told by CANCEL, or by BYE when its answer came first on its own leg."""
    message = phone.until(lambda m: m.method in ("CANCEL", "BYE")
                          and m["call-id"] == there.call_id)
    phone.reply(message, 200, "OK", there.tag)
    if message.method == "CANCEL":
        bye = phone.until(lambda m: m.method == "BYE" and m["call-id"] == there.call_id)
        phone.reply(bye, 200, "OK", there.tag)


@test
def a_polite_end_says_bye_to_both(lab):
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    here, there = talking(first, second, "202")
    ended = threading.Thread(target=box.stop)
    ended.start()
    here.until_bye()
    there.until_bye()
    ended.join()
    box.start()
    record = box.records()[0]
    if not record["ended"] or record["end"]["why"] != "shutdown":
        raise AssertionError(f"the record says {record['end']}")
