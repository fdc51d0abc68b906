"""Measure what exports cost, and hold it to its budgets: `make bench`.

Two exports of the same number of files, those of the second ten times as large: what grows is what
passes through the function. Rounds alternate, so that what else the machine does falls on both.
"""

import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.domain.archives import Member, Source
from chalicelib.domain.attachments import MIB
from cli.cloud import ROOT, Cloud, running

HOME = ROOT / ".cloud" / "bench"
RESULT = ROOT / ".cloud" / "bench.json"
EVIDENCE, ARCHIVES = "bench-evidence", "bench-archives"
SIZES = {"200 MB": 10 * MIB, "2 GB": 100 * MIB}  # bytes of each file
FILES = 20
DOCUMENTS, DOCUMENT = 400, 2000  # small files, of so many bytes
ROUNDS = 3
MB = 1_000_000

Figures = dict[str, float]


def prepare(cloud: Cloud, size: int) -> list[Member]:
    """Put the evidence of an export there; every file has other bytes."""
    s3 = cloud.client("s3")
    members = []
    for number in range(FILES):
        content = os.urandom(MIB) * (size // MIB)
        key = f"{size}/{number}"
        version = s3.put_object(Bucket=EVIDENCE, Key=key, Body=content)["VersionId"]
        source = Source(EVIDENCE, key, version, size)
        members.append(Member(f"data/attachments/{number:04}", size, zlib.crc32(content), source))
    document = os.urandom(DOCUMENT)
    s3.put_object(Bucket=ARCHIVES, Key=f"work/{size}", Body=document * DOCUMENTS)
    bundle = Source(ARCHIVES, f"work/{size}", "", DOCUMENT * DOCUMENTS)
    for number in range(DOCUMENTS):
        name, start = f"data/attempts/{number:04}.json", number * DOCUMENT
        members.append(Member(name, DOCUMENT, zlib.crc32(document), bundle, start))
    return members


def export(cloud: Cloud, members: list[Member], *, streamed: bool) -> Figures:
    """Make an export in a fresh process, and delete it."""
    task = {
        "endpoint": cloud.endpoint,
        "bucket": ARCHIVES,
        "name": "export.zip",
        "members": [asdict(member) for member in members],
        "streamed": streamed,
    }
    command = [sys.executable, "-m", "tests.bench.exporter"]
    done = subprocess.run(  # noqa: S603 (our own)
        command, input=json.dumps(task).encode(), stdout=subprocess.PIPE, check=True, cwd=ROOT
    )
    cloud.client("s3").delete_object(Bucket=ARCHIVES, Key=task["name"])
    figures: Figures = json.loads(done.stdout)
    return figures


def measure(cloud: Cloud) -> dict[str, dict[str, Figures]]:
    """Make each export a few times, by turns; the least of each figure is what it takes."""
    s3 = cloud.client("s3")
    for bucket in (EVIDENCE, ARCHIVES):
        s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name},
        )
    s3.put_bucket_versioning(Bucket=EVIDENCE, VersioningConfiguration={"Status": "Enabled"})
    evidence = {name: prepare(cloud, size) for name, size in SIZES.items()}
    return {
        how: _least(
            {name: export(cloud, members, streamed=streamed) for name, members in evidence.items()}
            for _ in range(rounds)
        )
        for how, streamed, rounds in (("assembled", False, ROUNDS), ("streamed", True, 1))
    }


def _least(rounds: Iterator[dict[str, Figures]]) -> dict[str, Figures]:
    found = [*rounds]
    return {
        name: {figure: min(each[name][figure] for each in found) for figure in found[0][name]}
        for name in found[0]
    }


def held(figures: dict[str, dict[str, Figures]]) -> list[dict[str, Any]]:
    """Hold what was measured to the budgets: each line with the same of plain streaming."""
    small_files = DOCUMENTS * DOCUMENT / MB

    def line(what: str, limit: float, of: Callable[[Figures, Figures], list[float]]) -> Any:
        ours, streaming = (of(*each.values()) for each in figures.values())
        return {"what": what, "limit": limit, "ours": ours, "streaming": streaming}

    def megabytes(name: str) -> Callable[[Figures, Figures], list[float]]:
        return lambda small, large: [small[name] / MB, large[name] / MB]

    return [
        line("MB received by the function", 6 + small_files, megabytes("received")),
        line("MB sent by the function", 6 + small_files, megabytes("sent")),
        line("MB of memory over the idle process", 80, megabytes("memory")),
        line("memory for 2 GB / 200 MB", 1.2, lambda a, b: [b["memory"] / a["memory"]]),
        line("CPU for 2 GB / 200 MB", 1.5, lambda a, b: [b["cpu"] / a["cpu"]]),
    ]


def _table(budgets: list[dict[str, Any]]) -> Table:
    table = Table(title=f"An export of {FILES} files and {DOCUMENTS} small ones")
    for column in ("", " / ".join(SIZES), "limit", "streaming"):
        table.add_column(column, justify="right" if column else "left")
    for each in budgets:
        ours, streaming = (
            " / ".join(f"{value:.1f}" for value in each[how]) for how in ("ours", "streaming")
        )
        table.add_row(each["what"], ours, f"{each['limit']:.1f}", streaming)
    return table


def main() -> None:
    """Measure, print, write down, and end with 1 if anything falls short."""
    try:
        with running(HOME, keep=False) as cloud:
            figures = measure(cloud)
    finally:
        shutil.rmtree(HOME, ignore_errors=True)  # some gigabytes
    budgets = held(figures)
    RESULT.write_text(json.dumps({"budgets": budgets, "figures": figures}, indent=1) + "\n")
    console = Console(width=100)
    console.print(_table(budgets))
    for name in SIZES:
        one, other = (each[name] for each in figures.values())
        console.print(
            f"{name}: {one['calls']:.0f} calls, {one['cpu']:.2f} s of CPU; "
            f"streaming {other['calls']:.0f} calls, {other['cpu']:.2f} s"
        )
    short = [each["what"] for each in budgets if max(each["ours"]) > each["limit"]]
    if short:
        sys.exit(f"falls short: {', '.join(short)}")


if __name__ == "__main__":
    main()
