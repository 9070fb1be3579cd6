"""What was measured, as the table that `make bench` writes."""

import os
import time


class Table:
    """Rows of figures, one column for each server, the first of them ours."""

    def __init__(self, servers, absent):
        self.names = [server.name for server in servers]
        self.absent = absent
        self.rows = []

    def row(self, what, goal, figures, form, ratios=True):
        """`figures` by the server's name; one that is missing was not measured."""
        cells = [what, goal]
        ours = figures.get(self.names[0])
        for name in self.names:
            figure = figures.get(name)
            cells.append("" if figure is None else form(figure))
            if name != self.names[0]:
                known = ratios and ours is not None and figure
                cells.append(f"{ours / figure:.2f}" if known else "")
        self.rows.append(cells)
        print("  ".join(cell for cell in cells if cell), flush=True)

    def __str__(self):
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":")[1].strip() for line in file
                         if line.startswith("model name"))
        ours, *rivals = self.names
        heads = ["what", "goal", ours]
        for name in rivals:
            heads += [name, "ratio to it"]
        text = (f"# Signalling beside {' and '.join(rivals)}\n\n"
                f"{os.cpu_count()} cores of {model}, sipp on the same cores, "
                f"{time.strftime('%Y-%m-%d')}. `make bench` writes this file.\n\n{ABOUT}")
        if self.absent:
            text += f"\nLeft out: {self.absent}.\n"
        for cells in (heads, ["---"] * len(heads), *self.rows):
            text += ("\n" if cells is heads else "") + f"| {' | '.join(cells)} |\n"
        return text


ABOUT = """\
Kamailio is a stateful proxy without call records; the daemon is a B2BUA with media ports and a
durable record; Asterisk is a B2BUA with media ports and no records, in a configuration of two dozen
modules. Registrations of the daemon are durable, Asterisk keeps its own in a database too, Kamailio
in memory alone.

How it is measured:
- CPU is that of all of a server's processes. Calls last half a second: INVITE, 180, 200, ACK, BYE.
- The delay added to a set-up is that of single calls, 50 a second, beside the load, by the kernel's
  time stamps: the INVITE's way through the server and the 200's way back, less the same without it.
- Memory is the proportional set size. For a registration: the difference that 5,000 more phones make,
  each time 45 s after the last REGISTER, when its transactions are gone; the phones were known before.
- Calls with RTP: 100 calls, 50 packets a second from each of their 200 ends, spread over the 20 ms.
- *Clean*: no call failed and no message was repeated. Up to 4,000 calls a second are tried, beyond
  which sipp fails by itself; 600 with Asterisk.
"""


def mb(octets):
    return f"{octets / 1048576:.1f} MB"


def kb(octets):
    return f"{octets / 1024:.1f} KB"


def ms(value):
    return f"{value:.3f} ms"
