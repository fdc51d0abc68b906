#!/usr/bin/env bash
# Deploy to AWS, with its own command line: the only thing here that touches a real account.
#
#   make deploy STAGE=dev BUCKET=my-artefacts ISSUERS='[{"issuer": ...}]' \
#       MAIL_SENDER=testamur@example.org MAIL_IDENTITY=example.org [PUBLIC_URL=...] \
#       [CORS_ORIGINS=https://app.example.org,...] [SCANNER=off] [AUDIT_DAYS=1095] [ALARM_TOPIC=...]
#
# BUCKET keeps the code; MAIL_IDENTITY is the identity that SES has verified for MAIL_SENDER.
# GuardDuty scans what is uploaded, unless SCANNER says what else does, or that nothing does.
set -euo pipefail

stage=${STAGE:?say which: dev or prod}
package=.cloud/package

aws cloudformation package --template-file "$package/sam.json" \
    --s3-bucket "${BUCKET:?name the bucket that keeps the code}" \
    --output-template-file "$package/deployed.yaml"
aws cloudformation deploy --template-file "$package/deployed.yaml" \
    --stack-name "testamur-$stage" \
    --s3-bucket "$BUCKET" \
    --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND \
    --no-fail-on-empty-changeset \
    --parameter-overrides \
    "Stage=$stage" \
    "Issuers=${ISSUERS:?list the issuers of tokens, as JSON}" \
    "MailSender=${MAIL_SENDER:?name the sender of mail}" \
    "MailIdentity=${MAIL_IDENTITY:?name the verified identity of the sender}" \
    "PublicUrl=${PUBLIC_URL:-}" \
    "CorsOrigins=${CORS_ORIGINS:-}" \
    "Scanner=${SCANNER:-guardduty}" \
    "AuditDays=${AUDIT_DAYS:-1095}" \
    "AlarmTopic=${ALARM_TOPIC:-}"
