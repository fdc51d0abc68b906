"""Documents as office programs write them, no larger than their standards ask for."""

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO

from fpdf import FPDF
from fpdf.enums import XPos, YPos

TITLE = "Working agreement"
LINES = (
    "We agreed what the visits are for, and that I ring if I am late.",
    "We agreed whom to tell if something is wrong, and how to end a visit early.",
    "We look at all of it together in six weeks.",
)
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_FORMATS = "http://schemas.openxmlformats.org"
WORD = f'xmlns:w="{_FORMATS}/wordprocessingml/2006/main"'
SHEET = f'xmlns="{_FORMATS}/spreadsheetml/2006/main"'
RELATION = f"{_FORMATS}/officeDocument/2006/relationships"
SLIDE = (
    f'xmlns:a="{_FORMATS}/drawingml/2006/main" xmlns:r="{RELATION}" '
    f'xmlns:p="{_FORMATS}/presentationml/2006/main"'
)
OFFICE = "application/vnd.openxmlformats-officedocument"


def text() -> bytes:
    """Write it as plain text."""
    return "\n".join((TITLE, "", *LINES, "")).encode()


def pdf() -> bytes:
    """Write it as a PDF."""
    written = FPDF()
    written.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    written.set_title(TITLE)
    written.set_lang("en-GB")
    written.add_page()
    written.set_font("Helvetica", size=18)
    written.cell(text=TITLE, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    written.set_font_size(11)
    for line in LINES:
        written.multi_cell(0, 7, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(written.output())


def docx() -> bytes:
    """Write it with Word."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in (TITLE, *LINES))
    document = f"<w:document {WORD}><w:body>{paragraphs}<w:sectPr/></w:body></w:document>"
    return _package(
        "word/document.xml",
        {"word/document.xml": (f"{OFFICE}.wordprocessingml.document.main+xml", document)},
    )


def xlsx() -> bytes:
    """Write it with Excel."""
    rows = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{line}</t></is></c></row>'
        for number, line in enumerate((TITLE, *LINES), start=1)
    )
    kind = f"{OFFICE}.spreadsheetml"
    return _package(
        "xl/workbook.xml",
        {
            "xl/workbook.xml": (
                f"{kind}.sheet.main+xml",
                (
                    f'<workbook {SHEET} xmlns:r="{RELATION}"><sheets>'
                    '<sheet name="Reflection" sheetId="1" r:id="rId1"/></sheets></workbook>'
                ),
            ),
            "xl/worksheets/sheet1.xml": (
                f"{kind}.worksheet+xml",
                f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>",
            ),
        },
        {"xl/_rels/workbook.xml.rels": _relations(worksheet="worksheets/sheet1.xml")},
    )


def pptx() -> bytes:
    """Write it with PowerPoint: a slide needs a layout, that a master, and that a theme."""
    kind = f"{OFFICE}.presentationml"
    tree = (
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    )
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in (TITLE, *LINES))
    box = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Text"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
        '<p:spPr><a:xfrm><a:off x="600000" y="600000"/><a:ext cx="8000000" cy="4000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:lstStyle/>{paragraphs}</p:txBody></p:sp>"
    )
    colours = (
        '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" '
        'accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" '
        'hlink="hlink" folHlink="folHlink"/>'
    )
    empty = f"<p:cSld><p:spTree>{tree}</p:spTree></p:cSld>"
    return _package(
        "ppt/presentation.xml",
        {
            "ppt/presentation.xml": (
                f"{kind}.presentation.main+xml",
                (
                    f"<p:presentation {SLIDE}><p:sldMasterIdLst>"
                    '<p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:sldIdLst>'
                    '<p:sldId id="256" r:id="rId2"/></p:sldIdLst><p:sldSz cx="9144000" '
                    'cy="6858000"/>'
                    '<p:notesSz cx="6858000" cy="9144000"/></p:presentation>'
                ),
            ),
            "ppt/slideMasters/slideMaster1.xml": (
                f"{kind}.slideMaster+xml",
                (
                    f"<p:sldMaster {SLIDE}>{empty}{colours}<p:sldLayoutIdLst>"
                    '<p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>'
                ),
            ),
            "ppt/slideLayouts/slideLayout1.xml": (
                f"{kind}.slideLayout+xml",
                f'<p:sldLayout {SLIDE} type="blank">{empty}</p:sldLayout>',
            ),
            "ppt/slides/slide1.xml": (
                f"{kind}.slide+xml",
                f"<p:sld {SLIDE}><p:cSld><p:spTree>{tree}{box}</p:spTree></p:cSld></p:sld>",
            ),
            "ppt/theme/theme1.xml": (f"{OFFICE}.theme+xml", _theme()),
        },
        {
            "ppt/_rels/presentation.xml.rels": _relations(
                slideMaster="slideMasters/slideMaster1.xml", slide="slides/slide1.xml"
            ),
            "ppt/slideMasters/_rels/slideMaster1.xml.rels": _relations(
                slideLayout="../slideLayouts/slideLayout1.xml", theme="../theme/theme1.xml"
            ),
            "ppt/slideLayouts/_rels/slideLayout1.xml.rels": _relations(
                slideMaster="../slideMasters/slideMaster1.xml"
            ),
            "ppt/slides/_rels/slide1.xml.rels": _relations(
                slideLayout="../slideLayouts/slideLayout1.xml"
            ),
        },
    )


def odt() -> bytes:
    """Write it with LibreOffice: its type comes first, as it is."""
    media_type = "application/vnd.oasis.opendocument.text"
    names = "urn:oasis:names:tc:opendocument:xmlns"
    paragraphs = "".join(f"<text:p>{line}</text:p>" for line in (TITLE, *LINES))
    manifest = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", media_type), ("content.xml", "text/xml"))
    )
    content = (
        f'{XML}<office:document-content xmlns:office="{names}:office:1.0" '
        f'xmlns:text="{names}:text:1.0" office:version="1.3"><office:body><office:text>'
        f"{paragraphs}</office:text></office:body></office:document-content>"
    )
    listed = (
        f'{XML}<manifest:manifest xmlns:manifest="{names}:manifest:1.0" manifest:version="1.3">'
        f"{manifest}</manifest:manifest>"
    )
    return zipped({"mimetype": media_type, "content.xml": content, "META-INF/manifest.xml": listed})


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Pack files, the same bytes every time; `mimetype` is not compressed."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in files.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return written.getvalue()


def _package(
    main: str, parts: Mapping[str, tuple[str, str]], relations: Mapping[str, str] | None = None
) -> bytes:
    """Pack an Office document (ECMA-376, part 2) of its parts, each with its type."""
    package = "application/vnd.openxmlformats-package"
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, (kind, _) in parts.items()
    )
    types = (
        f'{XML}<Types xmlns="{_FORMATS}/package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{package}.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
    return zipped(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": _relations(officeDocument=main),
            **{name: XML + content for name, (_, content) in parts.items()},
            **(relations or {}),
        }
    )


def _relations(**targets: str) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    space = f"{_FORMATS}/package/2006/relationships"
    return f'{XML}<Relationships xmlns="{space}">{listed}</Relationships>'


def _theme() -> str:
    names = ("dk1", "lt1", "dk2", "lt2", *(f"accent{number}" for number in range(1, 7)))
    shades = ("000000", "FFFFFF", "1F3A4D", "F2F2F2", *("4A6FA5",) * 6)
    colours = "".join(
        f'<a:{name}><a:srgbClr val="{shade}"/></a:{name}>'
        for name, shade in (*zip(names, shades, strict=True), ("hlink", "0563C1"))
    )
    colours += '<a:folHlink><a:srgbClr val="954F72"/></a:folHlink>'
    face = '<a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="9525">{fill}</a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'<a:theme xmlns:a="{_FORMATS}/drawingml/2006/main" name="Plain"><a:themeElements>'
        f'<a:clrScheme name="Plain">{colours}</a:clrScheme><a:fontScheme name="Plain">'
        f"<a:majorFont>{face}</a:majorFont><a:minorFont>{face}</a:minorFont></a:fontScheme>"
        f'<a:fmtScheme name="Plain"><a:fillStyleLst>{fill * 3}</a:fillStyleLst>'
        f"<a:lnStyleLst>{line * 3}</a:lnStyleLst><a:effectStyleLst>{effect * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
    )
