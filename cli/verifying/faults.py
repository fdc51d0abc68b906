"""What is wrong with an archive."""


class Fault(Exception):
    """The first thing that fails: which section of VERIFY.md, in which file, and what it is."""

    def __init__(self, section: int, where: str, what: str) -> None:
        super().__init__(f"{where}: {what} (VERIFY.md, section {section})")
        self.section = section
        self.where = where
        self.what = what
