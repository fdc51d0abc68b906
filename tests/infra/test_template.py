"""What real AWS alone enforces is asserted on the packaged template."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.openapi import OF_THE_GATEWAY
from chalicelib.api.problems import CODES
from chalicelib.domain.attachments import PARTS_LIMIT, UPLOAD_LIFETIME, WHOLE_LIMIT
from chalicelib.domain.exports import ABANDONED, LEASE
from chalicelib.domain.exports import KEPT as LINKED
from chalicelib.storage.archives import WORK
from chalicelib.storage.trail_acts import SHOWING
from infra.package import package

Resource = dict[str, Any]
PROBLEM_MEMBERS = ("type", "title", "status", "detail", "instance", "code", "errors")
FUNCTIONS = ("APIHandler", "Finalise", "Notify", "Deliver", "Promote", "Export", "Sweep")
KEPT = ("Files", "Quarantine", "Evidence", "Audit")
BUCKETS = (*KEPT, "Archives")
HEADS = {"prefix": "HEAD#"}
MADE_ONCE = ("CHANGE#", "PART#", "VERIFICATION#", "TRACE#", "DEED#")
MAPPINGS: dict[str, list[tuple[list[str], list[Any]]]] = {
    "FinaliseMapping": [
        (["INSERT", "MODIFY"], [HEADS, {"prefix": "CERTIFICATE#"}]),
        (["INSERT"], ["META", *({"prefix": prefix} for prefix in MADE_ONCE)]),
    ],
    "NotifyMapping": [
        (
            ["INSERT", "MODIFY"],
            [
                HEADS,
                {"prefix": "CERTIFICATE#"},
                {"prefix": "WHO#"},
                {"prefix": "CONTRIBUTION#"},
                {"prefix": "EXPORT#"},
                {"prefix": "DOWNLOAD#"},
                {"prefix": "VISIT#"},
                "META",
                "ATTACHMENT",
            ],
        )
    ],
}


@pytest.fixture(scope="module")
def resources() -> dict[str, Resource]:
    """Return the resources of the template, by logical id."""
    found: dict[str, Resource] = json.loads((package() / "sam.json").read_text())["Resources"]
    return found


def test_every_resource_has_a_type(resources: dict[str, Resource]) -> None:
    # A misspelt name in infra/resources.yaml would make a resource without one.
    assert all("Type" in resource for resource in resources.values())


def test_every_function_has_its_own_role(resources: dict[str, Resource]) -> None:
    roles = {resources[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS}
    assert len(roles) == len(FUNCTIONS)


def test_every_grant_names_exact_actions_and_resources(resources: dict[str, Resource]) -> None:
    for name in FUNCTIONS:
        role = resources[resources[name]["Properties"]["Role"]["Fn::GetAtt"][0]]
        (policy,) = role["Properties"]["Policies"]
        sids = set()
        for statement in policy["PolicyDocument"]["Statement"]:
            sids.add(statement["Sid"])
            assert statement["Effect"] == "Allow"
            assert not any("*" in action for action in statement["Action"])
            # A resource is an intrinsic; the only stars are for objects: those under a prefix, and
            # those of attachments.
            assert isinstance(statement["Resource"], dict), statement
            named = json.dumps(statement["Resource"])
            for objects in (
                "{Files.Arn}/certificates/*",
                "{Quarantine.Arn}/*/*",
                "{Evidence.Arn}/*/*",
                "{Audit.Arn}/*/*/*.jws",
                "{Archives.Arn}/*/*.zip",
                "{Archives.Arn}/*",
            ):
                named = named.replace(objects, "")
            assert "*" not in named
        assert len(sids) == len(policy["PolicyDocument"]["Statement"])


def test_the_table_cannot_be_lost(resources: dict[str, Resource]) -> None:
    table = resources["Table"]
    properties = table["Properties"]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["IsKept", True, False]}
    assert properties["SSESpecification"]["SSEEnabled"] is True
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


@pytest.mark.parametrize("name", BUCKETS)
def test_files_are_private_and_kept(resources: dict[str, Resource], name: str) -> None:
    bucket = resources[name]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    assert bucket["UpdateReplacePolicy"] == "Retain"
    files = bucket["Properties"]
    assert all(files["PublicAccessBlockConfiguration"].values())
    assert len(files["PublicAccessBlockConfiguration"]) == 4
    (owner,) = files["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
    versioned = files["VersioningConfiguration"] == {"Status": "Enabled"}
    assert versioned is (name in KEPT)
    assert files["BucketEncryption"]
    policy = resources[f"{name}Policy"]["Properties"]
    assert policy["Bucket"] == {"Ref": name}
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = {"Fn::GetAtt": [name, "Arn"]}
    assert statement["Resource"] == [arn, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_abandoned_uploads_go_and_evidence_never_does(resources: dict[str, Resource]) -> None:
    assert "LifecycleConfiguration" not in resources["Evidence"]["Properties"]
    rules = resources["Quarantine"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    files, markers = rules
    days = UPLOAD_LIFETIME.days
    assert files["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": days}
    # A file in parts is as old as its upload: the last to be finished has a week to be scanned.
    assert files["ExpirationInDays"] == days + 8
    assert files["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert markers["ExpiredObjectDeleteMarker"] is True


def test_nothing_of_an_export_stays_for_long(resources: dict[str, Resource]) -> None:
    rules = resources["Archives"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    work, exports = rules
    # A worker may begin just before an export is given up, and then live on for a while. An archive
    # is as old as its upload, which may have been begun as soon as the export was asked for.
    given_up, day = ABANDONED.days, 1
    assert (work["Prefix"], work["ExpirationInDays"]) == (WORK, given_up + day)
    assert "Prefix" not in exports
    assert exports["ExpirationInDays"] == LINKED.days + given_up + day
    parts = exports["AbortIncompleteMultipartUpload"]
    assert parts == {"DaysAfterInitiation": given_up + day}


def test_browsers_may_send_files_and_read_what_s3_said(resources: dict[str, Resource]) -> None:
    for name, methods in {
        "Files": ["GET", "HEAD"],
        "Quarantine": ["POST", "PUT", "GET", "HEAD"],
        "Evidence": ["GET", "HEAD"],
        "Archives": ["GET", "HEAD"],
    }.items():
        condition, cors, _ = resources[name]["Properties"]["CorsConfiguration"]["Fn::If"]
        assert condition == "HasCorsOrigins"
        (rule,) = cors["CorsRules"]
        assert rule["AllowedOrigins"] == {"Ref": "CorsOrigins"}
        assert rule["AllowedMethods"] == methods
        assert rule["ExposedHeaders"] == ["ETag"]


def test_only_the_promotion_step_reads_what_is_quarantined(resources: dict[str, Resource]) -> None:
    readers = set()
    for name, resource in resources.items():
        for policy in resource.get("Properties", {}).get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                named = json.dumps(statement["Resource"])
                if "s3:GetObject" in json.dumps(statement["Action"]) and "Quarantine" in named:
                    readers.add(name)
    assert readers == {"PromoteRole", "MalwareProtectionRole"}


def test_who_is_overtaken_learns_that_a_file_is_gone(resources: dict[str, Resource]) -> None:
    """Without the right to list, S3 says of what is gone that it is forbidden: a false alarm."""
    (policy,) = resources["PromoteRole"]["Properties"]["Policies"]
    found = [
        each["Resource"]
        for each in policy["PolicyDocument"]["Statement"]
        if "s3:ListBucket" in each["Action"]
    ]
    assert found == [{"Fn::GetAtt": ["Quarantine", "Arn"]}]


def test_guardduty_scans_and_tags_where_it_is_asked_to(resources: dict[str, Resource]) -> None:
    plan, role = resources["MalwareProtection"], resources["MalwareProtectionRole"]
    assert plan["Condition"] == role["Condition"] == "HasGuardDuty"
    assert plan["Properties"]["Actions"] == {"Tagging": {"Status": "ENABLED"}}
    bucket = plan["Properties"]["ProtectedResource"]["S3Bucket"]
    assert bucket == {"BucketName": {"Ref": "Quarantine"}}
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "malware-protection-plan.guardduty.amazonaws.com"}
    assert set(trust["Condition"]) == {"StringEquals", "ArnLike"}
    (policy,) = role["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        named = json.dumps(statement["Resource"])
        assert "Quarantine" in named or "rule/DO-NOT-DELETE-AmazonGuardDuty" in named
        assert not any("*" in action for action in statement["Action"])


def test_scanning_is_off_on_aws_only_where_somebody_says_so() -> None:
    """Left out by mistake, it must not go off: files would come in unscanned."""
    template = json.loads((package() / "sam.json").read_text())
    assert template["Parameters"]["Scanner"]["Default"] == "off", "without an account to scan in"
    assert '"Scanner=${SCANNER:-guardduty}"' in Path("infra/deploy.sh").read_text()


def test_a_stage_takes_no_larger_files_than_are_described() -> None:
    template = json.loads((package() / "sam.json").read_text())
    whole, parts = (template["Parameters"][name] for name in ("WholeLimit", "PartsLimit"))
    assert (whole["Default"], whole["MaxValue"]) == (WHOLE_LIMIT, WHOLE_LIMIT)
    assert (parts["Default"], parts["MaxValue"]) == (PARTS_LIMIT, PARTS_LIMIT)


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_stream_forgets_nothing_quietly(resources: dict[str, Resource], name: str) -> None:
    mapping = resources[name]["Properties"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["MaximumRetryAttempts"] == 5
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    queue, _ = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]
    assert resources[queue]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    filters = mapping["FilterCriteria"]["Filters"]
    assert [json.loads(each["Pattern"]) for each in filters] == [
        {"eventName": events, "dynamodb": {"Keys": {"sk": {"S": items}}}}
        for events, items in MAPPINGS[name]
    ]


def test_the_stream_brings_all_that_goes_on_record(resources: dict[str, Resource]) -> None:
    filters = resources["FinaliseMapping"]["Properties"]["FilterCriteria"]["Filters"]
    passed = {
        each if isinstance(each, str) else each["prefix"]
        for found in filters
        for each in json.loads(found["Pattern"])["dynamodb"]["Keys"]["sk"]["S"]
    }
    assert passed == {*SHOWING, "DEED#"}


def test_nobody_changes_what_was_signed_of_a_trail(resources: dict[str, Resource]) -> None:
    lock = resources["Audit"]["Properties"]["ObjectLockConfiguration"]
    assert resources["Audit"]["Properties"]["ObjectLockEnabled"] is True
    assert lock["ObjectLockEnabled"] == "Enabled"
    assert lock["Rule"]["DefaultRetention"] == {
        "Mode": {"Fn::If": ["IsKept", "COMPLIANCE", "GOVERNANCE"]},
        "Days": {"Ref": "AuditDays"},
    }
    granted = [
        action
        for resource in resources.values()
        for policy in resource.get("Properties", {}).get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        if "Audit" in json.dumps(statement["Resource"])
    ]
    assert set(granted) == {"s3:PutObject", "s3:GetObject", "s3:ListBucket"}


def test_exports_are_worked_on_one_by_one_and_kept(resources: dict[str, Resource]) -> None:
    queue = resources["Exports"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["ExportFailures", "Arn"]},
        "maxReceiveCount": 5,
    }
    seconds = resources["Export"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * seconds
    assert timedelta(seconds=seconds) < LEASE, "two would work on one export"
    assert resources["ExportMapping"]["Properties"]["BatchSize"] == 1


def test_the_sealing_key_signs_and_stays(resources: dict[str, Resource]) -> None:
    key = resources["SealingKey"]
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key["UpdateReplacePolicy"] == "Retain"
    assert key["Properties"]["KeyUsage"] == "SIGN_VERIFY"
    assert key["Properties"]["KeySpec"] == "ECC_NIST_EDWARDS25519"


def test_deliveries_are_kept_and_come_from_the_bus_alone(resources: dict[str, Resource]) -> None:
    queue = resources["Deliveries"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["DeliverFailures", "Arn"]
    }
    seconds = resources["Deliver"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * seconds
    assert resources["DeliverMapping"]["Properties"]["BatchSize"] == 1
    (target,) = resources["ToDeliveries"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"]["Arn"] == queue["RedrivePolicy"]["deadLetterTargetArn"]
    for name in ("Deliveries", "DeliverFailures"):
        (statement,) = resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Condition"] == {
            "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["ToDeliveries", "Arn"]}}
        }


def test_uploads_are_kept_and_come_from_the_rules_alone(resources: dict[str, Resource]) -> None:
    queue = resources["Uploads"]["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["PromoteFailures", "Arn"]},
        "maxReceiveCount": 5,
    }
    assert queue["VisibilityTimeout"] >= 6 * resources["Promote"]["Properties"]["Timeout"]
    assert resources["PromoteMapping"]["Properties"]["BatchSize"] == 1
    rules = ("ToUploads", "ScannedToUploads")
    for rule in rules:
        (target,) = resources[rule]["Properties"]["Targets"]
        assert target["DeadLetterConfig"]["Arn"] == queue["RedrivePolicy"]["deadLetterTargetArn"]
        # What an event says of a file is never believed; nothing but its name goes on.
        assert target["InputTransformer"]["InputTemplate"] == '{"key": <key>}'
        assert "EventBusName" not in resources[rule]["Properties"], "AWS speaks on the default bus"
        pattern = json.dumps(resources[rule]["Properties"]["EventPattern"])
        assert pattern.count("Quarantine") == 1, "of one bucket alone"
    arns = [{"Fn::GetAtt": [rule, "Arn"]} for rule in rules]
    for name in ("Uploads", "PromoteFailures"):
        (statement,) = resources[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Resource"] == {"Fn::GetAtt": [name, "Arn"]}
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": arns}}


def test_nobody_private_is_called_on_aws() -> None:
    template = json.loads((package() / "sam.json").read_text())
    assert template["Parameters"]["TrustedReceivers"]["Default"] == ""


def test_access_logs_name_the_route_and_never_the_path(resources: dict[str, Resource]) -> None:
    written = json.loads(resources["RestAPI"]["Properties"]["AccessLogSetting"]["Format"])
    assert written["route"] == "$context.resourcePath"
    assert "$context.path" not in written.values()
    (settings,) = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert settings["DataTraceEnabled"] is False
    assert settings["LoggingLevel"] == "OFF"


def test_logs_are_not_kept_for_ever(resources: dict[str, Resource]) -> None:
    groups = [each for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]
    assert {group["Properties"]["RetentionInDays"] for group in groups} == {90}
    for name in FUNCTIONS:
        assert resources[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in resources


def test_the_gateway_answers_with_problems(resources: dict[str, Resource]) -> None:
    for response in resources["RestAPI"]["Properties"]["GatewayResponses"].values():
        text, given = response["ResponseTemplates"]["application/json"]["Fn::Sub"]

        assert given == {"Base": {"Fn::If": ["HasPublicUrl", {"Ref": "PublicUrl"}, "/api"]}}
        problem = json.loads(text.replace("$context.error.messageString", '"why"'))
        assert list(problem) == [*PROBLEM_MEMBERS]
        entry = CODES[problem["code"]]
        assert (problem["title"], problem["status"]) == (entry.title, entry.status)
        assert response["StatusCode"] == entry.status
        assert problem["type"] == f"${{Base}}/v1/problems/{problem['code']}"
        assert problem["instance"] == "urn:uuid:$context.requestId"
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        assert headers["Access-Control-Allow-Origin"] == "'*'"
        assert ("Retry-After" in headers) == (entry.status in {429, 503})


def test_the_gateway_says_no_code_that_is_not_described(resources: dict[str, Resource]) -> None:
    said = json.dumps(resources["RestAPI"]["Properties"]["GatewayResponses"])
    codes = {code for code in CODES if f"/v1/problems/{code}\\" in said}
    assert codes - {"body-too-large", "unsupported-media-type"} == {
        "no-such-route",
        *OF_THE_GATEWAY,
    }


def test_somebody_is_woken(resources: dict[str, Resource]) -> None:
    watched = {
        (each["Properties"]["MetricName"], json.dumps(each["Properties"]["Dimensions"][0]["Value"]))
        for each in resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert {("Errors", json.dumps({"Ref": name})) for name in FUNCTIONS} <= watched
    for name in ("Finalise", "Notify"):
        assert ("IteratorAge", json.dumps({"Ref": name})) in watched
        queue = json.dumps({"Fn::GetAtt": [f"{name}Failures", "QueueName"]})
        assert ("ApproximateNumberOfMessagesVisible", queue) in watched
    for name, queue in {"Deliver": "Deliveries", "Promote": "Uploads"}.items():
        failures = json.dumps({"Fn::GetAtt": [f"{name}Failures", "QueueName"]})
        assert ("ApproximateNumberOfMessagesVisible", failures) in watched
        late = json.dumps({"Fn::GetAtt": [queue, "QueueName"]})
        assert ("ApproximateAgeOfOldestMessage", late) in watched
