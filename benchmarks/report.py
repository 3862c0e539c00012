"""Lines of figures, and their sections in benchmarks/RESULTS.md.

A line is `NAME OURS PEER RATIO BAR ok|short`. OURS and PEER are medians in the
unit that NAME ends with, or of the metric it names; RATIO is OURS / PEER. BAR says which
of these has to be how large, such as ratio<=0.7 or ours>=1.7. "-" stands for
what does not apply.
"""
import datetime
import os
import platform
import re
import statistics
import subprocess

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "RESULTS.md")
COMPARE = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def median(values):
    return statistics.median(values)


def text(v):
    return "-" if v is None else v if isinstance(v, str) else f"{v:.5g}"


class Section:
    """A section's lines, printed as they come."""

    def __init__(self, name, title):
        self.name, self.title, self.lines, self.notes, self.extra = name, title, [], [], ""

    def line(self, name, ours, peer, bar):
        """Adds a line and answers whether it is ok. bar is (what, comparison, limit), what being ours or ratio."""
        ratio = ours / peer if peer else None
        what, compare, limit = bar
        value = {"ours": ours, "ratio": ratio}[what]
        ok = value is not None and COMPARE[compare](value, limit)
        cells = [name, text(ours), text(peer), text(ratio), f"{what}{compare}{text(limit)}", "ok" if ok else "short"]
        print(*cells, flush=True)
        self.lines.append(cells)
        return ok

    def note(self, s):
        print("#", s, flush=True)
        self.notes.append(s)

    def merged(self, old):
        """Our lines, and those of an earlier section that are about sets not measured now, in its order."""
        new = {}
        for cells in self.lines:
            new.setdefault(group(cells), []).append(cells)
        measured, out = set(new), []
        for row in old.splitlines():
            cells = [c.strip() for c in row.strip("| ").split(" | ")]
            if len(cells) != 6 or not cells[0].startswith(self.name + "/"):
                continue
            if group(cells) in measured:
                out += new.pop(group(cells), [])
            else:
                out.append(cells)
        return out + sum(new.values(), [])

    def markdown(self, old):
        lines = self.merged(old)
        short = sum(c[-1] != "ok" for c in lines)
        rows = ["| figure | ours | peer | ratio | bar | |", "|---|---|---|---|---|---|"]
        rows += ["| " + " | ".join(c) + " |" for c in lines]
        head = [f"## {self.title}", "", f"{len(lines) - short} ok, {short} short."]
        if len(lines) > len(self.lines):
            head[-1] += " Some lines are from earlier runs."
        return "\n".join(head + [""] + rows + [""] + [n + "  " for n in self.notes] + ["", self.extra])

    def save(self, path=RESULTS):
        """Puts the section between its markers, which are added at the end if need be. The rest of the file stays."""
        begin, end = f"<!-- {self.name}:begin -->", f"<!-- {self.name}:end -->"
        with open(path) as f:
            old = f.read()
        block = re.compile(re.escape(begin) + ".*?" + re.escape(end), flags=re.S)
        found = block.search(old)
        text = f"{begin}\n{self.markdown(found.group() if found else '').rstrip()}\n{end}"
        new = block.sub(lambda _: text, old, count=1) if found else old.rstrip("\n") + "\n\n" + text + "\n"
        with open(path + ".new", "w") as f:
            f.write(new)
        os.replace(path + ".new", path)


def group(cells):
    """Section and set of a line."""
    return "/".join(cells[0].split("/")[:2])


def machine():
    """The machine and the tools, in one sentence."""
    cpu = platform.machine()
    try:
        cpu = next(l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name"))
    except (OSError, StopIteration):
        pass
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, {go}, load {os.getloadavg()[0]:.1f}"


def today():
    return datetime.date.today().isoformat()
