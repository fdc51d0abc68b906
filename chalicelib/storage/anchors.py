"""Signed heads of audit trails, in S3: written once, and locked against being changed or deleted.

Names are `{centre}/{enrolment}/{seq}.jws`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.storage.quarantine import call

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SUFFIX = ".jws"
THERE = {"PreconditionFailed", "ConditionalRequestConflict"}  # or about to be, by somebody else


class Anchors:
    """The bucket of signed heads."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, centre_id: str, enrolment_id: str, seq: int, head: str) -> None:
        """Keep the signed head of an entry; what was signed of it before is what counts."""
        try:
            call(
                self._client.put_object,
                Bucket=self._bucket,
                Key=f"{centre_id}/{enrolment_id}/{seq:08}{SUFFIX}",
                Body=head.encode("ascii"),
                ContentType="application/jose",  # RFC 7515, section 9.2.1
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in THERE:
                raise

    def heads(self, centre_id: str, enrolment_id: str) -> Iterator[tuple[int, str]]:
        """Yield the signed heads of an enrolment, each with the number of its entry, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{centre_id}/{enrolment_id}/"
        )
        for page in pages:
            for found in page.get("Contents", ()):
                key = found["Key"]
                got = call(self._client.get_object, Bucket=self._bucket, Key=key)
                seq = key.rpartition("/")[2].removesuffix(SUFFIX)
                yield int(seq), got["Body"].read().decode("ascii")
