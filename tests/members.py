"""Members of archives, the objects they lie in, and the plain way to write a ZIP of them."""

import random
import zlib
from typing import Any

from chalicelib.domain.archives import LARGE, Member, Slice, Source
from chalicelib.formats import zips


def noise(size: int, seed: object = 1) -> bytes:
    """Make bytes in no order at all, always the same."""
    return random.Random(f"{seed}").randbytes(size)  # noqa: S311 (so that a run can be repeated)


def store(s3: Any, bucket: str, contents: dict[str, bytes]) -> list[Member]:
    """Store files as an export has them: large ones by themselves, the rest in one bundle."""
    bundle = b"".join(content for content in contents.values() if len(content) < LARGE)
    s3.put_object(Bucket=bucket, Key="bundle", Body=bundle)
    shared = Source(bucket, "bundle", "", len(bundle))
    members, start = [], 0
    for name, content in contents.items():
        crc32 = zlib.crc32(content)
        if len(content) < LARGE:
            members.append(Member(name, len(content), crc32, shared, start))
            start += len(content)
        else:
            members.append(Member(name, len(content), crc32, put(s3, bucket, name, content)))
    return members


def put(s3: Any, bucket: str, key: str, content: bytes) -> Source:
    """Store an object, and address it by its version."""
    made = s3.put_object(Bucket=bucket, Key=key, Body=content)
    return Source(bucket, key, made.get("VersionId", ""), len(content))


def plain(contents: dict[str, bytes]) -> bytes:
    """Write the same ZIP in one go."""
    nowhere = Source("", "", "", 0)
    members = [
        Member(name, len(content), zlib.crc32(content), nowhere)
        for name, content in contents.items()
    ]
    return b"".join(
        contents[piece.member.name] if isinstance(piece, Slice) else piece
        for piece in zips.pieces(members)
    )
