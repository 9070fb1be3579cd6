"""How calls of real phones are judged: the curve in the record, from what passes and what they report."""

import time

from lab import test, until
from test_two_phones import pair


@test
def the_record_of_a_call_has_its_curve(lab):
    box = lab.box()
    first, second = pair(lab, box)
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(17)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    streams = until(lambda: [one for one in box.records() if len(one["streams"]) == 2],
                    "the finished record with its streams")[0]["streams"]
    told = []
    for stream in streams:
        points = stream.get("quality", [])
        times = [point["after_ms"] for point in points]
        if not 2 <= len(points) <= 4 or times != sorted(times):
            raise AssertionError(f"{stream['leg']}: {points}")
        wrong = [point for point in points
                 if point["heard"]["r"] < 88 or point["heard"]["loss_permille"]
                 or not 400 <= point["heard"]["mos_hundredths"] <= 441]
        said = [point["said"] for point in points if point.get("said")]
        trips = [point["round_trip_micros"] for point in points if "round_trip_micros" in point]
        if wrong or not said or not trips or max(trips) > 50_000:
            raise AssertionError(f"{stream['leg']}: {points}")
        told.append(f"R {points[-1]['heard']['r']}, there and back {trips[-1]} us")
    return "; ".join(told)
