"""The single-table design: every access pattern, and the functions that make its keys.

| access pattern | how | key |
|---|---|---|
| a centre | get | `CENTRE#c`, `CENTRE` |
| the people of a centre | query | `CENTRE#c`, `PERSON#p` |
| those of them who hold a role | query | `CENTRE#c`, `ROLE#role#p` |
| the enrolments of a centre | query | `CENTRE#c`, `ENROLMENT#e` |
| the verifications at a centre, by time | query | `CENTRE#c`, `VERIFICATION#id` |
| the webhooks of a centre | query | `CENTRE#c`, `WEBHOOK#w` |
| the exports of a centre, newest first | query | `CENTRE#c`, `EXPORT#x` |
| who makes the visits to a centre, by time | query | `CENTRE#c`, `VISIT#v` |
| how many webhooks a centre has | update | `CENTRE#c`, `WEBHOOKS` |
| the sampling plans of a centre, by time | query | `CENTRE#c`, `SAMPLING#p` |
| what a plan was drawn from, and what was drawn | get | `CENTRE#c#SAMPLING#p`, `FRAME` |
| what was chosen for a plan | query | the same, `CHOICE#unit` |
| the module versions of a centre, newest first | query | `CENTRE#c`, `MODULE#m#(999999 - v)` |
| the source of a module version | get | `CENTRE#c#MODULE#m`, `VERSION#v` |
| who an identity is, by centre | query | `IDENTITY#sha256(issuer, subject)`, `AT#c` |
| somebody's membership and authorisations at a centre | query | `PERSON#p`, `WHO#c#...` |
| what was changed of them, by whom | query | `PERSON#p`, `HISTORY#c#id` |
| who has an address at a centre | get | `CENTRE#c`, `ADDRESS#sha256(address)` |
| when an address was last asked to be verified | get | `CENTRE#c`, `ASKED#sha256(address)` |
| who has a learner number at a centre | get | `CENTRE#c`, `LEARNER#sha256(number)` |
| somebody's enrolments as a candidate at a centre | query | `PERSON#p`, `STUDIES#c#e` |
| somebody's enrolments as an assessor at a centre | query | `PERSON#p`, `ASSESSES#c#e` |
| the open enrolments of a candidate, one in a module | get, query | `PERSON#p`, `OPEN#c#m` |
| the open enrolments that somebody judges in | query | `PERSON#p`, `QUEUE#c#e` |
| the visits of an external verifier to a centre | query | `PERSON#p`, `VISIT#c#v` |
| what somebody is to countersign | query | `PERSON#p`, `COUNTERSIGN#c#e#page#n` |
| an enrolment | get | `CENTRE#c#ENROLMENT#e`, `META` |
| what was changed of an enrolment | query | the same, `CHANGE#revision` |
| a page's draft | get | the same, `DRAFT#page` |
| the heads of all attempts, or of a page's | query | the same, `HEAD#page#n` |
| what was signed in an attempt | get | the same, `BODY#page#n` |
| what of a judgement is too long for the head | get | the same, `FEEDBACK#page#n` |
| the review of an attempt's departures | get | the same, `DEPARTURES#page#n` |
| why a judgement was set aside | get | the same, `ASIDE#page#n` |
| the ids of an enrolment's verifications, by time | query | the same, `VERIFICATION#id` |
| what assessor or witness contribute to a page | get, query | the same, `CONTRIBUTION#page#item` |
| what they signed | get | the same, `PART#page#item#n` |
| what was looked at or taken out, by whom | query | the same, `TRACE#id` |
| how far the audit trail has come, and the pages once judged competent | get | the same, `TRAIL` |
| the entries of the audit trail | get, query | the same, `ENTRY#seq` |
| the key of its commitments to texts | get | the same, `COMMITMENTS` |
| a certificate by its natural key | get | the same, `CERTIFICATE#issue` |
| a certificate by its public id | get | `CERTIFICATE#id`, `CERTIFICATE` |
| the answer to a request sent before | get | `REQUEST#sha256(actor, route, key)`, `REQUEST` |
| an attachment | get | `CENTRE#c#ATTACHMENT#a`, `ATTACHMENT` |
| what was done with an attachment, by whom | query | the same, `DEED#id` |
| the attachments of a candidate, by time | query | `PERSON#p`, `EVIDENCE#c#a` |
| the last evidence number of a candidate | update | `PERSON#p`, `EVIDENCES#c` |
| the enrolments that an export takes out | get | `CENTRE#c#EXPORT#x`, `SELECTED` |
| who has downloaded an export, and when | query | the same, `DOWNLOAD#p#slot` |
| what is open, for the sweeper | query of the index `open` | `open_shard`, `open_key` |

An enrolment is its own partition, so candidates scale out. The index is sparse (only open
enrolments, members and visits to whom mail is due, attachments and exports on their way, and
downloads that are not on record everywhere have its keys), sharded, and holds keys alone: signing
does not write to it.
"""

