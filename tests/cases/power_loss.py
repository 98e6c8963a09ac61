"""
What a disk holds after the power went, played back from the log of faults.c.

A write is safe once its file was synced, a name once its folder was synced; what was
not synced may be there or not, and later things may be there without earlier ones.
``kept`` says which of the unsafe things survived: "nothing", "names", "data", or "all".
"""

from pathlib import Path


class Node:
    """A file or a folder, as programs see it and as the disk surely has it."""

    def __init__(self, folder=False):
        self.now = {} if folder else bytearray()
        self.safe = type(self.now)()

    def sync(self):
        self.safe = type(self.now)(self.now)


class Disk:
    """Begins as the tree of a folder, all of it safe; ``play`` follows the log one call at a time."""

    def __init__(self, root, first):
        self.root, self.tree = str(root), self._load(Path(first))

    def _load(self, path):
        node = Node(folder=path.is_dir())
        node.now = {p.name: self._load(p) for p in path.iterdir()} if path.is_dir() else bytearray(path.read_bytes())
        node.sync()
        return node

    def _parent(self, path):
        *folders, name = path.removeprefix(self.root).strip("/").split("/")
        node = self.tree
        for folder in folders:
            node = node.now[folder]
        return node.now, name

    def node(self, path):
        names, name = self._parent(path)
        return names[name] if name else self.tree

    def play(self, what, one, two, at, data):
        names, name = self._parent(one)
        if what in ("create", "mkdir"):
            names.setdefault(name, Node(folder=what == "mkdir"))
        elif what == "write":
            file = names[name].now
            file.extend(bytes(max(0, at - len(file))))
            file[at : at + len(data)] = data
        elif what == "truncate":
            file = names[name].now
            del file[at:]
            file.extend(bytes(at - len(file)))
        elif what == "sync":
            self.node(one).sync()
        elif what == "remove":
            gone = names.get(name)
            if gone is not None and not (isinstance(gone.now, dict) and gone.now):  # a full folder is refused
                del names[name]
        else:
            others, other = self._parent(two)
            if what == "link":
                others[other] = names[name]
            elif what == "rename":
                others[other] = names.pop(name)
            elif what == "exchange":
                names[name], others[other] = others[other], names[name]

    def surviving(self, kept):
        """The tree after the power went: dict of dicts of bytes."""
        return self._surviving(self.tree, kept in ("names", "all"), kept in ("data", "all"))

    def _surviving(self, node, names, data):
        if isinstance(node.now, dict):
            entries = node.now if names else node.safe
            return {name: self._surviving(entry, names, data) for name, entry in entries.items()}
        return bytes(node.now if data else node.safe)


def read_log(path):
    """The calls of a log, in order: (what, one, two, at, data)."""
    with open(path, "rb") as stream:
        while line := stream.readline():
            what, one, two, at, size = line.decode().rstrip("\n").split("\t")
            yield what, one, two, int(at), stream.read(int(size))


def write_tree(tree, folder):
    """Put a surviving tree onto a real disk."""
    folder.mkdir()
    for name, entry in tree.items():
        if isinstance(entry, dict):
            write_tree(entry, folder / name)
        else:
            (folder / name).write_bytes(entry)
