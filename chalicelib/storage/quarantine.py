"""Where uploads land, in S3: nobody but the promotion step can read anything there."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
CHUNK = 1024 * 1024  # bytes read at a time
SCAN_TAG = "GuardDutyMalwareScanStatus"
ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"})


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where and how a browser posts a file: the fields go before the file, as form data."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartLink:
    """Where and with which headers a part is put."""

    number: int
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArrivedPart:
    """A part that is there; `sha256` in hexadecimal digits, as long as it is a part."""

    number: int
    size: int
    etag: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file that is there, in the version that came last."""

    version: str
    size: int


class Quarantine:
    """The bucket that uploads land in."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def form(self, key: str, media_type: str, size: int, sha256: str, lifetime: int) -> UploadForm:
        """Make a form that takes exactly this file at exactly this place, for `lifetime` seconds.

        Key, type, size and checksum are conditions of its policy: S3 refuses anything else.
        """
        fixed = {
            "Content-Type": media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": _base64(sha256),
        }
        conditions = [*({name: value} for name, value in fixed.items())]
        posted: Any = self._client.generate_presigned_post(
            Bucket=self.bucket,
            Key=key,
            Fields=dict(fixed),
            Conditions=[*conditions, ["content-length-range", size, size]],
            ExpiresIn=lifetime,
        )
        return UploadForm(posted["url"], posted["fields"])

    def begin_parts(self, key: str, media_type: str) -> str:
        """Begin an upload in parts, and return its id."""
        begun = call(
            self._client.create_multipart_upload,
            Bucket=self.bucket,
            Key=key,
            ContentType=media_type,
            ChecksumAlgorithm="SHA256",
        )
        return str(begun["UploadId"])

    def part_link(
        self, key: str, upload_id: str, number: int, size: int, sha256: str, lifetime: int
    ) -> PartLink:
        """Make a link that takes exactly this part."""
        headers = {"x-amz-checksum-sha256": _base64(sha256)}
        url = self._client.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "UploadId": upload_id,
                "PartNumber": number,
                "ContentLength": size,
                "ChecksumSHA256": headers["x-amz-checksum-sha256"],
            },
            ExpiresIn=lifetime,
        )
        return PartLink(number, url, headers)

    def parts(self, key: str, upload_id: str) -> tuple[ArrivedPart, ...] | None:
        """List the parts that have arrived; None where the upload is over, or was never begun."""
        found: list[ArrivedPart] = []
        after = 0
        while True:
            try:
                listed = call(
                    self._client.list_parts,
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload_id,
                    PartNumberMarker=after,
                )
            except AbsentError:
                return None
            found += (
                ArrivedPart(
                    part["PartNumber"],
                    part["Size"],
                    part["ETag"],
                    _hexadecimal(part.get("ChecksumSHA256", "")),
                )
                for part in listed.get("Parts", ())
            )
            if not listed.get("IsTruncated"):
                return tuple(found)
            after = listed["NextPartNumberMarker"]

    def assemble(self, key: str, upload_id: str, parts: Sequence[ArrivedPart]) -> None:
        """Make one object of the parts. An upload that is over already is left as it is.

        Raises Unavailable where a part has been sent once more since it was listed.
        """
        completed: Any = [
            {"PartNumber": part.number, "ETag": part.etag}
            | ({"ChecksumSHA256": _base64(part.sha256)} if part.sha256 else {})
            for part in parts
        ]
        try:
            call(
                self._client.complete_multipart_upload,
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": completed},
            )
        except AbsentError:
            return
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidPart":
                raise unavailable() from error
            raise

    def abandon(self, key: str, upload_id: str) -> None:
        """Drop the parts of an upload, if there are any."""
        try:
            call(
                self._client.abort_multipart_upload,
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
            )
        except AbsentError:
            return

    def find(self, key: str) -> Arrived | None:
        """Tell what stands at a key without reading it: listing needs no permission to read."""
        listed = call(self._client.list_object_versions, Bucket=self.bucket, Prefix=key, MaxKeys=10)
        for version in listed.get("Versions", ()):
            if version["Key"] == key and version["IsLatest"]:
                return Arrived(version["VersionId"], version["Size"])
        return None

    def read(self, key: str, version: str) -> Iterator[bytes]:
        """Read a version of a file, a chunk at a time. Raises AbsentError where it is gone."""
        body = call(self._client.get_object, Bucket=self.bucket, Key=key, VersionId=version)["Body"]
        try:
            yield from body.iter_chunks(CHUNK)
        except BotoCoreError as error:
            raise unavailable() from error
        finally:
            body.close()

    def verdict(self, key: str, version: str) -> str:
        """Read the tag in which GuardDuty says what it found; empty where it has not yet."""
        tags = call(
            self._client.get_object_tagging, Bucket=self.bucket, Key=key, VersionId=version
        )["TagSet"]
        return next((str(tag["Value"]) for tag in tags if tag["Key"] == SCAN_TAG), "")

    def clear(self, key: str) -> None:
        """Delete everything that ever stood at a key."""
        clear(self._client, self.bucket, key)


class AbsentError(Exception):
    """There is no such object, version or upload."""


def clear(
    client: "S3Client", bucket: str, prefix: str, stays: Callable[[Any], bool] = lambda _: False
) -> None:
    """Delete all versions of all objects whose keys begin so, but those that are to stay."""
    while True:
        listed = call(client.list_object_versions, Bucket=bucket, Prefix=prefix)
        found = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        doomed = [each for each in found if not stays(each)]
        for each in doomed:
            call(client.delete_object, Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        if not doomed:
            return


def call(operation: Callable[..., T], **arguments: Any) -> T:  # noqa: ANN401 (botocore's own)
    """Call S3. Raises AbsentError and Unavailable; what is a defect of ours stays what it is."""
    try:
        return operation(**arguments)
    except ClientError as error:
        response = error.response
        if response["Error"]["Code"] in ABSENT:
            raise AbsentError from None
        if response["ResponseMetadata"]["HTTPStatusCode"] >= 500:  # noqa: PLR2004 (theirs)
            raise unavailable() from error
        raise
    except BotoCoreError as error:
        raise unavailable() from error


def unavailable() -> Unavailable:
    """Say that S3 cannot do it now."""
    detail = "The service is busy. Send the same request again shortly: nothing is done twice."
    return Unavailable("busy", detail)


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _hexadecimal(checksum: str) -> str:
    return base64.b64decode(checksum.partition("-")[0]).hex() if checksum else ""