import hashlib
import re

from chalicelib.domain.modules import VERSION_LIMIT
from chalicelib.storage.changes import Key

SHARDS = 16
OPEN_INDEX = "open"
UPLOAD = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})/([0-9A-HJKMNP-TV-Z]{26})")


def centre(centre_id: str) -> Key:
    """Key of a centre."""
    return Key(f"CENTRE#{centre_id}", "CENTRE")


def centre_person(centre_id: str, person_id: str) -> Key:
    """Key by which a centre lists a person."""
    return Key(f"CENTRE#{centre_id}", f"PERSON#{person_id}")


def centre_role(centre_id: str, role: str, person_id: str) -> Key:
    """Key by which a centre lists a person who holds a role."""
    return Key(f"CENTRE#{centre_id}", f"ROLE#{role}#{person_id}")


def address(centre_id: str, address: str) -> Key:
    """Key that only one person of a centre can hold: a mail address, however its case."""
    return Key(f"CENTRE#{centre_id}", f"ADDRESS#{_hash(address.lower())}")


def asked(centre_id: str, address: str) -> Key:
    """Key of when a mail last asked to verify an address, whoever had it then."""
    return Key(f"CENTRE#{centre_id}", f"ASKED#{_hash(address.lower())}")


def learner(centre_id: str, number: str) -> Key:
    """Key that only one person of a centre can hold: a learner number."""
    return Key(f"CENTRE#{centre_id}", f"LEARNER#{_hash(number)}")


def centre_enrolment(centre_id: str, enrolment_id: str) -> Key:
    """Key by which a centre lists an enrolment."""
    return Key(f"CENTRE#{centre_id}", f"ENROLMENT#{enrolment_id}")


def centre_module(centre_id: str, module_id: str, version: int) -> Key:
    """Key by which a centre lists a module version; the newest version of a module comes first."""
    return Key(f"CENTRE#{centre_id}", f"MODULE#{module_id}#{VERSION_LIMIT - version:06}")


def verification(centre_id: str, verification_id: str) -> Key:
    """Key of a verification; ids sort by time."""
    return Key(f"CENTRE#{centre_id}", f"VERIFICATION#{verification_id}")


def webhook(centre_id: str, webhook_id: str) -> Key:
    """Key of a webhook."""
    return Key(f"CENTRE#{centre_id}", f"WEBHOOK#{webhook_id}")


def webhook_count(centre_id: str) -> Key:
    """Key of the count of a centre's webhooks."""
    return Key(f"CENTRE#{centre_id}", "WEBHOOKS")


def sampling_plan(centre_id: str, plan_id: str) -> Key:
    """Key of a sampling plan; ids sort by time."""
    return Key(f"CENTRE#{centre_id}", f"SAMPLING#{plan_id}")


def frame(centre_id: str, plan_id: str) -> Key:
    """Key of what a sampling plan was drawn from: there can be only one draw."""
    return Key(f"CENTRE#{centre_id}#SAMPLING#{plan_id}", "FRAME")


