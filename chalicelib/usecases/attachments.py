"""Attachments: who reads them, what stands beside them, and what is withheld."""

from collections.abc import Iterable

from chalicelib.domain.attachments import Attachment
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.attachments import to_attachment


def load_many(runtime: Runtime, centre_id: str, ids: Iterable[str]) -> dict[str, Attachment]:
    """Return the attachments of a centre that go by these ids; those deleted are not among them."""
    wanted = dict.fromkeys(ids)
    found = runtime.table.get_many(*(keys.attachment(centre_id, each) for each in wanted))
    attachments = [to_attachment(item) for item in found if item]
    return {each.id: each for each in attachments if each.deleted_at is None}
