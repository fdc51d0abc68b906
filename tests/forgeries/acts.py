"""Section 6: acts of which trail and portfolio tell otherwise."""

from tests.archives import (
    build,
    moment,
)
from tests.forgeries.changes import (
    ASIDE,
    COMPETENT,
    PORTFOLIO,
    RETURNED,
    WITHDRAWN,
    Named,
    again,
    drop,
    earlier,
    entry,
    put,
    twice,
    without,
)


def acts() -> Named:
    judged, found = f"{COMPETENT}/judgement", f"{COMPETENT}/verifications/1"
    signed = "attempt.signed"
    for name, change in {
        "an attempt that nobody signed": without(signed, 4),
        "an attempt signed twice": again(signed),
        "an attempt signed for another page": entry(signed, facts={"page_id": "page-2"}),
        "an attempt signed under another number": entry(signed, facts={"number": 3}),
        "an attempt signed under a number that is a text": entry(signed, facts={"number": "1"}),
        "an attempt signed by another hash": entry(signed, on="0" * 64),
        "an attempt that was signed but is missing": drop(f"{PORTFOLIO}/pages/1/attempts/2"),
        "a contribution that nobody signed": without("contribution.signed"),
        "a contribution signed twice": again("contribution.signed"),
        "a contribution signed by another hash": entry("contribution.signed", on="0" * 64),
        "a contribution signed for another item": entry(
            "contribution.signed", facts={"item_id": "item-2"}
        ),
        "a contribution signed for another page": entry(
            "contribution.signed", facts={"page_id": "page-2"}
        ),
        "a contribution signed under another number": entry(
            "contribution.signed", facts={"number": 2}
        ),
        "a judgement that nobody made": without("attempt.judged", 1),
        "a judgement made twice": again("attempt.judged", 1),
        "a judgement before the signature": earlier("attempt.judged", 1),
        "a judgement left out": put(judged, None),
        "a judgement of another content": entry("attempt.judged", 1, on="0" * 64),
        "a judgement of another page": entry("attempt.judged", 1, facts={"page_id": "page-3"}),
        "a judgement of another attempt": entry("attempt.judged", 1, facts={"number": 7}),
        "another judgement, of no attempt": again("attempt.judged", 1, on="0" * 64),
        "another judgement, of a page unknown": again("attempt.judged", facts={"page_id": "p"}),
        "a judgement turned": put(f"{RETURNED}/judgement/competent", value=True),
        "a judgement turned in the trail": entry("attempt.judged", facts={"competent": True}),
        "a judgement with 1 for true": put(f"{judged}/competent", 1),
        "a judgement by somebody else": put(f"{judged}/judged_by", "assessor-2"),
        "a judgement at another moment": put(f"{judged}/judged_at", moment(0)),
        "a judgement by another means": put(f"{judged}/method", "token"),
        "a judgement with another feedback": put(f"{judged}/feedback", "Well poured."),
        "a judgement without its feedback": put(f"{RETURNED}/judgement/feedback", ""),
        "a judgement that is a text": put(judged, "competent"),
        "a judgement without its assessor": drop(f"{judged}/judged_by"),
        "a withdrawal that nobody made": without("attempt.withdrawn"),
        "a withdrawal made twice": again("attempt.withdrawn"),
        "a withdrawal left out": put(f"{WITHDRAWN}/withdrawn_at", ""),
        "a withdrawal at another moment": put(f"{WITHDRAWN}/withdrawn_at", moment(0)),
        "a withdrawal of no attempt": again("attempt.withdrawn", on="0" * 64),
        "a withdrawal of another attempt": put(f"{RETURNED}/withdrawn_at", moment(1)),
        "a countersignature that nobody made": without("judgement.countersigned"),
        "a countersignature made twice": again("judgement.countersigned"),
        "a countersignature left out": put(f"{COMPETENT}/countersignature", None),
        "a countersignature by somebody else": put(f"{COMPETENT}/countersignature/by", "x"),
        "a countersignature at another moment": put(f"{COMPETENT}/countersignature/at", moment(0)),
        "a countersignature of no attempt": again("judgement.countersigned", on="0" * 64),
        "a setting aside that nobody made": without("judgement.set-aside"),
        "a setting aside made twice": again("judgement.set-aside"),
        "a setting aside left out": put(f"{ASIDE}/set_aside", None),
        "a setting aside by somebody else": put(f"{ASIDE}/set_aside/by", "assessor-1"),
        "a setting aside at another moment": put(f"{ASIDE}/set_aside/at", moment(0)),
        "a setting aside for another reason": put(f"{ASIDE}/set_aside/reason", "None."),
        "a setting aside of no attempt": again("judgement.set-aside", on="0" * 64),
        "a verification that nobody made": without("judgement.verified", 1),
        "a verification left out": drop(found),
        "a verification made twice": again("judgement.verified", 1),
        "a verification listed twice": twice(found),
        "a verification of another id": put(f"{found}/id", "verification-0"),
        "a verification upheld": put(f"{found}/outcome", "upheld"),
        "a verification by somebody else": put(f"{found}/verified_by", "assessor-1"),
        "a verification at another moment": put(f"{found}/verified_at", moment(0)),
        "a verification with another note": put(f"{found}/note", "Fine."),
        "a verification without its note": put(f"{found}/note", ""),
        "a verification of another content": entry("judgement.verified", 1, on="0" * 64),
        "verifications left out": drop(f"{COMPETENT}/verifications"),
    }.items():
        yield name, build(acts=change)