def choice(centre_id: str, plan_id: str, unit: str) -> Key:
    """Key of a judgement that was chosen for a sampling plan, which it can be once."""
    return Key(frame(centre_id, plan_id).pk, f"CHOICE#{unit}")


def centre_visit(centre_id: str, visit_id: str) -> Key:
    """Key by which a centre lists a visit; ids sort by time."""
    return Key(f"CENTRE#{centre_id}", f"VISIT#{visit_id}")


def visit(person_id: str, centre_id: str, visit_id: str) -> Key:
    """Key of a visit, below whom it is granted to: they read all of theirs in one go."""
    return Key(f"PERSON#{person_id}", f"VISIT#{centre_id}#{visit_id}")


def module(centre_id: str, module_id: str, version: int) -> Key:
    """Key of the source of a module version."""
    return Key(f"CENTRE#{centre_id}#MODULE#{module_id}", f"VERSION#{version:06}")


def export(centre_id: str, export_id: str) -> Key:
    """Key of an export; ids sort by time."""
    return Key(f"CENTRE#{centre_id}", f"EXPORT#{export_id}")


def selected(centre_id: str, export_id: str) -> Key:
    """Key of the ids of the enrolments that an export takes out."""
    return Key(f"CENTRE#{centre_id}#EXPORT#{export_id}", "SELECTED")


def download(centre_id: str, export_id: str, person_id: str, slot: int) -> Key:
    """Key of somebody's download of an export, in a slot of time."""
    return Key(f"CENTRE#{centre_id}#EXPORT#{export_id}", f"DOWNLOAD#{person_id}#{slot}")


def identity(issuer: str, subject: str, centre_id: str) -> Key:
    """Key by which a centre links a sign-in identity (the `iss` and `sub` of its tokens)."""
    return Key(f"IDENTITY#{_hash(issuer, subject)}", f"AT#{centre_id}")


def membership(person_id: str, centre_id: str) -> Key:
    """Key of a membership."""
    return Key(f"PERSON#{person_id}", f"WHO#{centre_id}#MEMBERSHIP")


def history(person_id: str, centre_id: str, change_id: str) -> Key:
    """Key of the record of a change; ids sort by time."""
    return Key(f"PERSON#{person_id}", f"HISTORY#{centre_id}#{change_id}")


def authorisation(person_id: str, centre_id: str, role: str) -> Key:
    """Key of the authorisation that somebody holds at a centre for what a role does."""
    return Key(f"PERSON#{person_id}", f"WHO#{centre_id}#AUTHORISATION#{role}")


def candidate_enrolment(person_id: str, centre_id: str, enrolment_id: str) -> Key:
    """Key by which a candidate lists an enrolment."""
    return Key(f"PERSON#{person_id}", f"STUDIES#{centre_id}#{enrolment_id}")


def assessor_enrolment(person_id: str, centre_id: str, enrolment_id: str) -> Key:
    """Key by which an assessor lists an enrolment."""
    return Key(f"PERSON#{person_id}", f"ASSESSES#{centre_id}#{enrolment_id}")


def queued_enrolment(person_id: str, centre_id: str, enrolment_id: str) -> Key:
    """Key by which an assessor finds an enrolment in which something may wait on them."""
    return Key(f"PERSON#{person_id}", f"QUEUE#{centre_id}#{enrolment_id}")


def countersigning(
    person_id: str, centre_id: str, enrolment_id: str, page_id: str, number: int
) -> Key:
    """Key by which somebody finds an attempt whose judgement they are to countersign."""
    return Key(
        f"PERSON#{person_id}", f"COUNTERSIGN#{centre_id}#{enrolment_id}#{page_id}#{number:04}"
    )


def attachment(centre_id: str, attachment_id: str) -> Key:
    """Key of an attachment; its partition holds all that belongs to it."""
    return Key(f"CENTRE#{centre_id}#ATTACHMENT#{attachment_id}", "ATTACHMENT")


