"""What verify.html says of archives: opened from a file, in a browser without a network."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.archives import STRANGER, THUMBPRINT, build
from tests.browser.test_states import sticks_out, violations
from tests.forgeries import damaged, forgeries
from tests.forgeries.changes import Named

PAGE = Path("chalicelib/formats/verifier/verify.html").resolve()
AT_ONCE = 40
ACCEPTED = """([contents, key]) => Promise.all(contents.map(async (content) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const verifier = new Verifier(new File([bytes], "export.zip"), key, () => {});
  try { await verifier.verify(); return true; } catch { return false; }
}))"""
DIGESTS = """async (lengths) => {
  const differing = [];
  for (const length of lengths) {
    const bytes = Uint8Array.from({length}, (_, index) => (index * 7919) >> 5);
    const middle = length >> 1;
    const sliced = new Sha256().update(bytes.subarray(0, middle)).update(bytes.subarray(middle));
    if (sliced.digest() !== await sha256(bytes)) differing.push(length);
  }
  return differing;
}"""


@pytest.fixture
def tab(contexts: Callable[..., BrowserContext]) -> Iterator[Page]:
    """Open the page as a person does who has no network."""
    tab = contexts(size=(320, 640), offline=True).new_page()
    heard: list[str] = []
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("request", lambda request: heard.append(request.url))
    tab.goto(PAGE.as_uri())
    yield tab
    tab.close()
    assert heard == [PAGE.as_uri()]


def choose(tab: Page, content: bytes, key: str = "") -> None:
    file = {"name": "export.zip", "mimeType": "application/zip", "buffer": content}
    tab.get_by_label("The archive").set_input_files(file)  # type: ignore[arg-type]
    tab.get_by_label("The thumbprint").fill(key)
    tab.get_by_role("button", name="Verify").click()


def accepted(tab: Page, corpus: Named) -> list[str]:
    found: list[str] = []
    while some := list(islice(corpus, AT_ONCE)):
        contents = [base64.b64encode(content).decode() for _, content in some]
        verdicts = tab.evaluate(ACCEPTED, [contents, THUMBPRINT])
        found += [name for (name, _), verdict in zip(some, verdicts, strict=True) if verdict]
    return found


def test_valid(tab: Page) -> None:
    choose(tab, build(), THUMBPRINT)
    outcome = tab.get_by_role("region", name="Verified", exact=True)
    expect(outcome).to_be_focused()
    expect(outcome).to_contain_text("signed with the key that you trust")
    expect(outcome.get_by_role("definition").first).to_have_text(re.compile("35, .* bytes"))
    expect(tab.get_by_role("status")).to_have_text("Verified")


def test_without_a_thumbprint(tab: Page) -> None:
    choose(tab, build())
    outcome = tab.get_by_role("region", name="Whole, but who made it is not shown")
    expect(outcome).to_contain_text("You gave no thumbprint")
    expect(outcome).to_contain_text(THUMBPRINT)


def test_another_key(tab: Page) -> None:
    choose(tab, build(), STRANGER.jwk["kid"])
    outcome = tab.get_by_role("region", name="Not verified")
    expect(outcome.get_by_role("definition")).to_have_text(
        ["3", "signature.jws", "It is not signed with the key that you trust."]
    )


def test_what_was_entered(tab: Page) -> None:
    tab.get_by_role("button", name="Verify").click()
    expect(tab.get_by_label("The archive")).to_have_accessible_description(
        re.compile("Choose an archive first")
    )
    choose(tab, build(), "my key")
    expect(tab.get_by_label("The thumbprint")).to_be_focused()
    expect(tab.get_by_label("The thumbprint")).to_have_attribute("aria-invalid", "true")
    expect(tab.get_by_role("region")).to_have_count(0)


def test_dropped(tab: Page) -> None:
    tab.evaluate(
        """(content) => {
          const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], "export.zip"));
          document.body.dispatchEvent(
            new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        base64.b64encode(build()).decode(),
    )
    tab.get_by_role("button", name="Verify").click()
    expect(tab.get_by_role("region", name="Whole")).to_be_visible()


def test_a_browser_without_ed25519(tab: Page) -> None:
    tab.evaluate(
        """() => {
          const known = crypto.subtle.importKey.bind(crypto.subtle);
          crypto.subtle.importKey = async (format, key, algorithm, ...rest) => {
            if (algorithm === "Ed25519") throw new DOMException("", "NotSupportedError");
            return known(format, key, algorithm, ...rest);
          };
        }"""
    )
    choose(tab, build(), THUMBPRINT)
    outcome = tab.get_by_role("region", name="This browser cannot verify")
    expect(outcome).to_contain_text("Nothing has been verified")


def test_what_an_archive_says_is_text(tab: Page) -> None:
    """No name gets as far as the page but as text, and no policy lets it do anything."""
    name = "data/<img src=x onerror=alert(1)>"
    choose(tab, build(files=lambda files: files.update({name: b"x"})))
    expect(tab.get_by_role("region", name="Not verified")).to_be_visible()
    expect(tab.locator("img")).to_have_count(0)


def test_accessibility(tab: Page) -> None:
    for content, verdict in ((build(), "Whole"), (build()[:-1], "Not verified")):
        choose(tab, content)
        expect(tab.get_by_role("region", name=verdict)).to_be_visible()
        assert not sticks_out(tab)
        assert not violations(tab)


def test_forgeries(tab: Page) -> None:
    assert accepted(tab, iter([("the valid one", build())])) == ["the valid one"]
    assert accepted(tab, forgeries()) == []


def test_damaged(tab: Page) -> None:
    assert accepted(tab, islice(damaged(997), 0, None, 71)) == []


def test_digests_in_slices(tab: Page) -> None:
    lengths = [*range(130), 1000, 65_536, 1_000_003]
    assert tab.evaluate(DIGESTS, lengths) == []


def test_the_policy_allows_what_is_there_and_no_more() -> None:
    """Whoever changes the page puts the new digests into its first lines."""
    page = PAGE.read_text()
    digests = [
        base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        for tag in ("script", "style")
        for inside in re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    ]
    policy = (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert re.findall('http-equiv="Content-Security-Policy" content="(.*)"', page) == [policy]
    assert "innerHTML" not in page


def test_a_file_of_several_slices(tab: Page) -> None:
    large = bytes(range(256)) * 40_000
    valid = build(files=lambda files: files.update({"data/large.bin": large}))
    choose(tab, valid, THUMBPRINT)
    expect(tab.get_by_role("region", name="Verified", exact=True)).to_be_visible()
    choose(tab, valid.replace(large, large[:-1] + b"x"), THUMBPRINT)
    expect(tab.get_by_role("region", name="Not verified")).to_contain_text("data/large.bin")
