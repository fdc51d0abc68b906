"""Evidence, in S3: originals found clean, each pinned to its version, and what is shown of them."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from chalicelib.storage.quarantine import call, clear

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 300
ORIGINAL, RENDERING, THUMBNAIL = "original", "rendering.jpg", "thumbnail.jpg"
UNSNIFFED = "application/octet-stream"  # so that nobody takes an original for a page


class Evidence:
    """The bucket of clean evidence. Names are `{centre}/{attachment}`; what lies there is ours."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def take(self, name: str, bucket: str, key: str, version: str) -> str:
        """Copy one version of an object here without reading it; return the version of the copy.

        Whatever it is, it is served as a download of no type in particular.
        """
        copied = call(
            self._client.copy_object,
            Bucket=self.bucket,
            Key=f"{name}/{ORIGINAL}",
            CopySource={"Bucket": bucket, "Key": key, "VersionId": version},
            ContentType=UNSNIFFED,
            ContentDisposition="attachment",
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",
        )
        return str(copied["VersionId"])

    def keep_picture(self, name: str, kind: str, content: bytes) -> None:
        """Keep a rendering or a thumbnail; the same again replaces it."""
        call(
            self._client.put_object,
            Bucket=self.bucket,
            Key=f"{name}/{kind}",
            Body=content,
            ContentType="image/jpeg",
        )

    def read_picture(self, name: str, kind: str) -> bytes:
        """Read a rendering or a thumbnail. Raises AbsentError."""
        return call(self._client.get_object, Bucket=self.bucket, Key=f"{name}/{kind}")[
            "Body"
        ].read()

    def link(self, name: str, version: str, download_as: str) -> str:
        """Make a link that downloads this version of an original, for five minutes."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": f"{name}/{ORIGINAL}",
                "VersionId": version,
                "ResponseContentDisposition": disposition(download_as),
            },
            ExpiresIn=LINK_SECONDS,
        )

    def picture_link(self, name: str, kind: str) -> str:
        """Make a link that shows a rendering or a thumbnail, for five minutes."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": f"{name}/{kind}"},
            ExpiresIn=LINK_SECONDS,
        )

    @property
    def origin(self) -> str:
        """The web origin to which its links lead."""
        parts = urlsplit(self.picture_link("", THUMBNAIL))
        return f"{parts.scheme}://{parts.netloc}"

    def prune(self, name: str, version: str) -> None:
        """Delete all under a name but the pinned original, and the pictures that came last."""

        def stays(found: Any) -> bool:  # noqa: ANN401 (a botocore shape)
            original = found["Key"] == f"{name}/{ORIGINAL}"
            return bool(found["VersionId"] == version if original else found["IsLatest"])

        clear(self._client, self.bucket, f"{name}/", stays)

    def clear(self, name: str) -> None:
        """Delete all that lies under a name, in every version."""
        clear(self._client, self.bucket, f"{name}/")


def disposition(name: str) -> str:
    """Name a download (RFC 6266, section 4): plain letters for old clients, the name in UTF-8."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " .-_") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
