"""An upload to S3 whose parts may be copies: one object in the end, or nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from chalicelib.domain.archives import PART_MINIMUM, Source
from chalicelib.storage.quarantine import AbsentError, call, unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is under way. Whatever is done to one that is over raises AbsentError."""

    client: "S3Client"
    bucket: str
    key: str
    id: str

    @classmethod
    def begin(cls, client: "S3Client", bucket: str, key: str, media_type: str) -> Self:
        """Begin one."""
        begun = call(client.create_multipart_upload, Bucket=bucket, Key=key, ContentType=media_type)
        return cls(client, bucket, key, begun["UploadId"])

    @classmethod
    def under(cls, client: "S3Client", bucket: str, prefix: str) -> Iterator[Self]:
        """List those to keys that begin so, for each key the oldest first."""
        pages = client.get_paginator("list_multipart_uploads")
        listed = call(lambda: [*pages.paginate(Bucket=bucket, Prefix=prefix).search("Uploads[]")])
        for each in sorted(filter(None, listed), key=lambda it: (it["Key"], it["Initiated"])):
            yield cls(client, bucket, each["Key"], each["UploadId"])

    def parts(self) -> dict[int, Any]:
        """Return what has arrived, as S3 describes it, by the number of the part."""
        pages = self.client.get_paginator("list_parts").paginate(**self._address)
        listed = call(lambda: [part for page in pages for part in page.get("Parts", ())])
        return {part["PartNumber"]: part for part in listed}

    def send(self, number: int, body: bytes | bytearray) -> None:
        """Send a part."""
        call(self.client.upload_part, **self._address, PartNumber=number, Body=body)

    def copy(self, number: int, source: Source, start: int, end: int) -> None:
        """Have S3 copy bytes of an object as a part, from `start` to before `end`."""
        call(
            self.client.upload_part_copy,
            **self._address,
            PartNumber=number,
            CopySource=addressed(source),
            CopySourceRange=f"bytes={start}-{end - 1}",
        )

    def complete(self, sizes: Sequence[int]) -> None:
        """Make one object of the parts, which are to have these sizes.

        Raises Unavailable where others have arrived: somebody else is at it.
        """
        if min(sizes[:-1], default=PART_MINIMUM) < PART_MINIMUM:
            message = f"S3 takes no part under {PART_MINIMUM} bytes but the last"
            raise ValueError(message)
        arrived = self.parts()
        parts = [arrived[number] for number in sorted(arrived) if number <= len(sizes)]
        if [part["Size"] for part in parts] != [*sizes]:
            raise unavailable()
        named: Any = [
            {name: part[name] for name in part if name not in {"Size", "LastModified"}}
            for part in parts
        ]
        try:
            call(
                self.client.complete_multipart_upload,
                **self._address,
                MultipartUpload={"Parts": named},
                MpuObjectSize=sum(sizes),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidPart":  # sent once more since
                raise unavailable() from error
            raise

    def abandon(self) -> None:
        """Drop the parts, if there are any."""
        try:
            call(self.client.abort_multipart_upload, **self._address)
        except AbsentError:
            return

    @property
    def _address(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.id}


def addressed(source: Source) -> Any:  # noqa: ANN401 (the arguments of botocore's calls)
    """Address an object as S3 takes it."""
    version = {"VersionId": source.version} if source.version else {}
    return {"Bucket": source.bucket, "Key": source.key} | version
