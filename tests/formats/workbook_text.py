"""A paper workbook in words of our own, with every quirk that real ones have been seen to have."""

# White space that an editor would not show: a tab, a space at the end of a line, and one that
# does not break.
_WHITE_SPACE = {"→": "\t", "·": " ", "°": "\N{NO-BREAK SPACE}"}

_BOXES = 'Candidate Understanding→Y <input type="checkbox"/>→N <input type="checkbox"/>→'

# The three spellings of the row beneath a statement.
_ROWS = {
    "[boxes 1]": _BOXES + 'Candidate Initial <input style="width: 90%;" type="text"/>',
    "[boxes 2]": _BOXES + 'Candidate Initial <input type="text"/>',
    "[boxes 3]": _BOXES + 'Candidate Initial <input style="width: 100%;" type="text"/>',
}

_COVER = """
CLEAN, COOK··
AND SERVE FOOD··
WITH CARE

*KITCHEN SKILLS PROGRAMME··
MODULE SEVEN*

© A. Writer 2011

Candidate Name .....

Assessor .....


Sample Kitchens, 1 Sample Lane, Sampleton, SA1 2MP··
Telephone 01234 567890 Mobile 07700 900000··
Email: [info@example.org](mailto:info@example.org)

# *2 Definitions that make up - PA*

°
*Patience with··
the oven*

*Attention to detail*

## **A Motto for the Kitchen**

### **FOREWARD**

*This module was written for the canteen.*

It was revised after the CRB check was renamed.

*Certificate of··
Achievement*

*of the*

*Clean, Cook and Serve··
Module*

*recognises*

°
.....

*for work that is good enough in all*

*that these pages ask for*

*Date .....*

*Signature .....*

**SAMPLE GROUP**
"""

_CLEAN = """
# ***CLEAN, COOK AND SERVE FOOD WITH CARE CLEAN THE KITCHEN***

Wipe every surface before you begin, and again when you have finished.

[boxes 1]
-------------------------→-------→---

Clean cloths are kept apart from used ones,
and used ones are washed hot.

°
[boxes 2]
-------------------------→-------→---

Trainee Signed .....→Date .....
Assessor Initial .....→Competent Y [ ] N [ ] ..... Date

The record of who cleaned what follows the Data Protection Act 1998:
whoever asks sees it in 40 days.

[boxes 3]
-------------------------→-------→--

Trainee Signed .....→Date .....→
Assessor Initial .....→Competent Y [ ] N [ ] .....→Date .....

# ALTERNATIVE STATEMENTS

A COOK SHOULD KNOW THE FOLLOWING

*One of the three answers below is right*

1.  I wiped the table on the way out··
 I wiped the table before and after··
 I meant to wipe the table
2.  One cloth did for the floor and the plates··
 I rinsed the cloth under the cold tap··
 Used cloths went straight to the hot wash

Trainee Signed ..... Date .....

°
Assessor Initial ..... Competent Y [ ] N [ ] ..... Date

- 3.  Nobody needs to know who cleaned
- 3 of us signed for one another
- I signed for what I had cleaned

# RANGE

# SURFACES

*Two out of four are right*

- 1.  Steel is wiped dry
- Steel is left wet
- Wood is scrubbed
- Wood is soaked overnight

Trainee Signed .....→Date .....
Assessor Initial .....→Competent Y[ ] N[ ] ..... Date
"""

_COOK = """
# COOK AND SERVE

Food is cooked through and served hot.

Candidate Understanding Y [ ] N [ ] Candidate Initial .....

Where a guest is on the 'At Risk Register' for allergies, the list is read aloud.

[boxes 2]
-------------------------→-------→---

Trainee Signed .....→Date .....
Assessor Initial .....→Competent Y[ ] N[ ] ..... Date

# ALTERNATIVE STATEMENTS

A COOK SHOULD KNOW THE FOLLOWING

*One of the three answers below is right*

- 1  I looked at the clock
- I used the probe
- I asked a guest
··
- 2 I read the list aloud
- I put the list away
- I had no list

## ***RANGE***

*Three out of six are right*

- 1  Soup is served hot
- Soup is served cold
- Salad is served cold
- Salad is served hot
- Bread is covered
- Bread is left out

Trainee Signed .....→Date .....
Assessor Initial .....→Competent Y [ ] N [ ] ..... Date
"""

_KNOWLEDGE = """
# KNOWLEDGE AND UNDERSTANDING QUESTIONS

What makes a kitchen safe to work in:

.....··
.....··
.....

Knives are sharp. How do you pass one to a colleague?

°
.....··
.....

°
25

Say what you would do about a broken glass

in the sink:

.....··
.....

Trainee Signed .....→Date .....→
Assessor Initial .....→Competent Y [ ] N [ ] .....→Date .....

Why are labels dated? They are easily smudged.

.....··
.....

Which tasks would a person on one of the Probation Orders be given under the Juvenile Justice Act:

.....··
.....

27

Trainee Signed ..... Date .....

Assessor Initial ..... Competent Y [ ] N [ ] ..... Date"""


def workbook() -> str:
    """Return the text of the whole workbook."""
    text = _COVER + _CLEAN + _COOK + _KNOWLEDGE
    for mark, printed in (_ROWS | _WHITE_SPACE).items():
        text = text.replace(mark, printed)
    return text


def cover() -> str:
    """Return what stands before the first element."""
    return workbook().partition("# ***CLEAN")[0]


KEY = """element,item,correct_options,note
1,1,2,
1,2,3,
1,3,3,accept: names a rule of the house
1,range-1,1;3,
2,1,2,
2,2,,exclude: all of them will do
2,range-1,1;3;5,
"""
