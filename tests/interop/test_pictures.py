"""Pictures that get lost, that are asked for again, and that come and go in the middle of a call."""

import os
import re
import subprocess
import time

from baresip import Baresip
from lab import test, until
from netns import Net
from sip import Phone
from test_browsers import SECRET, VIDEO, Pair, browser, melody

# Small and slow, so that a busy machine can encode it.
CAMERA = {"width": 320, "height": 240, "frameRate": 10}
BOX, DESK, LAPTOP = "198.51.100.10", "198.51.100.20", "198.51.100.30"
# Percent of all packets of more than 300 octets, which are pictures.
LOST = 5


# In its own pictures too much moves for packets as small as those of sound.
FILMED = VIDEO.replace("video_source fakevideo,nil", "module avformat.so\nvideo_source avformat,{film}")


def film(lab):
    """Pictures in which all moves."""
    path = os.path.join(lab.folder, "moves.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=352x288:rate=15", "-t", "60",
                    "-c:v", "mpeg4", "-q:v", "3", path], check=True, capture_output=True)
    return path


def loses(host):
    """Lets a host lose pictures that are sent to it."""
    for rule in ("add table ip loss",
                 "add chain ip loss in { type filter hook input priority 0 ; }",
                 f"add rule ip loss in udp length > 300 numgen random mod 100 < {LOST} counter drop"):
        host.run("nft", rule)
    return lambda: int(re.search(r"packets (\d+)", host.run("nft", "list table ip loss")).group(1))


def statistics(page):
    """A page says `done` of all that it is told: the answer is the one that gives something."""
    page.say("statistics")
    return page.until("done", what="statistics")["given"]


def flows(page, kind):
    """What a browser counts of pictures that come or go; nothing yet is 0."""
    found = statistics(page).get(f"{kind}-rtp-video", {})
    return {name: found.get(name, 0) for name in (
        "nackCount", "pliCount", "firCount", "keyFramesEncoded", "framesEncoded", "framesDecoded",
        "retransmittedPacketsSent", "retransmittedPacketsReceived")}


@test
def lost_pictures_are_sent_again_to_a_browser_and_a_telephone_gets_whole_ones(lab):
    net = Net(lab)
    hosts = {name: net.outside(name, at) for name, at in (("box", BOX), ("desk", DESK), ("lap", LAPTOP))}
    box = lab.box(host=BOX, inside=hosts["box"])
    box.extension("202", SECRET)
    phone = Baresip(lab, box, "202", SECRET, melody(lab, "202"), host=DESK, server=BOX,
                    inside=hosts["desk"], config=FILMED.format(film=film(lab)), more=";video_codecs=vp8").until_registered()
    page = browser(lab, box, "201", inside=hosts["lap"])
    lost = {name: loses(hosts[name]) for name in ("desk", "lap")}
    page.say("dial", number="202", video=CAMERA)
    page.until("confirmed")
    phone.until_event("CALL_ESTABLISHED")
    until(lambda: all(count() >= 10 for count in lost.values()), "ten packets lost each way", 40, every=0.5)
    until(lambda: flows(page, "outbound")["keyFramesEncoded"] > 2, "whole pictures that were asked for")
    came, went = flows(page, "inbound"), flows(page, "outbound")
    page.say("hangUp")
    phone.until_event("CALL_CLOSED")
    if not came["nackCount"] or not came["retransmittedPacketsReceived"]:
        raise AssertionError(f"{lost['lap']()} packets lost, and the browser was sent none again: {came}")
    if not went["pliCount"] + went["firCount"]:
        raise AssertionError(f"{lost['desk']()} packets lost, and the browser was not asked: {went}")
    return (f"browser lost {lost['lap']()}, asked for {came['nackCount']}, got "
            f"{came['retransmittedPacketsReceived']} again and decoded {came['framesDecoded']}; telephone lost "
            f"{lost['desk']()}, asked {went['pliCount']} times, got {went['keyFramesEncoded']} whole ones")


