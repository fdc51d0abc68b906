"""The scripted play that the examples of the API's description are recorded from.

    make openapi        plays every scene, and writes chalicelib/api/examples.json and
                        docs/openapi.json (`python -m tests.play`)

An operation is a scene: a function in the file of its noun, declared with the operation's id. Each
scene is played in a world of its own, on a fresh table, with a clock, ids and secrets that are the
same every time, so that what is recorded is the same every time. A scene sets the stage by the use
cases (`stage.world`) or by the door (`stage.door`), which is not recorded, and then

    stage.shows("A sentence about it.", "PUT", path, who, body, if_match=etag)
    stage.refused("stale-page", "PUT", path, who, body, if_match=etag)

sends what is: at least one request that succeeds, and one telling refusal. Requests of other
operations cannot be shown. To add an operation, write its scene, and record. A test plays all
scenes again and compares, so a scene that lacks, or whose answer has changed, is noticed.

What cannot be the same every time is not recorded: bearer tokens, and the signature of links to
files. Of pages for people, the part within `<main>` is shown.
"""
