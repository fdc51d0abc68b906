"""The roles of the deployed functions: their grants, and S3 as they may use it."""

from typing import Any

import botocore.session
from botocore.config import Config

from cli.cloud import REGION
from cli.stack import Stack
from tests.stack.grants import ROLES


def s3_of(stack: Stack, function: str) -> Any:
    """Make a client of S3 with the identity of a function's role."""
    name = stack.resources[ROLES[function]]
    arn = stack.cloud.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    assumed = stack.cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")
    keys = assumed["Credentials"]
    session = botocore.session.Session()
    session.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    config = Config(region_name=REGION, signature_version="s3v4", proxies={})
    return session.create_client("s3", endpoint_url=stack.cloud.endpoint, config=config)
