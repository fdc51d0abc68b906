"""The forms that a module file declares: fields with their options, and the rules of a record."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

from chalicelib.domain.forms import (
    FIELDS_LIMIT,
    RULES_LIMIT,
    Field,
    FieldKind,
    Form,
    FormOption,
    Rule,
)
from chalicelib.formats.module_attributes import AUTHORS, check_attributes, read_bound
from chalicelib.formats.module_blocks import Block, Cursor, Kind
from chalicelib.formats.module_conditions import read_condition
from chalicelib.formats.module_faults import Code, Faults
from chalicelib.formats.module_ids import Ids
from chalicelib.formats.module_items import MAX_OPTIONS, MAX_WORDS, MIN_OPTIONS
from chalicelib.formats.module_marks import FIELD_NAMES, RULE_NAMES
from chalicelib.formats.module_texts import (
    read_attributed,
    read_text,
    read_title,
    written_id,
)

_NAMES = {Kind.DEFINITION: FIELD_NAMES, Kind.RULE: RULE_NAMES}
_CHOSEN = (FieldKind.CHOICE, FieldKind.CHOICES)
_LEAST = {FieldKind.TEXT: 1, FieldKind.CHOICES: 1}  # below which a bound says nothing


def read_form(heading: Block, body: Sequence[Block], ids: Ids, faults: Faults) -> Form:
    """Read a form: its heading, and everything below it up to the next one."""
    title, attributes = read_title(heading, faults)
    check_attributes(heading, attributes.values, frozenset({"id", "by"}), faults)
    identifier = ids.name(heading, attributes.values.get("id"), "form")
    written = {written_id(b, _NAMES[b.kind]) for b in body if b.kind in _NAMES}
    reader = _FormReader(ids.scope(written), faults)
    reader.read(body)
    if not 1 <= len(reader.fields) <= FIELDS_LIMIT or len(reader.rules) > RULES_LIMIT:
        detail = f"A form has 1 to {FIELDS_LIMIT} fields and at most {RULES_LIMIT} rules."
        faults.error(heading.line, Code.FORM_SIZE, detail)
    return Form(
        id=identifier,
        title=title,
        by=attributes.values.get("by", AUTHORS[0]),
        instructions="\n\n".join(reader.instructions),
        fields=tuple(reader.fields),
        rules=reader.read_rules(),
    )


class _FormReader:
    """Sorts what stands below the heading of one form. Rules are read once all fields are known."""

    def __init__(self, ids: Ids, faults: Faults) -> None:
        self.instructions: list[str] = []
        self.fields: list[Field] = []
        self.rules: list[Block] = []
        self._ids = ids
        self._faults = faults

    def read(self, body: Sequence[Block]) -> None:
        """Sort the blocks, and read the fields."""
        cursor = Cursor(body)
        while block := cursor.next():
            if block.kind is Kind.DEFINITION:
                self.fields.append(self._field(block, cursor.take(Kind.OPTION)))
            elif block.kind is Kind.RULE:
                self.rules.append(block)
            elif block.kind is Kind.PLAIN and not self.fields and not self.rules:
                self.instructions.append(read_text(block, self._faults))
            else:
                self._misplaced(block)

    def _field(self, block: Block, options: Sequence[Block]) -> Field:
        hint, attributes = read_attributed(block, FIELD_NAMES, self._faults)
        values = attributes.values
        check_attributes(block, values, frozenset({"id", *FIELD_NAMES}), self._faults)
        if not block.label:
            self._faults.error(block.line, Code.EMPTY_TEXT, "The label is missing; write it.")
        written = values.get("type", FieldKind.LINE)
        kind = FieldKind(written) if written in tuple(FieldKind) else FieldKind.LINE
        self._check_options(block, kind, options)
        least, most = (read_bound(values.get(name, "")) for name in ("least", "most"))
        field = Field(
            id=self._ids.name(block, values.get("id"), "field"),
            label=block.label,
            kind=kind,
            hint=hint,
            required=values.get("optional") != "yes",
            least=least,
            most=most,
            options=tuple(
                FormOption(letter, read_text(option, self._faults))
                for letter, option in zip(ascii_lowercase, options, strict=False)
            ),
        )
        self._check_bounds(block, field)
        return field

    def read_rules(self) -> tuple[Rule, ...]:
        """Read the rules, once the fields are known that they look at."""
        fields = {field.id: field for field in self.fields}
        return tuple(self._rule(block, fields) for block in self.rules)

    def _rule(self, block: Block, fields: Mapping[str, Field]) -> Rule:
        text, attributes = read_attributed(block, RULE_NAMES, self._faults)
        values, number = attributes.values, block.last[0]
        check_attributes(block, values, frozenset({"id", *RULE_NAMES}), self._faults)
        if not text:
            self._faults.error(block.line, Code.EMPTY_TEXT, "Say what the rule asks for.")
        if "needs" not in values:
            detail = "A rule says what it needs; add `needs: ...` in braces."
            self._faults.error(number, Code.CONDITION, detail)
        when, needs = (
            read_condition(number, values[name], fields, self._faults) if name in values else ()
            for name in RULE_NAMES
        )
        return Rule(self._ids.name(block, values.get("id"), "rule"), text, when, needs)

    def _check_options(self, block: Block, kind: FieldKind, options: Sequence[Block]) -> None:
        if kind not in _CHOSEN:
            for option in options[:1]:
                detail = "Options belong to a field of `type: choice` or `type: choices`."
                self._faults.error(option.line, Code.MISPLACED, detail)
        elif not MIN_OPTIONS <= len(options) <= MAX_OPTIONS:
            detail = (
                f"A choice has {MIN_OPTIONS} to {MAX_OPTIONS} options, this one {len(options)}. "
                "Write each as `- [ ] ...` below the field."
            )
            self._faults.error(block.line, Code.OPTION_COUNT, detail)
        for option in options:
            if option.label != " ":
                detail = "An option of a form is neither right nor wrong; write `- [ ] ...`."
                self._faults.error(option.line, Code.OPTION_MARK, detail)

    def _check_bounds(self, block: Block, field: Field) -> None:
        """Check that a field can have bounds, and can be filled in between them."""
        given = [bound for bound in (field.least, field.most) if bound is not None]
        highest = {FieldKind.TEXT: MAX_WORDS, FieldKind.CHOICES: len(field.options)}
        if given and field.kind not in (*_LEAST, FieldKind.NUMBER):
            detail = "`least` and `most` bound a number, the words of a text, or choices."
            self._faults.error(block.last[0], Code.ATTRIBUTE_MISPLACED, detail)
        elif given != sorted(given) or any(
            not _LEAST[field.kind] <= bound <= highest[field.kind]
            for bound in given
            if field.kind in _LEAST
        ):
            detail = "No value keeps within these bounds; give the smaller as `least`."
            self._faults.error(block.last[0], Code.ATTRIBUTE_VALUE, detail)

    def _misplaced(self, block: Block) -> None:
        code = Code.UNMARKED_LINE if block.kind is Kind.PLAIN else Code.MISPLACED
        detail = (
            "This cannot stand in a form: instructions come first, then fields "
            "`- **Label**: hint`, options `- [ ] ...` right below their field, and rules `! ...`."
        )
        self._faults.error(block.line, code, detail)
