"""Text in few bytes: answers cost by the kilobyte, so they are stored compressed.

A packed text is one byte that names the dictionary, then a raw DEFLATE stream (RFC 1951). A
dictionary is for ever: a better one gets the next number, and old texts stay readable.
"""

import zlib

# What answers and signed documents of this kind are full of; the likeliest comes last.
DICTIONARIES = {
    1: (
        b"organisation professional confidentiality safeguarding communication information "
        b"understanding relationship assessment responsibility colleagues manager supervisor "
        b"individual independence choices dignity privacy respect consent policy procedure "
        b"training support needs feelings wishes family friends person care plan worker client "
        b"because would could should about which their there where when what with from have "
        b"this that they them people important example make sure always never before after "
        b" and I would make sure that the person is able to be  in the  of the  to the  for the "
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
