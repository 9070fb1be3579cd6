"""Runs the tests with real peers, one after another.

    run.py [--long] [--list] [WORD...]     only the tests whose names hold one of the words
"""

import argparse
import glob
import importlib
import os
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # the tree stays as it was

from lab import Lab, Skipped, TESTS

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true", help="the heavy loops at full length")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the folders of tests that failed")
    parser.add_argument("words", nargs="*")
    wanted = parser.parse_args()

    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        importlib.import_module(os.path.basename(path)[:-3])
    tests = [test for test in TESTS
             if not wanted.words or any(word in test.__name__ + " " + test.__module__
                                        for word in wanted.words)]
    if not tests:
        print(f"no test is named like {' or '.join(wanted.words) or 'anything'}")
        return 1
    if wanted.list:
        for test in tests:
            print(test.__name__.replace("_", " "))
        return 0

    passed = failed = skipped = 0
    for test in tests:
        outcome = run(test, wanted)
        passed += outcome == "ok"
        failed += outcome == "FAIL"
        skipped += outcome == "skip"
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def run(test, wanted):
    name = test.__name__.replace("_", " ")
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix="strowger-")
    lab = Lab(folder, wanted.long)
    outcome, said = "ok", ""
    try:
        said = test(lab) or ""
    except Skipped as why:
        outcome, said = "skip", str(why)
    except Exception as why:  # whatever it is, the next test runs
        outcome, said = "FAIL", f"{type(why).__name__}: {why}"
        traceback.print_exc(file=sys.stdout)
    finally:
        lab.close()
    if outcome == "FAIL":
        for box in lab.boxes:
            print("--- " + box.log + "\n" + box.last_words())
    if outcome != "FAIL" or not wanted.keep:
        lab.remove()
    print(f"{outcome} {name}{': ' + said if said else ''} ({time.monotonic() - began:.1f} s)",
          flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
