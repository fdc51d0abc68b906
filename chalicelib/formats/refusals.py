"""Why the content of a file is not taken."""


class RefusedContentError(Exception):
    """The content of a file is not what it may be. `code` never changes.

    `seems` is the media type that the content looks like, where that is known.
    """

    def __init__(self, code: str, seems: str = "") -> None:
        super().__init__(f"{code}: {seems}" if seems else code)
        self.code = code
        self.seems = seems
