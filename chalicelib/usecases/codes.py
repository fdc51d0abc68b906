"""Codes that a centre may ask for besides a signed link: having one mailed, and checking it."""

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.errors import Flaw, Invalid, not_found
from chalicelib.domain.links import CODE_LIFETIME, CODE_PATIENCE, ReviewLink, link_for
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Key, Update, absent, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import centres
from chalicelib.usecases.judgements import awaited_assessor


def ask_for_code(runtime: Runtime, key: Key, attempt: Attempt) -> None:
    """Have a code mailed to the assessor whom an attempt waits for.

    A code that has just been asked for stays the one: whoever holds the link cannot make it void by
    asking again and again.
    """
    now, asked = runtime.now(), attempt.code_asked_at
    if asked and now - asked < CODE_PATIENCE:
        return
    change = Update(
        key,
        (
            absent("judged_at"),
            absent("withdrawn_at"),
            equals("code_asked_at", stamp(asked)) if asked else absent("code_asked_at"),
        ),
        set={"code_asked_at": stamp(now)},
        remove=("code_mailed_at",),
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        return  # judged, withdrawn or asked for in this moment


def mail_code(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str, number: int
) -> bool:
    """Mail the code that was asked for, if it has not been mailed. Can be done again at will.

    Returns whether a mail went out. A crash between mail and mark sends the same code once more.
    """
    key = keys.head(centre_id, enrolment_id, page_id, number)
    item = runtime.table.get(key)
    attempt = items.to_attempt(item) if item else None
    if attempt is None or not attempt.waiting or attempt.code_mailed_at:
        return False
    asked = attempt.code_asked_at
    if asked is None or runtime.now() - asked >= CODE_LIFETIME:
        return False
    centre = centres.load_centre(runtime, centre_id)
    assessor = awaited_assessor(runtime, centre_id, enrolment_id, attempt)
    if assessor is None or centre.links is not LinkPolicy.WITH_CODE:
        return False
    code = runtime.signer.code(link_for(centre_id, enrolment_id, attempt, assessor.address), asked)
    minutes = CODE_LIFETIME.seconds // 60
    text = (
        f"Dear {assessor.name},\n\n"
        "The code for the page that you are judging is\n\n"
        f"{code[:4]} {code[4:]}\n\n"
        f"It works for {minutes} minutes from when you asked for it. If you did not, somebody else "
        "has opened your link: tell your centre, and give the code to nobody.\n\n"
        f"{centre.name}\n"
    )
    subject = f"{centre.name}: your code"
    runtime.mail.send(assessor.address, subject, text, centre.mail_sender)
    mark = Update(
        key, (equals("code_asked_at", stamp(asked)),), set={"code_mailed_at": stamp(runtime.now())}
    )
    try:
        runtime.table.write(mark)
    except ConditionFailedError:
        return True  # judged by it already, or another was asked for and has a mail of its own
    return True


def require_code(runtime: Runtime, link: ReviewLink, code: str) -> None:
    """Raise Invalid unless the code is the one mailed for a link whose attempt waits.

    An attempt that waits no longer needs none: it says itself how it stands.
    """
    item = runtime.table.get(
        keys.head(link.centre_id, link.enrolment_id, link.page_id, link.attempt)
    )
    if item is None:
        raise not_found()
    attempt = items.to_attempt(item)
    if not attempt.waiting:
        return
    asked = attempt.code_asked_at
    if not code.strip():
        flaw = Flaw("/code", "code-required", "Type the code from your mail.")
    elif asked is None or runtime.now() - asked >= CODE_LIFETIME:
        flaw = Flaw("/code", "code-lapsed", "No code works just now; have a new one mailed.")
    elif not runtime.signer.fits(link, asked, code):
        flaw = Flaw("/code", "wrong-code", "This is not the code in the newest mail.")
    else:
        return
    raise Invalid("invalid-judgement", "Nothing was judged; mend what is listed.", [flaw])
