"""What scanners say; and that not knowing is never taken for clean."""

import socket
from collections.abc import Iterable, Iterator

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.storage.scanners import Clamd as Scanning
from chalicelib.storage.scanners import GuardDuty, Off, Scanner, Verdict, scanner_of
from tests.clamd import EICAR, Clamd, scanning

MEBIBYTE = bytes(1024 * 1024)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with scanning() as running:
        yield running


def scan(scanner: Scanner, chunks: Iterable[bytes]) -> Verdict:
    with scanner.session() as session:
        for chunk in chunks:
            session.feed(chunk)
        return session.finish()


def test_a_file_is_clean_once_clamd_has_seen_all_of_it(clamd: Clamd) -> None:
    assert scan(scanner_of(clamd.setting), [b"a", b"", 2 * MEBIBYTE, b"b"]) == Verdict()
    assert clamd.scanned == [2 * len(MEBIBYTE) + 2]


def test_what_is_found_is_told_by_the_name_that_clamd_gives_it(clamd: Clamd) -> None:
    verdict = scan(scanner_of(clamd.setting), [b"before ", EICAR[:20], EICAR[20:], b" after"])
    assert verdict == Verdict("malware", "Eicar-Test-Signature")


def test_each_file_has_a_connection_of_its_own(clamd: Clamd) -> None:
    scanner = scanner_of(clamd.setting)
    assert [scan(scanner, [data]).reason for data in (EICAR, b"clean", EICAR)] == [
        "malware",
        "",
        "malware",
    ]


def test_what_is_larger_than_clamd_takes_is_not_clean(clamd: Clamd) -> None:
    clamd.limit = 1000
    assert scan(scanner_of(clamd.setting), [b"a" * 2000]).reason == "too-large-to-scan"


def test_more_is_sent_after_the_limit_without_harm(clamd: Clamd) -> None:
    clamd.limit = 1000
    scanner = scanner_of(clamd.setting)
    assert scan(scanner, [MEBIBYTE] * 20).reason == "too-large-to-scan"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",  # cut off before its end
        b"stream: O\0",
        b"OK\0",
        b"Can't allocate memory ERROR\0",
        b"INSTREAM: Can't write to temporary file. ERROR\0",
        b"\xff\xff\0",
    ],
)
def test_any_other_answer_is_none(clamd: Clamd, answer: bytes) -> None:
    clamd.answer = answer
    with pytest.raises(Unavailable):
        scan(scanner_of(clamd.setting), [b"clean"])


def test_a_connection_that_drops_is_no_answer(clamd: Clamd) -> None:
    clamd.drop_after = 1000
    with pytest.raises(Unavailable):
        scan(scanner_of(clamd.setting), [MEBIBYTE] * 20)


def test_a_clamd_that_is_silent_is_not_waited_for_without_end(clamd: Clamd) -> None:
    clamd.silent = True
    with pytest.raises(Unavailable):
        scan(Scanning("127.0.0.1", clamd.port, seconds=0.2), [b"clean"])


def test_a_clamd_that_takes_nothing_is_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        scanner = Scanning("127.0.0.1", deaf.getsockname()[1], seconds=0.2)
        with pytest.raises(Unavailable):
            scan(scanner, [MEBIBYTE] * 64)


def test_no_clamd_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable):
        scan(Scanning("127.0.0.1", port), [b"clean"])


def test_off_says_that_it_is_off() -> None:
    scanner = scanner_of("off")
    assert scanner.name == "off"
    assert scan(scanner, [EICAR]) == Verdict()


def test_the_setting_names_the_scanner() -> None:
    assert type(scanner_of("off")) is Off
    assert scanner_of("guardduty").name == GuardDuty.name == "guardduty"
    assert scanner_of("clamd://scanner.internal:3310").name == "clamd"
    assert scanner_of("clamd://[::1]:3310").name == "clamd"


@pytest.mark.parametrize(
    "setting",
    [
        *("", "on", "Off", "clamd", "clamd://", "clamd://:3310", "clamd://host:port"),
        *("clamd://host:99999", "http://host:3310", "clamd://host:3310/path"),
        "clamd://user@host:3310",
    ],
)
def test_any_other_setting_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=r"scanner|[pP]ort"):
        scanner_of(setting)
