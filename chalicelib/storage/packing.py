"""Text in few bytes: answers cost by the kilobyte, so they are stored compressed.

A packed text is one byte that names the dictionary, then a raw DEFLATE stream (RFC 1951). A
dictionary is for ever: a better one gets the next number, and old texts stay readable.
"""

import zlib

# What answers and signed documents of this kind are full of; the likeliest comes last.
DICTIONARIES = {
    1: (
        b"accommodation acknowledge circumstances consequences deteriorate encouragement "
        b"environment immediately legislation nevertheless observation particularly "
        b"perspective vulnerable appropriate behaviour boundaries challenging complaint "
        b"complaints concerns confidential disclosure discussion emergency evaluate evidence "
        b"experience guidelines happened identify independent interests language medication "
        b"meetings otherwise positive possible problem professional questions reassure "
        b"recognise responsible reviewed services situation situations strengths sometimes "
        b"therefore together understood whatever whether without organisation confidentiality "
        b"safeguarding communication information understanding relationship relationships "
        b"assessment responsibility colleagues manager supervisor individual independence "
        b"choices choice dignity privacy respect consent policy policies procedure procedures "
        b"training support supported supporting needs feelings feeling wishes family families "
        b"friends person's people's person care plan worker client clients record records "
        b"recorded recording report reported reporting agreed agreement explain explained "
        b"contact contacts review decision decisions goals outcome outcomes achieve achieved "
        b"reason reasons change changes changed another anything anyone because become before "
        b"being believe best better between both called come could day days did difficult "
        b"difference different does done each early easier enough even every everybody "
        b"everyone everything example feel feels felt find first follow gave give given gives "
        b"going good great had happen happens has hear help helped helps her here him his home "
        b"hours how however if important instead into its just keep keeps kind knew know known "
        b"knows last later learn least left less let life like likely listen listened little "
        b"live long look looked made make makes making many matter matters may mean means "
        b"meant meet member members might mind moment more morning most much must my need "
        b"never new next nobody not nothing notice now often old on once one only open or "
        b"other others our out over own part place point put quickly rather read real really "
        b"right risk risks role safe safely safety said same saw say says see seen set she "
        b"should show side since small so some somebody someone something soon speak spoke "
        b"staff start started still such sure take taken takes talk talked team tell tells "
        b"than their them themselves then there these they thing things think this those "
        b"though thought through time times to today told too took trust try trying two under "
        b"until up us use used using usually very visit visits wait want wanted wants was way "
        b"ways week weeks well went were what when where which while who whole whom why will "
        b"with word words work worked working would write written wrong year yet you your "
        b" is able to  needs to be  as soon as possible  at the same time  the care plan "
        b" my line manager "
        b" in their own words  what matters to them  how they feel  the other person "
        b" I would also  because it is "
        b" it is important that  it is important to  so that they can  they do not  I did not "
        b" if they are  that they are "
        b" there is a  has to be  would be  can be  to be  it was  he was  she was  and the "
        b" that the  with the  from the  on the "
        b" at the  by the  for the  in the  of the "
        b" to the , and , but , because . I . The . They . It . If . When . This "
        b" I would make sure that the person is able to "
        b'{"answers":{"":{"text":""},"":{"chosen":["a"]},"":{"chosen":["b"]},"":{"chosen":["c"]},'
        b'"":{"chosen":["d"]},"":{"initials":"","understood":true},"":{"initials":"","understood":'
        b'false}},"attachments":[],"attempt":1,"candidate_id":"","centre_id":"","content_hash":"",'
        b'"declaration":"1","enrolment_id":"","format":1,"module_id":"","module_version":1,'
        b'"page_digest":"","page_id":"","salt":"","signature":"","signed_at":"202'
    ),
}
CURRENT = 1


def pack(content: bytes) -> bytes:
    """Compress with the current dictionary."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=DICTIONARIES[CURRENT])
    return bytes([CURRENT]) + packer.compress(content) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """Give back exactly what was packed, with whichever dictionary."""
    unpacker = zlib.decompressobj(-15, zdict=DICTIONARIES[packed[0]])
    return unpacker.decompress(packed[1:]) + unpacker.flush()
