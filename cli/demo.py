"""`make demo`: the main job, end to end, on a fresh local cloud; ends by itself."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from chalicelib.formats.modules import read_module
from chalicelib.formats.remarks import UnreadableDocumentError
from cli.cast import create_cast
from cli.cloud import ROOT, CloudError, reset, running
from cli.exporting import export, verified
from cli.playing import Client, Play
from cli.portfolios import Portfolio
from cli.stack import deploy
from infra.package import PackagingError, package

HOME = ROOT / ".cloud" / "demo"
OUTPUT = ROOT / "demo-output"
DEMO_MODULE = ROOT / "modules" / "working-relationships.md"
ARCHIVE = "portfolio.zip"
RESULTS = ("certificate.pdf", "certificate.json", ARCHIVE, "summary.json")
FEEDBACK = "Nearly there: say in your own words who you would tell, and when."


def main() -> int:
    """Play the demo and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", type=Path, default=DEMO_MODULE, help="a module file to play")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the results go")
    given = parser.parse_args()
    started = time.monotonic()
    try:
        summary = demo(given.module, given.output)
    except (CloudError, PackagingError, UnreadableDocumentError, OSError, ValueError) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    summary["seconds"] = round(time.monotonic() - started, 1)
    _write(given.output / "summary.json", summary)
    _tell(summary, given.output)
    return 0


def demo(module_file: Path, output: Path) -> dict[str, Any]:
    """Play the main job with a module file, leave the output, and return the summary."""
    source = module_file.read_text(encoding="utf-8")
    module = read_module(source).module
    output.mkdir(parents=True, exist_ok=True)
    for name in RESULTS:
        (output / name).unlink(missing_ok=True)
    print("Packaging the application")
    packaged = package()
    reset(HOME)
    print("Starting the local cloud, and deploying the template to it")
    with running(HOME, keep=False) as cloud:
        stack = deploy(cloud, packaged)
        print("Creating a centre, an administrator, a candidate, an assessor, a verifier")
        play = Play(stack, create_cast(stack), module)
        play.publish(source)
        play.enrol()
        portfolio = Portfolio(play)
        with _bar() as bar:
            _work(portfolio, bar)
            certificate = play.certificate()
            export(play, output / ARCHIVE, bar)
        return _finish(portfolio, certificate, output)


def _work(portfolio: Portfolio, bar: Progress) -> None:
    """Sign every page, judge every link, and have the first page returned once on the way."""
    play = portfolio.play
    pages = [page.id for page in play.module.pages]
    signing = bar.add_task("candidate: pages answered and signed", total=len(pages) + 1)
    judging = bar.add_task("assessor: pages judged by signed link", total=len(pages) + 1)
    for page_id in pages:
        portfolio.sign(page_id)
        bar.advance(signing)
    for number, link in enumerate(play.links(len(pages) + 1)):
        if number == 0:
            play.judge(link, competent=False, feedback=FEEDBACK)
            portfolio.sign(_returned(play))
            bar.advance(signing)
        else:
            play.judge(link, competent=True)
        bar.advance(judging)


def _returned(play: Play) -> str:
    waiting = [page for page in play.progress()["pages"] if page["state"] == "not-yet-competent"]
    page_id: str = waiting[0]["page_id"]
    return page_id


def _finish(portfolio: Portfolio, certificate: dict[str, Any], output: Path) -> dict[str, Any]:
    """Check what has come of it, as a stranger would, and write it down."""
    play = portfolio.play
    progress = play.progress()
    public = Client(play.stack.api).ask("GET", f"/v1/certificates/{certificate['certificate_id']}")
    shown = public.json()
    again = play.certificate()
    report = verified(play, output / ARCHIVE)
    checks = {
        "every page is competent": progress["pages_competent"] == len(play.module.pages),
        "one page took two attempts": sum(page["attempts"] for page in progress["pages"])
        == len(play.module.pages) + 1,
        "the enrolment is complete": progress["state"] == "complete",
        "the certificate is valid on its public page": shown["state"] == "valid",
        "the public page keeps the name to initials": shown["holder"] == "Z. N.",
        "it is the same certificate when asked again": again == certificate,
        "the portfolio is exported, and every page of it is there": report.counts["judgements"]
        == len(play.module.pages) + 1,
        **portfolio.checks(),
    }
    _write(output / "certificate.json", certificate)
    (output / "certificate.pdf").write_bytes(play.certificate_pdf())
    failed = [check for check, passed in checks.items() if not passed]
    if failed:
        message = f"the job was played, but it does not hold that {'; that '.join(failed)}"
        raise CloudError(message)
    return {
        "module": play.module.title,
        "counts": play.module.counts(),
        "pages_competent": progress["pages_competent"],
        "pages_returned_and_resubmitted": 1,
        **portfolio.counts(),
        "certificates": 1,
        "certificate_id": certificate["certificate_id"],
        "checks": list(checks),
        "done": [
            "packaged the application and deployed the real template to the local cloud",
            "published the module and enrolled a candidate, over the API",
            *portfolio.done(),
            f"answered and signed {progress['pages_competent']} pages, one of them twice",
            "judged every page by the signed link in the assessor's mail",
            "finalised by the event-driven step, and issued the certificate",
            "looked the certificate up on its public page, and downloaded it as PDF",
            "exported the portfolio, and verified the archive against the key of the stage",
        ],
        "export": report.counts,
        "thumbprint": report.export.kid,
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<40}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _tell(summary: dict[str, Any], output: Path) -> None:
    counts = summary["counts"]
    held = (
        f"{counts['pages']} pages: {counts['statements']} statements, {counts['choices']} choice "
        f"items with {counts['options']} options, {counts['questions']} knowledge questions"
    )
    lines = [
        "",
        f"{summary['module']}",
        f"  {held}",
        f"  {summary['pages_competent']} pages competent, 1 of them returned and resubmitted",
        *_tell_evidence(summary),
        f"  1 certificate: {summary['certificate_id']}",
        f"  1 archive, verified: {_tell_archive(summary['export'])}",
        "",
        "Done:",
        *(f"  - {done}" for done in summary["done"]),
        "",
        f"All {len(summary['checks'])} checks passed in {summary['seconds']} s. Open:",
        *(f"  {_short(output / name)}" for name in RESULTS),
        "",
        "Verify the archive, with the thumbprint of the key of this stage:",
        f"  ./testamur verify {_short(output / ARCHIVE)} --key {summary['thumbprint']}",
    ]
    print("\n".join(lines))


def _tell_archive(counts: dict[str, int]) -> str:
    told = ("files", "attempts", "judgements", "attachments", "trail_entries")
    return ", ".join(f"{counts[each]} {each.replace('_', ' ')}" for each in told)


def _tell_evidence(summary: dict[str, Any]) -> list[str]:
    if not summary["attachments"]:
        return []
    held = f"{summary['attachments']} files, {summary['contributions']} records by others"
    return [f"  evidence: {held}, {summary['uploads_refused']} upload refused"]


if __name__ == "__main__":
    sys.exit(main())