def deed(centre_id: str, attachment_id: str, deed_id: str) -> Key:
    """Key of what was done with an attachment; ids sort by time."""
    return Key(attachment(centre_id, attachment_id).pk, f"DEED#{deed_id}")


def candidate_attachment(person_id: str, centre_id: str, attachment_id: str) -> Key:
    """Key by which a candidate lists an attachment; ids sort by time."""
    return Key(f"PERSON#{person_id}", f"EVIDENCE#{centre_id}#{attachment_id}")


def evidence_count(person_id: str, centre_id: str) -> Key:
    """Key of the last evidence number of a candidate."""
    return Key(f"PERSON#{person_id}", f"EVIDENCES#{centre_id}")


def open_enrolment(person_id: str, centre_id: str, module_id: str) -> Key:
    """Key that only one open enrolment of a candidate in a module can hold."""
    return Key(f"PERSON#{person_id}", f"OPEN#{centre_id}#{module_id}")


def enrolment(centre_id: str, enrolment_id: str) -> Key:
    """Key of an enrolment; its partition holds all that belongs to it."""
    return Key(f"CENTRE#{centre_id}#ENROLMENT#{enrolment_id}", "META")


def change(centre_id: str, enrolment_id: str, revision: int) -> Key:
    """Key of what was changed of an enrolment when it came to this revision."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"CHANGE#{revision:06}")


def draft(centre_id: str, enrolment_id: str, page_id: str) -> Key:
    """Key of a page's draft."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"DRAFT#{page_id}")


def head(centre_id: str, enrolment_id: str, page_id: str, number: int) -> Key:
    """Key of the head of an attempt."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"HEAD#{page_id}#{number:04}")


def body(centre_id: str, enrolment_id: str, page_id: str, number: int) -> Key:
    """Key of what was signed in an attempt."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"BODY#{page_id}#{number:04}")


def feedback(centre_id: str, enrolment_id: str, page_id: str, number: int) -> Key:
    """Key of what is said with a judgement beyond what the head has room for."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"FEEDBACK#{page_id}#{number:04}")


def aside(centre_id: str, enrolment_id: str, page_id: str, number: int) -> Key:
    """Key of the reason why a judgement was set aside."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"ASIDE#{page_id}#{number:04}")


def departures(centre_id: str, enrolment_id: str, page_id: str, number: int) -> Key:
    """Key of what an internal verifier found of an attempt's departures from rules."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"DEPARTURES#{page_id}#{number:04}")


def enrolment_verification(centre_id: str, enrolment_id: str, verification_id: str) -> Key:
    """Key by which an enrolment lists a verification."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"VERIFICATION#{verification_id}")


def contribution(centre_id: str, enrolment_id: str, page_id: str, item_id: str) -> Key:
    """Key of what an assessor or a witness contributes to a page, as it stands."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"CONTRIBUTION#{page_id}#{item_id}")


def part(centre_id: str, enrolment_id: str, page_id: str, item_id: str, number: int) -> Key:
    """Key of what an assessor or a witness signed."""
    pk = enrolment(centre_id, enrolment_id).pk
    return Key(pk, f"PART#{page_id}#{item_id}#{number:04}")


def trace(centre_id: str, enrolment_id: str, trace_id: str) -> Key:
    """Key of the record of an act that leaves nothing else behind."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"TRACE#{trace_id}")


def trail(centre_id: str, enrolment_id: str) -> Key:
    """Key of how far the audit trail has come."""
    return Key(enrolment(centre_id, enrolment_id).pk, "TRAIL")


def entry(centre_id: str, enrolment_id: str, seq: int) -> Key:
    """Key of an entry of the audit trail: its natural key, so that there can be only one."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"ENTRY#{seq:06}")


def entries(centre_id: str, enrolment_id: str) -> Key:
    """Partition of the audit trail's entries, and what their sort keys begin with."""
    return Key(enrolment(centre_id, enrolment_id).pk, "ENTRY#")


def commitments(centre_id: str, enrolment_id: str) -> Key:
    """Key of the secret that the audit trail's commitments to texts are made with."""
    return Key(enrolment(centre_id, enrolment_id).pk, "COMMITMENTS")


