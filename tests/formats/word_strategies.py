"""Text for hypothesis to build: the most hostile words there are in a module file."""

import unicodedata

from hypothesis import strategies as st

WORDS = (
    *("?", "??", "!!", "!", "-", ">", ":", "#", "##", "\\", "\\\\", "---", "***", "*", "**", "**:"),
    *("[P1]", "[K2, CC:2.1]", "[", "]", "\\]", "\\[P1]", "[x]", "- [x]", "- [ ] a", "- **T**: d"),
    *("(30-300 words)", "\\(30-300 words)", "(3 words)", "(-9 words)", "(in your own words)", ")"),
    *("{#x}", "\\{#x}", "{", "}", "\\}", "{}", "#x", "{#x tests: y}", "{choose: 2}", "{y}", "`"),
    *("tests:", "choose:", "form:", "by:", "excluded:", "accepted:", ",", "a,", "a:", "id: x"),
    *("files:", "vacsr: yes", "{files: 2}", "type:", "{type: date}", "least:", "when: a given"),
    *("{when: a given}", "needs:", "{#x needs: a is b}", "! R", "# Form: F {#f}"),
    *("Choose 2 of 6", "choose one of four", "\\Choose 3 of the 4", "Choose", "of", "2", "6"),
    *("# Element: T {#t}", "## Page: P", "### Group: G", "# Definitions", "# Knowledge: K"),
    *(
        "word",
        "naïve",
        "日本語",
        "עברית",
        "🙂",
        "\u00a0",
        "\u2028",
        "\ufeff",
        "\u0338",
        "a\tb",
        "  x",
    ),
    *("=", "1.", "<b>", "&amp;", "*emphasis*", "_x_", "http://example.org/?a=b#c"),
)

_characters = st.characters(exclude_categories=["Cc", "Cs"])
_raw = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("".join),
    st.text(_characters, min_size=1, max_size=20),
)
line = _raw.map(lambda text: unicodedata.normalize("NFC", text).strip(" \t")).filter(bool)
prose = st.lists(line, min_size=1, max_size=3).map("\n\n".join)
maybe = st.one_of(st.just(""), prose)
maybe_line = st.one_of(st.just(""), line)
