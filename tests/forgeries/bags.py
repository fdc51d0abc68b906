"""Section 2: bags that are none."""

from collections.abc import Callable

from chalicelib.domain.digests import digest
from tests.archives import (
    MANIFEST,
    SIGNATURE,
    TAG_MANIFEST,
    build,
)
from tests.forgeries.changes import (
    Named,
    drop_file,
    edit,
    put_file,
)


def bags() -> Named:
    for old, new in (
        (b"1.0", b"0.97"),
        (b"1.0", b"1.0 "),
        (b"UTF-8", b"ISO-8859-1"),
        (b"\n", b"\r\n"),
        (b"UTF-8\n", b"UTF-8"),
        (b"BagIt", b"\xef\xbb\xbfBagIt"),
    ):
        yield f"bagit.txt with {new!r}", build(files=edit("bagit.txt", old, new))
    for step, listed in (
        ("manifest", b"  data/export.json\n"),
        ("tag_manifest", b"  index.html\n"),
    ):
        for name, change in _manifest_changes(listed).items():
            yield f"a {step} {name}", build(**{step: change})  # type: ignore[arg-type]
    own = (TAG_MANIFEST, SIGNATURE)
    for name in own:
        line = f"{digest(b'')}  {name}\n".encode()
        yield f"a tag manifest with {name}", build(tag_manifest=lambda made, line=line: made + line)  # type: ignore[misc]
    for name in ("bag-info.txt", "index.html", "VERIFY.md", "verify.py", "verify.html"):
        yield f"no {name}", build(files=drop_file(name))
    yield "no manifest", build(order=lambda names: [n for n in names if n != MANIFEST])
    for name in ("fetch.txt", "manifest-sha512.txt", "readme.txt", "tags/x.txt", "Data/x.txt"):
        yield f"a file {name}", build(files=put_file(name, b"x\n"))


def _manifest_changes(listed: bytes) -> dict[str, Callable[[bytes], bytes]]:
    def line(made: bytes) -> bytes:
        return next(each for each in made.splitlines(keepends=True) if each.endswith(listed))

    return {
        "without a line": lambda made: made.replace(line(made), b""),
        "with a line twice": lambda made: made.replace(line(made), line(made) * 2),
        "with a wrong digest": lambda made: made.replace(line(made)[:64], b"0" * 64),
        "in upper case": lambda made: made.replace(line(made)[:64], line(made)[:64].upper()),
        "with one space": lambda made: made.replace(listed, listed[1:]),
        "with an asterisk": lambda made: made.replace(listed, b" *" + listed[2:]),
        "with a path from here": lambda made: made.replace(listed, b"  ./" + listed[2:]),
        "backwards": lambda made: b"".join(reversed(made.splitlines(keepends=True))),
        "with carriage returns": lambda made: made.replace(b"\n", b"\r\n"),
        "without its last line feed": lambda made: made[:-1],
        "with an empty line": lambda made: made + b"\n",
        "of no text": lambda made: made + b"\xff\xfe\n",
        "with a file that is not there": lambda made: made + b"0" * 64 + b"  data/z.txt\n",
        "that is empty": lambda _: b"",
    }
