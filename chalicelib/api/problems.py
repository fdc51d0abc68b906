"""Problem details (RFC 9457): the one table from domain errors to HTTP, and every code's remedy."""

from typing import Any, NamedTuple

from chalicelib.domain import errors

STATUS: dict[type[errors.DomainError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.Unavailable: 503,
}
RETRY_AFTER = 2  # seconds


class Entry(NamedTuple):
    """What the register says of a code."""

    status: int
    title: str
    remedy: str


# A code and its status never change; the texts may.
CODES: dict[str, Entry] = {
    "malformed-json": Entry(
        400,
        "The body is no JSON that can be read",
        "Send one JSON object in UTF-8.",
    ),
    "duplicate-field": Entry(422, "A field comes twice", "Send each field of an object once."),
    "not-a-number": Entry(422, "NaN is no number", "Send no NaN and no Infinity."),
    "half-a-character": Entry(
        422,
        "Half of a surrogate pair is no text",
        "Send whole characters: both halves of a pair, or neither.",
    ),
    "nested-too-deep": Entry(
        422, "The body is nested too deeply", "Nest arrays and objects at most 100 deep."
    ),
    "malformed-form": Entry(
        400,
        "The form cannot be read",
        "Send the fields of the form, each once, as application/x-www-form-urlencoded.",
    ),
    "idempotency-key-required": Entry(
        400,
        "An Idempotency-Key is required",
        "Send a fresh random key with every new request, and the same key when you repeat it.",
    ),
    "idempotency-key-reused": Entry(
        422,
        "The key belongs to another request",
        "Repeat the first body under this key, or send the new body under a new key.",
    ),
    "unauthenticated": Entry(
        401,
        "Nobody is signed in",
        "Send a valid bearer token of a configured OpenID Connect issuer.",
    ),
    "unknown-person": Entry(
        401,
        "Nobody is linked to this sign-in",
        "Ask your centre to add you with this sign-in identity.",
    ),
    "role-not-allowed": Entry(
        403,
        "Your role does not include this",
        "Ask an administrator of the centre for the role that the detail names.",
    ),
    "not-the-candidate": Entry(
        403,
        "This belongs to the candidate",
        "Sign in as the candidate of the enrolment.",
    ),
    "not-the-assessor": Entry(
        403,
        "This belongs to the assessors of the enrolment",
        "Sign in as an assessor of the enrolment.",
    ),
    "not-authorised": Entry(
        403,
        "No authorisation for this module",
        "Ask the centre's administrator for an authorisation that is valid today.",
    ),
    "authorisation-changed": Entry(
        403,
        "The authorisation has just changed",
        "Send the judgement again; it rests on the new authorisation then.",
    ),
    "not-qualified": Entry(
        403,
        "Whoever is countersigned countersigns nobody",
        "Have the centre's administrator name a qualified countersigner.",
    ),
    "attempt-not-latest": Entry(
        409,
        "The page rests on a later attempt",
        "Read the page, and look at the judgement of its latest attempt.",
    ),
    "not-the-countersigner": Entry(
        403,
        "Another countersigner is named",
        "Have the countersigner whom the assessor's authorisation names do it.",
    ),
    "own-work": Entry(
        403,
        "Nobody judges or verifies their own work",
        "Have another assessor judge it, and another verifier look at it.",
    ),
    "not-your-evidence": Entry(
        403,
        "This is somebody else's evidence",
        "Have its candidate, whoever uploaded it, or an administrator do it.",
    ),
    "not-found": Entry(
        404,
        "Not found",
        "Check the address. What belongs to another centre, or is not yours to see, is not found.",
    ),
    "method-not-allowed": Entry(
        405,
        "The address does not take this method",
        "Send one of the methods that Allow lists; the OpenAPI description says what each does.",
    ),
    "another-author": Entry(
        409,
        "Somebody else provides this",
        "Look at `by` of the contribution: an assessor saves and signs it, a witness is invited.",
    ),
    "testimony-signed": Entry(
        409,
        "The witness has signed",
        "What was signed stays. Another testimony can be asked for once the page has come back.",
    ),
    "too-many-parts": Entry(
        409,
        "The part has been signed too often",
        "Speak with your centre; nothing that was signed is lost.",
    ),
    "too-many-invitations": Entry(
        409, "Witnesses have been asked too often", "Speak with your centre."
    ),
    "contribution-changed": Entry(
        409, "The contribution was changed in this moment", "Read it again, then send again."
    ),
    "page-signed": Entry(409, "The page is signed", "Wait for its judgement."),
    "page-competent": Entry(409, "The page is competent", "Nothing is left to do on this page."),
    "too-many-attempts": Entry(
        409,
        "The page has been signed too often",
        "Speak with your centre; nothing that was signed is lost.",
    ),
    "enrolment-complete": Entry(
        409,
        "The enrolment is complete",
        "Its certificate has been issued; work on another enrolment.",
    ),
    "enrolment-on-break": Entry(
        409,
        "The enrolment is on a break",
        "Go on writing: drafts are kept. Sign when the centre has made the enrolment active again.",
    ),
    "enrolment-withdrawn": Entry(
        409,
        "The enrolment has been withdrawn",
        "Ask the centre to make it active again; nothing that was written is lost.",
    ),
    "enrolment-transferred": Entry(
        409, "The enrolment has been transferred", "Go on where it was transferred to."
    ),
    "enrolment-awaiting-verification": Entry(
        409,
        "The enrolment waits for its verification",
        "Wait for the internal verifier: every page is judged competent.",
    ),
    "enrolment-state": Entry(
        409,
        "The enrolment cannot become that from what it is",
        "Choose among `current.moves`, or leave the state as it is.",
    ),
    "enrolment-open": Entry(
        409,
        "There is an open enrolment already",
        "Go on with the open enrolment that `current.enrolment_id` names.",
    ),
    "change-too-large": Entry(
        409,
        "The change is too large for one write",
        "Change the assessors of fewer pages at a time, or let waiting pages be judged first.",
    ),
    "version-published": Entry(
        409,
        "The version is published with another text",
        "Published versions never change: raise the version in the module file.",
    ),
    "identity-known": Entry(
        409,
        "The sign-in identity is known already",
        "Look up `current.person_id`, who has it at this centre.",
    ),
    "address-taken": Entry(
        409,
        "Somebody at this centre has the address",
        "Give everybody an address of their own; `current.person_id` is who has this one. End a "
        "membership, or change its address, to set the address free.",
    ),
    "learner-number-taken": Entry(
        409,
        "Somebody at this centre has the learner number",
        "Look up `current.person_id`: it may be the same person, or one number is wrong.",
    ),
    "own-membership": Entry(
        409,
        "Administrators do not shut themselves out",
        "Have another administrator do it, so that the centre keeps one.",
    ),
    "nothing-to-verify": Entry(
        409,
        "No address waits to be verified",
        "Read the person: there is no address, it is verified, or the membership has ended.",
    ),
    "attempt-changed": Entry(
        409,
        "The attempt is not as it was judged",
        "Read the attempt again, and judge what stands there now.",
    ),
    "attempt-not-waiting": Entry(
        409,
        "The attempt waits for no judgement",
        "Read the page: it has been judged or withdrawn.",
    ),
    "attempt-not-judged": Entry(
        409, "The attempt has not been judged", "Wait for its judgement, then look again."
    ),
    "departure-not-reviewed": Entry(
        409,
        "The departures have not been reviewed",
        "Have an internal verifier review them; not yet competent can be recorded at any time.",
    ),
    "departures-reviewed": Entry(
        409, "The departures have been reviewed already", "Read the attempt for the review."
    ),
    "no-departures": Entry(
        409, "The attempt departs from no rule", "Review attempts whose `departures` is not 0."
    ),
    "judgement-changed": Entry(
        409, "The judgement was changed in between", "Read the attempt again."
    ),
    "nothing-to-draw": Entry(
        409, "No judgement fits the plan yet", "Draw once there are some; the seed stays secret."
    ),
    "too-many-choices": Entry(
        409, "As many judgements are chosen as a plan takes", "Make another plan for the others."
    ),
    "too-many-webhooks": Entry(
        409, "The centre has as many webhooks as it may have", "Delete one that is not needed."
    ),
    "visit-over": Entry(
        409, "The visit is over", "Make another visit; this one shows nothing any more."
    ),
    "too-many-links": Entry(
        409, "Links have been asked for too often", "End the visit, and make another one."
    ),
    "webhook-not-active": Entry(
        409, "The webhook is not active", "Set its state to `active`, then send it again."
    ),
    "too-much-evidence": Entry(
        409,
        "The candidate has no evidence number left",
        "Speak with your centre: numbers go up to 9999, and are never given twice.",
    ),
    "upload-in-one-piece": Entry(
        409,
        "The upload has no parts",
        "Send the file by the form of `getUpload`; for parts, begin an upload with `in_parts`.",
    ),
    "upload-over": Entry(
        409,
        "Nothing more is taken for this upload",
        "Read the attachment: its file has arrived, or was rejected. Begin a new upload for "
        "another file.",
    ),
    "upload-not-arrived": Entry(
        409,
        "The file has not arrived as it was declared",
        "Send it by the form of `getUpload`, or in parts, then complete the upload again.",
    ),
    "upload-incomplete": Entry(
        409,
        "Parts of the file are missing",
        "Send the parts that `current.missing` numbers, then complete the upload again.",
    ),
    "evidence-bound": Entry(
        409,
        "A signed page rests on the attachment",
        "Leave it as it is, and upload another one; a redacted copy can take its place.",
    ),
    "not-flagged": Entry(
        409, "The attachment is not flagged", "Read it again: there is nothing to decide."
    ),
    "upload-expired": Entry(
        410, "The upload was begun too long ago", "Begin a new upload of the same file."
    ),
    "link-expired": Entry(
        410,
        "The link has expired",
        "Ask for a fresh link on its page; witnesses are invited again.",
    ),
    "link-used": Entry(410, "The link has been used", "What it was for is recorded."),
    "links-off": Entry(
        410, "This centre judges by sign-in", "Sign in to your centre's system to judge the page."
    ),
    "visit-ended": Entry(410, "The visit has been ended", "Ask the centre for another visit."),
    "link-void": Entry(
        410, "The link is void", "Ask for a fresh link on its page; witnesses are invited again."
    ),
    "stale-page": Entry(
        412,
        "The page was changed in between",
        "Compare yours with `current.answers`, then send again with `current.etag` as If-Match.",
    ),
    "stale-attachment": Entry(
        412,
        "The attachment was changed in between",
        "Read the attachment again, then send with `current.etag` as If-Match.",
    ),
    "stale-contribution": Entry(
        412,
        "The contribution was changed in between",
        "Compare yours with `current.answers`, then send again with `current.etag` as If-Match.",
    ),
    "stale-webhook": Entry(
        412,
        "The webhook was changed in between",
        "Read the webhook again, then send with its current ETag as If-Match.",
    ),
    "stale-enrolment": Entry(
        412,
        "The enrolment was changed in between",
        "Read the enrolment again, then send with its current ETag as If-Match.",
    ),
    "stale-person": Entry(
        412,
        "The person was changed in between",
        "Read the person again, then send with `current.etag` as If-Match.",
    ),
    "malformed-if-match": Entry(
        400,
        "If-Match cannot be read",
        "Send the ETag of the version that you are changing as it came, with its quotation marks.",
    ),
    "if-match-required": Entry(
        428,
        "If-Match is required",
        "Send the ETag of the version that you are changing.",
    ),
    "body-too-large": Entry(413, "The body is too large", "Send at most 256 KiB."),
    "unsupported-media-type": Entry(
        415,
        "The content type is not taken here",
        "Send application/json; forms of the review page are sent by the page itself.",
    ),
    "invalid-body": Entry(
        422,
        "The body breaks the description",
        "Mend each place that `errors` points to; the OpenAPI description says what fits.",
    ),
    "invalid-query": Entry(
        422,
        "The parameters after the question mark do not fit",
        "Mend each parameter that `errors` points to; take a cursor from `next`, unchanged.",
    ),
    "invalid-answers": Entry(
        422,
        "The answers cannot be kept",
        "Mend each place that `errors` points to: drafts may be incomplete, not of another page.",
    ),
    "invalid-contribution": Entry(
        422,
        "The contribution cannot be kept",
        "Mend each place that `errors` points to: drafts may be incomplete, not of another form.",
    ),
    "contribution-incomplete": Entry(
        422,
        "The contribution is not complete",
        "Fill in what `errors` lists, then sign. The draft is kept.",
    ),
    "invalid-witness": Entry(
        422, "Nobody can be asked like this", "Mend each place that `errors` points to."
    ),
    "page-incomplete": Entry(
        422,
        "The page is not complete",
        "Answer what `errors` lists, save the draft, then sign. The draft is kept.",
    ),
    "too-much-to-sign": Entry(
        422,
        "What is signed is too long to be kept together",
        "Shorten answers, or captions and alternative texts of files, or name fewer files; save "
        "the draft, then sign.",
    ),
    "not-signed": Entry(
        422,
        "The declaration or the signature is missing",
        "Show the current declaration, have it accepted, and send the name of whoever signs.",
    ),
    "invalid-judgement": Entry(
        422,
        "The judgement is not complete",
        "Give initials, feedback where the page is returned, and what is found of the evidence.",
    ),
    "invalid-verification": Entry(
        422,
        "The second look cannot be recorded",
        "Say what was found of departures, and what is wrong where action is required; name no "
        "day that has not come.",
    ),
    "invalid-sampling": Entry(
        422, "The plan, or the choice, cannot be kept", "Mend each place that `errors` points to."
    ),
    "frame-too-large": Entry(
        422,
        "More is to be drawn from than one request can take",
        "Make a plan of fewer modules, or of a shorter period.",
    ),
    "invalid-visit": Entry(
        422, "Nothing can be granted like this", "Mend each place that `errors` points to."
    ),
    "invalid-enrolment": Entry(
        422,
        "Nobody can be enrolled like this",
        "Mend each place that `errors` points to.",
    ),
    "invalid-date": Entry(
        422,
        "It cannot have happened on that day",
        "Name a day from 1950 to today, as it is at the centre; or leave `occurred_on` out.",
    ),
    "invalid-upload": Entry(
        422,
        "The file is not taken like this",
        "Mend each place that `errors` points to; nothing was begun.",
    ),
    "invalid-parts": Entry(
        422,
        "The file has no such parts",
        "Name each part once, by the numbers from 1 to `parts.count` of the upload.",
    ),
    "invalid-attachment": Entry(
        422,
        "The attachment cannot be described like this",
        "Mend each place that `errors` points to; nothing was changed.",
    ),
    "invalid-centre": Entry(422, "The centre cannot be saved", "Mend what `errors` lists."),
    "invalid-person": Entry(422, "The person cannot be saved", "Mend what `errors` lists."),
    "unreadable-module": Entry(
        422,
        "The module file cannot be read",
        "Mend the lines that `errors` names; `testamur module check` says the same offline.",
    ),
    "unpublishable-module": Entry(
        422,
        "The module cannot be published",
        "Mark every key and mend what `errors` lists; `testamur module check` says the same.",
    ),
    "invalid-export": Entry(
        422,
        "The export cannot be made like this",
        "Name up to 100 enrolments, or what the enrolments have in common.",
    ),
    "nothing-to-export": Entry(422, "No enrolment fits", "Ask for others, or for a longer period."),
    "export-too-large": Entry(
        422,
        "The export would be too large",
        "Start more exports of fewer enrolments each: by module, assessor or period.",
    ),
    "webhook-address-refused": Entry(
        422,
        "The address of the webhook is not called",
        "Give an https address whose host has public addresses alone; `errors` says what is wrong.",
    ),
    "unknown-event": Entry(
        422,
        "Nothing at this centre goes by this event id",
        "Take the id from an event of this centre; of an enrolment's states, of the latest.",
    ),
    # What the gateway answers by itself: infra/resources.yaml says it in the same words.
    "no-such-route": Entry(
        404,
        "There is no such address",
        "Take addresses from the OpenAPI description, and mind the path that `/v1` stands under.",
    ),
    "gateway-refused": Entry(
        400, "The request cannot be read", "Mend what the detail names, then send it again."
    ),
    "not-let-in": Entry(
        403,
        "The request was not let in",
        "Send it without what looks like an attack, or tell us if there is nothing of the kind.",
    ),
    "too-many-requests": Entry(
        429,
        "Too many requests at once",
        "Send the same request again after Retry-After, then wait longer each time.",
    ),
    "took-too-long": Entry(
        503,
        "That took too long",
        "Send the same request again after Retry-After: what was done is not done twice.",
    ),
    "gateway-failed": Entry(
        500,
        "The request was not carried out",
        "Send the same request again later, with the same Idempotency-Key; tell us if it stays.",
    ),
    "busy": Entry(503, "The service is busy", "Send the same request again after Retry-After."),
    "mail-refused": Entry(503, "The mail was not taken", "It is tried again by itself."),
    "keys-unreachable": Entry(
        503,
        "The issuer's keys cannot be read",
        "Send the same request again after Retry-After.",
    ),
    "internal-error": Entry(
        500,
        "A defect of ours",
        "Send the same request again later, with the same Idempotency-Key; tell us if it stays.",
    ),
}


def status_of(error: errors.DomainError) -> int:
    """Return the HTTP status of a domain error."""
    return STATUS[type(error)]


def problem(error: errors.DomainError, address: str, instance: str) -> dict[str, Any]:
    """Build the problem document of a domain error; `address` tells its remedy."""
    return {
        "type": address,
        "title": CODES[error.code].title,
        "status": status_of(error),
        "detail": error.detail,
        "instance": instance,
        "code": error.code,
        "errors": [_flaw(flaw) for flaw in error.flaws],
        **error.facts,
    }


def _flaw(flaw: errors.Flaw) -> dict[str, Any]:
    shown = {"pointer": flaw.pointer, "code": flaw.code, "detail": flaw.detail}
    return shown | {"line": flaw.line} if flaw.line else shown