def certificate(centre_id: str, enrolment_id: str, issue: int) -> Key:
    """Key of a certificate: its natural key, so that there can be only one."""
    return Key(enrolment(centre_id, enrolment_id).pk, f"CERTIFICATE#{issue:04}")


def public_certificate(certificate_id: str) -> Key:
    """Key by which the public id finds a certificate."""
    return Key(f"CERTIFICATE#{certificate_id}", "CERTIFICATE")


def request(actor_id: str, route: str, idempotency_key: str) -> Key:
    """Key of the record of a request that may be sent again."""
    return Key(f"REQUEST#{_hash(actor_id, route, idempotency_key)}", "REQUEST")


def upload(centre_id: str, attachment_id: str) -> str:
    """Name of an attachment's object in quarantine, and of its folder among the evidence."""
    return f"{centre_id}/{attachment_id}"


def parse_upload(name: str) -> tuple[str, str] | None:
    """Read centre and attachment back from the name of an object; None if it is no attachment's."""
    found = UPLOAD.fullmatch(name)
    return (found[1], found[2]) if found else None


def open_index(centre_id: str, own_id: str) -> dict[str, str]:
    """Give the attributes that put what has an id of its own into the sweeper's index."""
    shard = int(_hash(own_id)[:8], 16) % SHARDS
    return {"open_shard": str(shard), "open_key": f"{centre_id}#{own_id}"}


def is_membership(sk: str) -> bool:
    """Whether the sort key is that of a membership."""
    return sk.startswith("WHO#") and sk.endswith("#MEMBERSHIP")


def parse_membership(key: Key) -> tuple[str, str]:
    """Read centre and person back from the key of a membership."""
    return key.sk.split("#")[1], key.pk.removeprefix("PERSON#")


def parse_visit(key: Key) -> tuple[str, str, str] | None:
    """Read centre, person and visit back from the key of a visit; None from all others."""
    kind, _, rest = key.sk.partition("#")
    if kind != "VISIT" or not key.pk.startswith("PERSON#"):
        return None
    centre_id, _, visit_id = rest.partition("#")
    return centre_id, key.pk.removeprefix("PERSON#"), visit_id


def is_attachment(sk: str) -> bool:
    """Whether the sort key is that of an attachment."""
    return sk == "ATTACHMENT"


def is_export(sk: str) -> bool:
    """Whether the sort key is that of an export, or of a download of one."""
    return sk.startswith(("EXPORT#", "DOWNLOAD#"))


def parse_export(key: Key) -> tuple[str, str]:
    """Read centre and export back from the key of an export, or of a download of one."""
    parts = f"{key.pk}#{key.sk}".split("#")
    return parts[1], parts[3]


def is_enrolments(pk: str) -> bool:
    """Whether the partition is that of an enrolment."""
    return "#ENROLMENT#" in pk


def parse_enrolment(pk: str) -> tuple[str, str]:
    """Read centre and enrolment back from the partition of an enrolment."""
    _, centre_id, _, enrolment_id = pk.split("#")
    return centre_id, enrolment_id


def parse_attachment(pk: str) -> tuple[str, str]:
    """Read centre and attachment back from the partition of an attachment."""
    _, centre_id, _, attachment_id = pk.split("#")
    return centre_id, attachment_id


def parse_attempt(sk: str) -> tuple[str, int]:
    """Read page and number back from the sort key of a head."""
    _, page_id, number = sk.split("#")
    return page_id, int(number)


def parse_contribution(sk: str) -> tuple[str, str]:
    """Read page and item back from the sort key of a contribution."""
    _, page_id, item_id = sk.split("#")
    return page_id, item_id


def parse_countersigning(sk: str) -> tuple[str, str, int]:
    """Read enrolment, page and number back from the key of what is to be countersigned."""
    _, _, enrolment_id, page_id, number = sk.split("#")
    return enrolment_id, page_id, int(number)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
