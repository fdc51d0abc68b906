"""Deploy the packaged template to the local cloud, and use what stands there.

The template is the one that goes to AWS; `localised` lists every difference.
"""

import contextlib
import copy
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.cloud import FAKE_KEY, LOOPBACK, REGION, Cloud, CloudError

NAME = "testamur-local"
API = "testamur"
ARTEFACTS = "testamur-artefacts"
SENDER = "testamur@example.org"
PASSWORD = "Local-only-1"  # noqa: S105 (of made-up people, on a cloud that nobody can reach)
DEPLOY_SECONDS = 60
CLIENT: Mapping[str, Any] = {
    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "IdTokenValidity": 24,
    "TokenValidityUnits": {"IdToken": "hours"},
}
# A front-end in work may come from any port of this machine; nobody else reaches this cloud.
ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")


@dataclass(frozen=True, slots=True)
class Stack:
    """The application, deployed to a local cloud."""

    cloud: Cloud
    resources: Mapping[str, str]  # the physical id of each logical one
    pool: str
    audience: str

    @property
    def api(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"{self.cloud.endpoint}/restapis/{API}/api/_user_request_"

    @property
    def trusted(self) -> dict[str, str]:
        """The issuer as `ISSUERS` names it: its tokens bear Amazon's address, its keys are here."""
        return {
            "issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}",
            "audience": self.audience,
            "keys": f"{self.cloud.endpoint}/{self.pool}/.well-known/jwks.json",
        }

    def sign_in(self, username: str) -> str:
        """Return a bearer token (an ID token, good for a day) for somebody, known or new."""
        cognito = self.cloud.client("cognito-idp")
        self.subject(username)
        signed_in = cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=self.audience,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        token: str = signed_in["AuthenticationResult"]["IdToken"]
        return token

    def subject(self, username: str) -> str:
        """Return the `sub` that tokens of somebody, known or new, carry."""
        cognito = self.cloud.client("cognito-idp")
        person = {"UserPoolId": self.pool, "Username": username}
        try:
            user = cognito.admin_get_user(**person)
        except cognito.exceptions.UserNotFoundException:
            cognito.admin_create_user(**person, MessageAction="SUPPRESS")
            cognito.admin_set_user_password(**person, Password=PASSWORD, Permanent=True)
            user = cognito.admin_get_user(**person)
        attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        return str(attributes["sub"])

    def let_sign_in(self, address: str) -> dict[str, str]:
        """Let a web app send people to the issuer's sign-in page, and have them back at an address.

        Returns what the app is to know of the issuer, by the names of its `config.json`.
        """
        self.cloud.client("cognito-idp").update_user_pool_client(
            UserPoolId=self.pool,
            ClientId=self.audience,
            **CLIENT,
            CallbackURLs=[address],
            SupportedIdentityProviders=["COGNITO"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid"],
        )
        return {
            "authorization_endpoint": f"{self.cloud.endpoint}/oauth2/authorize",
            "token_endpoint": f"{self.cloud.endpoint}/oauth2/token",
            "client_id": self.audience,
            "scope": "openid",
            "token": "id_token",
        }

    def environment(self, function: str = "sweep") -> dict[str, str]:
        """Return the environment of a function, for use cases that run outside Lambda."""
        functions = self.cloud.client("lambda")
        found = functions.get_function_configuration(FunctionName=f"{NAME}-{function}")
        return {
            **found["Environment"]["Variables"],
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": FAKE_KEY,
            "AWS_SECRET_ACCESS_KEY": FAKE_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def invoke(self, function: str, event: object = None) -> object:
        """Run a function with an event and return its answer; raise CloudError if it fails."""
        answer = self.cloud.client("lambda").invoke(
            FunctionName=f"{NAME}-{function}", Payload=json.dumps(event or {})
        )
        said = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            message = f"the function {function} failed: {said}"
            raise CloudError(message)
        return json.loads(said)


def deploy(cloud: Cloud, package: Path, **more: str) -> Stack:
    """Deploy a package, keeping the data; catch up on what a restart has lost.

    `more` are parameters of the template that only some of those who deploy set.
    """
    pool, audience = _ensure_issuer(cloud)
    stack = Stack(cloud, {}, pool, audience)
    code = (package / "deployment.zip").read_bytes()
    key = f"{hashlib.sha256(code).hexdigest()}.zip"
    template = json.loads((package / "sam.json").read_text())
    _upload(cloud, key, code)
    cloud.client("ses").verify_email_identity(EmailAddress=SENDER)
    parameters = {
        "Issuers": json.dumps([stack.trusted]),
        "MailSender": SENDER,
        "PublicUrl": stack.api,
        "TrustedReceivers": LOOPBACK,
        "CorsOrigins": ",".join(ORIGINS),
        **more,
    }
    existed = _apply(cloud, localised(template, key, start=str(time.time_ns())), parameters)
    _answer_as_the_gateway(cloud, template, stack.api)
    found = cloud.client("cloudformation").describe_stack_resources(StackName=NAME)
    resources = found["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    stack = Stack(cloud, ids, pool, audience)
    _lock(stack, template)
    if existed:
        stack.invoke("sweep")
    return stack


def localised(template: dict[str, Any], key: str, start: str) -> dict[str, Any]:
    """Change what must differ between AWS and a cloud on one machine."""
    local = copy.deepcopy(template)
    resources = local["Resources"]
    # It speaks plain HTTP, on the loopback interface alone.
    for bucket in ("Files", "Quarantine", "Evidence", "Archives", "Audit"):
        del resources[f"{bucket}Policy"]
    # Declared by calls. Here they would name the port, and a body that has changed makes ministack
    # create the API anew, under an id that is taken.
    del resources["RestAPI"]["Properties"]["GatewayResponses"]
    # A fixed id, so that the address is known before the API is made.
    resources["RestAPI"]["Properties"] |= {"Tags": {"ms-custom-id": API}, "PropagateTags": True}
    for name, resource in list(resources.items()):
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = {"Bucket": ARTEFACTS, "Key": key}
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            # ministack keeps how far a mapping has read and forgets the records: a mapping that
            # outlives a restart skips as many as it had read. So each start has new ones.
            resources[f"{name}{start}"] = resources.pop(name)
        if "ScalingConfig" in properties:
            # Each at the same time is a process here.
            properties["ScalingConfig"] = {"MaximumConcurrency": 2}
        for policy in properties.get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Sid"] == "SendMail":
                    # ministack asks for permission to send from "*", whatever the sender.
                    statement["Resource"] = "*"
    return local


def _ensure_issuer(cloud: Cloud) -> tuple[str, str]:
    """Find or make the user pool and the client that stand for somebody's OIDC issuer."""
    cognito = cloud.client("cognito-idp")
    for pool in cognito.list_user_pools(MaxResults=1)["UserPools"]:
        clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        return pool["Id"], clients[0]["ClientId"]
    pool = cognito.create_user_pool(PoolName=NAME)["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"],
        ClientName=NAME,
        **CLIENT,
    )["UserPoolClient"]
    return pool["Id"], client["ClientId"]


def _upload(cloud: Cloud, key: str, code: bytes) -> None:
    """Put the code where the template finds it, once."""
    s3 = cloud.client("s3")
    try:
        s3.head_object(Bucket=ARTEFACTS, Key=key)
    except ClientError:
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            place = {"LocationConstraint": REGION}
            s3.create_bucket(Bucket=ARTEFACTS, CreateBucketConfiguration=place)
        s3.put_object(Bucket=ARTEFACTS, Key=key, Body=code)


def _upload_template(cloud: Cloud, template: dict[str, Any]) -> str:
    """Put the template where CloudFormation reads it: it is too long for a call."""
    cloud.client("s3").put_object(Bucket=ARTEFACTS, Key="template", Body=json.dumps(template))
    return f"{cloud.endpoint}/{ARTEFACTS}/template"


def _apply(cloud: Cloud, template: dict[str, Any], parameters: dict[str, str]) -> bool:
    """Create or update the stack and wait; say whether it was there before."""
    formation = cloud.client("cloudformation")
    existed = any(stack["StackName"] == NAME for stack in formation.describe_stacks()["Stacks"])
    change = formation.update_stack if existed else formation.create_stack
    try:
        change(
            StackName=NAME,
            TemplateURL=_upload_template(cloud, template),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
    except ClientError as error:
        message = f"the template could not be deployed: {error}"
        raise CloudError(message) from error
    deadline = time.monotonic() + DEPLOY_SECONDS
    status = "IN_PROGRESS"
    while status.endswith("IN_PROGRESS") and time.monotonic() < deadline:
        time.sleep(0.05)
        status = formation.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"]
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = formation.describe_stack_events(StackName=NAME)["StackEvents"]
        reasons = [
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if "FAILED" in event["ResourceStatus"]
        ]
        advice = "mend the template, or run `make reset` if it cannot be reached from here"
        message = "\n".join([f"the template could not be deployed: {status}", *reasons, advice])
        raise CloudError(message)
    return existed


def _lock(stack: Stack, template: dict[str, Any]) -> None:
    """Lock what is written to the audit bucket: ministack does not read that in a template."""
    lock = copy.deepcopy(template["Resources"]["Audit"]["Properties"]["ObjectLockConfiguration"])
    lock["Rule"]["DefaultRetention"] = {"Mode": "GOVERNANCE", "Days": 1}
    bucket = stack.resources["Audit"]
    stack.cloud.client("s3").put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration=lock
    )


def _answer_as_the_gateway(cloud: Cloud, template: dict[str, Any], public_url: str) -> None:
    """Declare the gateway's own answers by calls: ministack does not read them in a definition."""
    gateway = cloud.client("apigateway")
    declared = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    for kind, response in declared.items():
        headers = response["ResponseParameters"]["Headers"]
        text, _ = response["ResponseTemplates"]["application/json"]["Fn::Sub"]
        gateway.put_gateway_response(
            restApiId=API,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseTemplates={"application/json": text.replace("${Base}", public_url)},
            responseParameters={
                f"gatewayresponse.header.{name}": value for name, value in headers.items()
            },
        )
    gateway.create_deployment(restApiId=API, stageName="api")
