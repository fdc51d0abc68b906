"""The documentation page as the real gateway and the packaged function serve it."""

import re

from chalicelib.api.docs import VENDORED
from cli.cloud import http
from cli.stack import Stack


def test_the_page_and_all_its_files_arrive_whole(stack: Stack) -> None:
    page = http.request("GET", f"{stack.api}/v1/docs")
    assert page.status == 200
    named = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.data.decode())
    arrived = {name: http.request("GET", f"{stack.api}/v1/{name}").data for name in named}
    assert len(arrived) == 4
    vendored = (VENDORED / "swagger-ui-bundle.js").read_bytes()
    assert vendored in arrived.values()
    described = http.request("GET", f"{stack.api}/v1/openapi.json").json()
    assert described["servers"] == [{"url": stack.api}]
