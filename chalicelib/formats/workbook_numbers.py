"""Small numbers as paper prints them: in words."""

_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
NUMBER_WORDS = tuple(_WORDS.split())


def in_digits(text: str) -> str:
    """Write a number in digits if it is one of the words; other text stays as it is."""
    word = text.lower()
    return str(NUMBER_WORDS.index(word) + 1) if word in NUMBER_WORDS else text


def in_words(number: int) -> str:
    """Write a number from 1 in words if it is small, in digits otherwise."""
    return NUMBER_WORDS[number - 1] if number <= len(NUMBER_WORDS) else str(number)
