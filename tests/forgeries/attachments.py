"""Section 5: files other than those that were signed for."""

from functools import partial

from tests.archives import (
    PHOTO,
    build,
)
from tests.forgeries.changes import (
    COMPETENT,
    CONTRIBUTION,
    IN_ONE,
    ONE,
    PORTFOLIO,
    Named,
    drop,
    drop_file,
    put,
    put_file,
    together,
    twice,
)


def attachments() -> Named:
    photo = f"{IN_ONE}attachments/0001-attachment-1.jpg"
    listed = f"{PORTFOLIO}/attachments/0"
    yield "another photo", build(files=put_file(photo, PHOTO[::-1]))
    yield "no photo", build(files=drop_file(photo))
    more = f"{IN_ONE}attachments/0002-attachment-2.jpg"
    yield "a photo more", build(files=put_file(more, PHOTO))
    elsewhere = partial(put, f"{listed}/file")
    for name, change in {
        "a photo of another size": put(f"{listed}/size", 11),
        "a photo whose size is a text": put(f"{listed}/size", "10"),
        "a photo with another digest": put(f"{listed}/sha256", "0" * 64),
        "a photo twice": twice(listed),
        "a photo without an id": drop(f"{listed}/id"),
        "a photo without a file": drop(f"{listed}/file"),
        "a photo that is not there": elsewhere("attachments/0002.jpg"),
        "a photo outside of its folder": elsewhere("../enrolment-1/attachments/0001.jpg"),
        "attachments that are an object": put(f"{PORTFOLIO}/attachments", {}),
        "an attachment nobody lists": put(f"{PORTFOLIO}/attachments/0/id", "attachment-9"),
    }.items():
        yield name, build(papers=change)
    told = elsewhere("index.html")
    gone = together(told, put(f"{ONE}/files/index.html", PHOTO))
    yield "an attachment that is not in attachments/", build(papers=gone, files=drop_file(photo))
    hidden = elsewhere("")
    yield "a photo withheld without a flag", build(papers=hidden, files=drop_file(photo))
    flag = "folders/enrolment-2/entries/2"
    for name, place, value in (
        ("another attachment flagged", f"{flag}/facts/attachment_id", "attachment-1"),
        ("a release for a flag", f"{flag}/kind", "attachment.released"),
    ):
        yield name, build(acts=put(place, value))
    for place, what in (
        (f"{COMPETENT}/document/attachments/0", "an attempt"),
        (f"{CONTRIBUTION}/document/attachments/0", "a contribution"),
    ):
        yield f"{what} signed for another file", build(acts=put(f"{place}/sha256", "0" * 64))
        yield f"{what} signed for another size", build(acts=put(f"{place}/size", 1))
        yield f"{what} signed for a file unknown", build(acts=put(f"{place}/id", "attachment-2"))
        yield f"{what} signed for a number", build(acts=put(place, 1))