@test
def a_telephone_asks_a_browser_for_a_whole_picture_by_a_request(lab):
    box = lab.box()
    page = browser(lab, box, "201")
    box.extension("202", SECRET)
    phone = Phone(box, "202")
    lab.at_end(phone.close)
    phone.register()
    page.say("dial", number="202", video=CAMERA)
    call = phone.incoming()
    offer = call.invite.body.decode()
    number = re.search(r"^a=rtpmap:(\d+) VP8/90000", offer, re.M).group(1)
    call.answer(body=phone.sdp() + f"m=video 40002 RTP/AVP {number}\r\na=rtpmap:{number} VP8/90000\r\n")
    page.until("confirmed")
    until(lambda: flows(page, "outbound")["framesEncoded"] > 5, "pictures of the browser")
    before = flows(page, "outbound")
    wanted = ('<?xml version="1.0" encoding="utf-8" ?>\r\n<media_control><vc_primitive><to_encoder>'
              "<picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n")
    told = call.within("INFO", "Content-Type: application/media_control+xml\r\n", wanted)
    if told.status != 200:
        raise AssertionError(f"the request was answered {told.first}")
    after = until(lambda: (now := flows(page, "outbound"))["keyFramesEncoded"] > before["keyFramesEncoded"] and now,
                  "a whole picture")
    if after["pliCount"] != before["pliCount"] + 1:
        raise AssertionError(f"one request is one to the browser: {before}, then {after}")
    page.say("hangUp")
    call.until_bye()
    return f"{before['keyFramesEncoded']} whole pictures before, {after['keyFramesEncoded']} after"


def grows(page, kind, name, by=10):
    """Waits until so many more are counted."""
    before = flows(page, kind)[name]
    until(lambda: flows(page, kind)[name] >= before + by, f"{page.user}: {by} more of {name}", 30, every=0.3)


def rests(page, name):
    """Fails when more are counted from now on."""
    time.sleep(1)
    before = flows(page, "inbound")[name]
    time.sleep(2)
    more = flows(page, "inbound")[name] - before
    if more:
        raise AssertionError(f"{page.user}: {more} more of {name}, though nothing is shown")


@test
def two_browsers_see_each_other_and_turn_their_pictures_off_and_on(lab):
    box = lab.box()
    first, second = browser(lab, box, "201"), browser(lab, box, "202")
    first.say("dial", number="202", video=CAMERA)
    second.until("incoming", video=True, **{"from": "201"})
    second.say("answer", video=CAMERA)
    first.until("confirmed")
    for page in (first, second):
        grows(page, "inbound", "framesDecoded")
    first.ask("film", video=False)
    grows(first, "inbound", "framesDecoded")
    rests(second, "framesDecoded")
    first.ask("film", video=CAMERA)
    for page in (first, second):
        grows(page, "inbound", "framesDecoded")
    decoded = ", ".join(f"{page.user} decoded {flows(page, 'inbound')['framesDecoded']}" for page in (first, second))
    first.say("hangUp")
    second.until("ended", originator="remote")
    return decoded


@test
def a_browser_turns_its_pictures_on_and_off_in_a_call_with_a_telephone(lab):
    pair = Pair(lab, config=VIDEO, more=";video_codecs=vp8")
    pair.dials()
    time.sleep(2)
    pair.browser.ask("film", video=CAMERA)
    for kind, name in (("outbound", "framesEncoded"), ("inbound", "framesDecoded")):
        grows(pair.browser, kind, name)
    pair.browser.ask("film", video=False)
    time.sleep(2)
    pair.browser.ask("film", video=CAMERA)
    grows(pair.browser, "outbound", "framesEncoded")
    pair.browser.say("hangUp")
    pair.phone.until_event("CALL_CLOSED")
    # Nobody is missed in between: the sound goes on all the time.
    return pair.heard(4)
