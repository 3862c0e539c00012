"""Results that outlast a run: a line of results.jsonl each, known by a few of its fields."""
import fcntl
import hashlib
import json
import os
import shutil
import time


class Results:
    """The lines of a file, by the fields of key; of equal ones the last counts."""

    def __init__(self, path, key):
        self.path, self.key, self.found = path, key, {}
        if os.path.exists(path):
            for line in open(path):
                try:
                    self.keep(json.loads(line))
                except ValueError:  # the last line of a run that was killed
                    continue

    def keep(self, record):
        self.found[tuple(record[k] for k in self.key)] = record

    def add(self, record):
        """Adds a line; several processes may do so at a time."""
        with open(self.path, "ab") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            f.write(("\n" + json.dumps(record) + "\n").encode())
        self.keep(record)


def digest(*paths):
    """Twelve digits that stand for the files' content."""
    h = hashlib.sha256()
    for p in paths:
        with open(p, "rb") as f:
            h.update(hashlib.file_digest(f, "sha256").digest())
    return h.hexdigest()[:12]


def forget_old(folder, keep, prefixes):
    """Removes what other builds of our program left and no run has touched for a day."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(prefixes) and not name.endswith(keep) and time.time() - os.stat(path).st_mtime > 86400:
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
