"""What counts as text: any script, in one normal form, with nothing invisible that controls."""

import unicodedata


def clean(text: str) -> str:
    """Return the text with CR LF and CR as LF, in Unicode NFC (UAX #15).

    Raises ValueError, with what to do, for C0 and C1 controls other than tab and line feed, and for
    lone surrogates, which no encoding can carry.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            message = "holds half of a surrogate pair; send whole characters"
            raise ValueError(message)
        if category == "Cc" and character not in "\t\n":
            message = f"holds the control character U+{ord(character):04X}; remove it"
            raise ValueError(message)
    return unicodedata.normalize("NFC", text)
