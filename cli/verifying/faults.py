"""What is wrong with an archive."""

LIMIT = 400  # characters of it that are shown


class Fault(Exception):
    """The first thing that fails: which section of VERIFY.md, in which file, and what it is."""

    def __init__(self, section: int, where: str, what: str) -> None:
        self.section = section
        self.where = _plain(where)
        self.what = _plain(what)
        super().__init__(f"{self.where}: {self.what} (VERIFY.md, section {section})")


def _plain(text: str) -> str:
    """Take the sting out of what an archive says: a terminal obeys some characters."""
    shown = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text[:LIMIT])
    return shown + "..." * (len(text) > LIMIT)
