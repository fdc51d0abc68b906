"""Archives, in S3: put together there, of evidence that hardly passes through the function."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.archives import (
    AssemblyError,
    Copied,
    Joined,
    Part,
    Plan,
    Sent,
    Slice,
    Source,
)
from chalicelib.storage.evidence import disposition
from chalicelib.storage.multipart import Upload, addressed
from chalicelib.storage.quarantine import CHUNK, AbsentError, call, clear, unavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 300
MEDIA_TYPE = "application/zip"
WORK = "work/"  # what lies under it goes by itself after three days


class Archives:
    """The bucket of archives, and of what they are made from: that lies under `work/`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def keep(self, name: str, content: bytes) -> Source:
        """Keep an object; the same name again replaces it."""
        call(self._client.put_object, Bucket=self.bucket, Key=name, Body=content)
        return Source(self.bucket, name, "", len(content))

    def read(self, name: str, start: int, size: int) -> bytes:
        """Read bytes of an object. Raises AbsentError where it is gone."""
        with closing(self._open(Source(self.bucket, name, "", 0), start, start + size)) as stream:
            return bytes(_take(stream, size))

    def size(self, name: str) -> int | None:
        """Tell the size of an object; None where there is none."""
        try:
            head = call(self._client.head_object, Bucket=self.bucket, Key=name)
        except AbsentError:
            return None
        return int(head["ContentLength"])

    def link(self, name: str, download_as: str) -> str:
        """Make a link that downloads an export, for five minutes."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": name,
                "ResponseContentDisposition": disposition(download_as),
            },
            ExpiresIn=LINK_SECONDS,
        )

    def clear(self, prefix: str) -> None:
        """Delete all objects whose names begin so, and drop the uploads on their way there."""
        for upload in Upload.under(self._client, self.bucket, prefix):
            upload.abandon()
        clear(self._client, self.bucket, prefix)

    def discard(self, name: str) -> None:
        """Delete an archive, or what there is of one."""
        self.clear(name)
        self.clear(_parts_of(name))

    def assemble(self, name: str, plan: Plan) -> Iterator[int]:
        """Put an archive together under a name, where it is to be seen once it is whole.

        Yields after each part how many bytes are there. Whoever stops then, or is killed at any
        call, and comes again with the same plan goes on from what S3 has; two at once do no harm.
        Raises AssemblyError where a member is gone, or not what was recorded of it; Unavailable.
        """
        work = _parts_of(name)
        if self.size(name) != plan.size:
            try:
                yield from self._assemble(name, plan, work)
            except AbsentError:
                # Somebody else has come to the end, and cleared away what this one was at.
                if self.size(name) != plan.size:
                    raise unavailable() from None
        for upload in self._under_way(name):
            upload.abandon()
        self.clear(work)

    def _assemble(self, name: str, plan: Plan, work: str) -> Iterator[int]:
        upload = next(self._under_way(name), None) or self._begin(name)
        arrived = {number: part["Size"] for number, part in upload.parts().items()}
        sizes: list[int] = []
        done = 0
        for number, part in enumerate(plan, start=1):
            if arrived.get(number) != part.size:
                self._place(upload, number, part, f"{work}{number}")
            sizes.append(part.size)
            done += part.size
            yield done
        upload.complete(sizes)
        if self.size(name) != plan.size:
            self.clear(name)
            raise unavailable()

    def _under_way(self, name: str) -> Iterator[Upload]:
        uploads = Upload.under(self._client, self.bucket, name)
        return (upload for upload in uploads if upload.key == name)

    def _begin(self, name: str) -> Upload:
        return Upload.begin(self._client, self.bucket, name, MEDIA_TYPE)

    def _place(self, upload: Upload, number: int, part: Part, work: str) -> None:
        """Bring a part to its place; `work` is the name of what may have to be made for it."""
        match part:
            case Sent():
                upload.send(number, self._body(part))
            case Copied(of):
                self._require_there(of)
                start = of.member.start
                upload.copy(number, of.member.source, start + of.start, start + of.end)
            case Joined():
                if self.size(work) != part.size:
                    joining = self._begin(work)
                    self._place(joining, 1, part.copied, work)
                    self._place(joining, 2, part.sent, work)
                    joining.complete([part.copied.size, part.sent.size])
                upload.copy(number, Source(self.bucket, work, "", part.size), 0, part.size)

    def _require_there(self, of: Slice) -> None:
        """Require an object that is about to be copied to be there, and of the size on record."""
        source, name = of.member.source, of.member.name
        try:
            head = call(self._client.head_object, **addressed(source))
        except AbsentError:
            raise AssemblyError("evidence-missing", name) from None
        if head["ContentLength"] != source.size:
            raise AssemblyError("evidence-changed", name)

    def _body(self, sent: Sent) -> bytearray:
        body = bytearray()
        contents = self._contents(piece for piece in sent.pieces if isinstance(piece, Slice))
        for piece in sent.pieces:
            body += piece if isinstance(piece, bytes) else next(contents)
        return body

    def _contents(self, slices: Iterable[Slice]) -> Iterator[bytearray]:
        """Read members, each checked; those that lie behind each other in one object in one go."""
        for run in _runs(slices):
            first, last = run[0], run[-1]
            start, end = first.member.start + first.start, last.member.start + last.end
            try:
                opened = self._open(first.member.source, start, end)
            except AbsentError:
                raise AssemblyError("evidence-missing", first.member.name) from None
            with closing(opened) as stream:
                for each in run:
                    content = _take(stream, len(each))
                    if not _is_on_record(each, content):
                        raise AssemblyError("evidence-changed", each.member.name)
                    yield content

    def _open(self, source: Source, start: int, end: int) -> "StreamingBody | BytesIO":
        """Open bytes of an object as a stream, which is shorter if the object is."""
        if start == end:
            return BytesIO()
        try:
            at = {"Range": f"bytes={start}-{end - 1}"}
            return call(self._client.get_object, **addressed(source), **at)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":
                return BytesIO()
            raise


def _parts_of(name: str) -> str:
    """Begin the names of the parts that are made for an archive."""
    return f"{WORK}{name}/parts/"


def _runs(slices: Iterable[Slice]) -> Iterator[list[Slice]]:
    """Bring together what lies behind each other in one object."""
    run: list[Slice] = []
    for each in slices:
        if run and not _follows(run[-1], each):
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _follows(one: Slice, other: Slice) -> bool:
    adjacent = one.member.start + one.end == other.member.start + other.start
    return adjacent and one.member.source == other.member.source


def _take(stream: "StreamingBody | BytesIO", size: int) -> bytearray:
    """Read so many bytes of a stream, or as many as there are."""
    taken = bytearray()
    try:
        while chunk := stream.read(min(CHUNK, size - len(taken))):
            taken += chunk
    except BotoCoreError as error:
        raise unavailable() from error
    return taken


def _is_on_record(expected: Slice, content: bytes | bytearray) -> bool:
    """Whether bytes are as long as they should be, and, where it is all, of the same checksum."""
    member = expected.member
    whole = len(expected) == member.size
    return len(content) == len(expected) and (not whole or zlib.crc32(content) == member.crc32)
