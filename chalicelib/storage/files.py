"""Rendered files, in S3: kept once made, and handed out by short-lived links."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 300


class Files:
    """The bucket of rendered files."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def has(self, name: str) -> bool:
        """Whether a file of this name has been kept."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            # Without permission to list, S3 answers 403 for what is not there.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {403, 404}:
                return False
            raise
        return True

    def keep(self, name: str, content: bytes, content_type: str) -> None:
        """Keep a file; the same name again replaces it."""
        self._client.put_object(
            Bucket=self._bucket, Key=name, Body=content, ContentType=content_type
        )

    def link(self, name: str, download_as: str) -> str:
        """Make a link that downloads the file, for five minutes."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": name,
                "ResponseContentDisposition": f'attachment; filename="{download_as}"',
            },
            ExpiresIn=LINK_SECONDS,
        )
