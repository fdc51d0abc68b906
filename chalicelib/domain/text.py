"""What counts as text: any script, in one normal form, with nothing invisible that controls."""

import unicodedata

MARKS_LIMIT = 30  # on one letter, as the Stream-Safe Text Format has it (UAX #15, section 13)


def clean(text: str) -> str:
    """Return the text with CR LF and CR as LF, in Unicode NFC (UAX #15).

    Raises ValueError, with what to do, for C0 and C1 controls other than tab and line feed, and for
    lone surrogates, which no encoding can carry. Refuses long runs of combining marks as well:
    putting them in order takes a time that grows with the square of their number.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > MARKS_LIMIT:
            message = f"holds more than {MARKS_LIMIT} marks on one letter; remove some"
            raise ValueError(message)
        category = unicodedata.category(character)
        if category == "Cs":
            message = "holds half of a surrogate pair; send whole characters"
            raise ValueError(message)
        if category == "Cc" and character not in "\t\n":
            message = f"holds the control character U+{ord(character):04X}; remove it"
            raise ValueError(message)
    return unicodedata.normalize("NFC", text)
