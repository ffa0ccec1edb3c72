"""The finished PDF, read by programs that had no part in making it."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import page
import pypdf
import pytest

from jobwise.documents.content import DocumentContent, Entry, PaperSize, Section, SectionKind
from jobwise.documents.read_back import compare
from jobwise.documents.render import RenderedFile
from jobwise.documents.renderer import Renderer
from jobwise.documents.templates import TEMPLATES
from jobwise.documents.templates.labels import languages
from jobwise.errors import ErrorCode, JobWiseError
from tests.documents.factories import CREATED, experience, job, letter, lines, long_resume, resume, uid

EVERY_TEMPLATE = pytest.mark.parametrize("template", list(TEMPLATES))


def pypdf_text(file: RenderedFile) -> str:
    return "\n".join(page.extract_text() for page in reader(file).pages)


def reader(file: RenderedFile) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(file.data), strict=True)


def poppler_text(file: RenderedFile) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not installed")
    result = subprocess.run(["pdftotext", "-", "-"], input=file.data, capture_output=True, check=True)
    return result.stdout.decode()


def fonts_of(file: RenderedFile) -> set[str]:
    pages: list[Any] = list(reader(file).pages)
    return {font["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()}


@EVERY_TEMPLATE
@pytest.mark.parametrize("content", [resume(), letter(), long_resume(6, 5)], ids=["resume", "letter", "long"])
async def test_every_line_reads_back_in_order_by_three_extractors(
    renderer: Renderer, template: str, content: DocumentContent
) -> None:
    file = await renderer.render(content, template=template, created=CREATED)

    assert file.read_back is not None
    assert file.read_back.problems == ()
    assert compare(pypdf_text(file), file.content, PaperSize.A4).problems == ()
    assert compare(poppler_text(file), file.content, PaperSize.A4).problems == ()


@EVERY_TEMPLATE
async def test_a_resume_reads_name_contact_headline_summary_experience_education_skills(
    renderer: Renderer, template: str
) -> None:
    text = poppler_text(await renderer.render(resume(), template=template, created=CREATED)).casefold()

    wanted = (
        "Ines Brandt", "ines.brandt@example.com", "Platform Engineer", "Summary", "Experience", "Spreelicht Energie",
        "Cut the monthly", "Built a self-service", "Introduced contract tests", "Kontorhaus Software",
        "Moved 23 services",
        "Wrote the on-call handbook", "Education", "Technische Universität Berlin", "Skills", "Python, Go, SQL",
        "Certifications", "Certified Kubernetes", "Languages", "German (Native)",
    )  # fmt: skip
    places, at = [], 0
    for part in wanted:
        at = text.find(part.casefold(), at)
        places.append(at)
    assert -1 not in places, dict(zip(wanted, places, strict=True))


async def test_the_ats_design_stacks_dates_so_that_each_stands_right_under_its_employer(renderer: Renderer) -> None:
    text = poppler_text(await renderer.render(resume(), created=CREATED)).splitlines()

    assert text[text.index("Senior Platform Engineer") :][1:3] == ["Spreelicht Energie, Berlin", "Sep 2022 – Present"]


@EVERY_TEMPLATE
async def test_it_is_tagged_titled_and_dated_pdf_ua_in_its_language(renderer: Renderer, template: str) -> None:
    file = await renderer.render(resume(language="de"), template=template, created=CREATED)

    pdf = reader(file)
    root: Any = pdf.root_object
    assert root["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "de"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert pdf.metadata is not None
    assert (pdf.metadata.title, pdf.metadata.author) == ("Ines Brandt – Lebenslauf", "Ines Brandt")
    assert pdf.metadata.creation_date == CREATED


async def test_the_resume_is_embedded_as_data_and_says_what_the_pages_say(renderer: Renderer) -> None:
    file = await renderer.render(long_resume(8, 8), max_pages=1, created=CREATED)

    data = json.loads(reader(file).attachments["resume.json"][0])
    bullets = [text for work in data["work"] for text in work["highlights"]]

    assert len(bullets) == 64 - len(file.dropped_lines)
    assert reader(await renderer.render(letter(), created=CREATED)).attachments == {}


async def test_the_same_request_gives_the_same_bytes_in_another_process(renderer: Renderer) -> None:
    async with Renderer(processes=1) as other:
        files = [
            await pool.render(resume(), template="modern", created=CREATED) for pool in (renderer, renderer, other)
        ]

    assert len({file.data for file in files}) == 1


async def test_paper_is_as_asked(renderer: Renderer) -> None:
    for paper, size in ((PaperSize.A4, (595, 842)), (PaperSize.LETTER, (612, 792))):
        box = reader(await renderer.render(resume(), paper=paper, created=CREATED)).pages[0].mediabox
        assert (round(box.width), round(box.height)) == size


HOSTILE = (
    '<img src="file:///etc/passwd"><iframe src="http://127.0.0.1:9/x"></iframe>',
    "</style><style>*{display:none}@import url(file:///etc/hosts)",
    "<link rel=attachment href=file:///etc/passwd>",
    "{{ 7 * 7 }} {% for x in range(9) %} &amp; \" ' >",
)


@EVERY_TEMPLATE
async def test_hostile_text_is_printed_as_it_stands_and_nothing_is_fetched(renderer: Renderer, template: str) -> None:
    content = resume(
        name="Eve </title><script>x</script>",
        headline=HOSTILE[1],
        sections=(experience(job(HOSTILE[0], HOSTILE[2], *lines(*HOSTILE))),),
    )

    file = await renderer.render(content, template=template, created=CREATED)

    assert file.read_back is not None
    assert file.read_back.problems == ()
    assert list(reader(file).attachments) == ["resume.json"]
    assert b"root:" not in file.data
    assert "{{ 7 * 7 }} {% for x in range(9) %} &amp;" in file.read_back.text


async def test_links_lead_to_web_mail_and_telephone_only(renderer: Renderer) -> None:
    contact = (
        *resume().contact,
        resume().contact[0].model_copy(update={"kind": "link", "text": "bad.example", "href": "javascript:alert(1)"}),
        resume().contact[0].model_copy(update={"kind": "link", "text": "worse.example", "href": "file:///etc/passwd"}),
    )
    entry = Entry(fact_id=uid(1), title="Tool", url="tool.example.org/docs")
    content = resume(contact=contact, sections=(Section(kind=SectionKind.PROJECTS, entries=(entry,)),))

    file = await renderer.render(content, created=CREATED)

    links = [note["/A"]["/URI"] for page in reader(file).pages for note in page.get("/Annots", []) if "/A" in note]
    assert "mailto:ines.brandt@example.com" in links
    assert "tel:+493055501234" in links
    assert "https://tool.example.org/docs" in links
    assert {link.split(":")[0] for link in links} == {"mailto", "tel", "https"}


async def test_emoji_are_left_out_with_a_word_about_it_and_all_letters_stay(renderer: Renderer) -> None:
    content = resume(headline="Engineer 🐱 → €5 – №1 naïve Łódź Žižek", summary="🚀 Ships 🚀")

    file = await renderer.render(content, created=CREATED)

    assert file.read_back is not None
    assert file.read_back.ok
    assert "Engineer → €5 – №1 naïve Łódź Žižek" in file.read_back.text
    assert "🐱" not in file.read_back.text
    assert file.warnings == ("Left out of the PDF because no font has them: 🐱 🚀",)
    assert isinstance(file.content, type(content))
    assert file.content.summary == "Ships"


@EVERY_TEMPLATE
@pytest.mark.parametrize(
    ("language", "name", "font"),
    [
        ("ja", "黒音キト", "Noto-Sans-JP"),
        ("zh", "王小明", "Noto-Sans-SC"),
        ("ko", "김민준", "Noto-Sans-KR"),
        ("en", "山田さくら", "Noto-Sans-JP"),
    ],
)
async def test_east_asian_text_is_set_in_the_font_of_its_readers(
    renderer: Renderer, template: str, language: str, name: str, font: str
) -> None:
    file = await renderer.render(resume(name=name, language=language), template=template, created=CREATED)

    fonts = fonts_of(file)
    assert any(font in base for base in fonts)
    assert file.read_back is not None
    assert file.read_back.ok
    assert file.warnings == ()


async def test_latin_documents_carry_one_family_and_never_the_large_fonts(renderer: Renderer) -> None:
    file = await renderer.render(resume(), created=CREATED)

    fonts = fonts_of(file)
    assert all(base.split("+")[1].startswith("Source-Sans-3") for base in fonts)
    assert len(file.data) < 60_000


async def test_a_text_in_a_script_without_a_font_is_refused_instead_of_vanishing(renderer: Renderer) -> None:
    with pytest.raises(JobWiseError, match="no letters for “ສະບາຍດີ”") as refused:
        await renderer.render(resume(name="ສະບາຍດີ"), created=CREATED)

    assert refused.value.code is ErrorCode.RENDERING_FAILED


@pytest.mark.parametrize("language", [*languages(), "xx", "de-AT"])
async def test_every_language_has_headings_and_dates_that_read_back(renderer: Renderer, language: str) -> None:
    pages = [await renderer.render(content(language=language), created=CREATED) for content in (resume, letter)]

    assert [page.read_back and page.read_back.problems for page in pages] == [(), ()]


async def test_lines_that_do_not_fit_are_named(renderer: Renderer) -> None:
    content = long_resume(6, 9)

    file = await renderer.render(content, max_pages=1, created=CREATED)

    assert file.page_count == len(reader(file).pages) == 1
    kept = [line.fact_id for section in file.content.sections for entry in section.entries for line in entry.lines]  # type: ignore[union-attr]
    everything = {line.fact_id for section in content.sections for entry in section.entries for line in entry.lines}
    assert file.dropped_lines
    assert set(kept) | set(file.dropped_lines) == everything
    assert not set(kept) & set(file.dropped_lines)


async def test_a_limit_that_is_too_small_is_told_in_pages(renderer: Renderer) -> None:
    with pytest.raises(JobWiseError, match="needs at least 2 pages") as refused:
        await renderer.render(long_resume(14, 2), max_pages=1, created=CREATED)

    assert refused.value.code is ErrorCode.PAGE_LIMIT_TOO_SMALL


async def test_a_letter_has_one_page_and_is_refused_when_too_long(renderer: Renderer) -> None:
    tight = await renderer.render(letter(*["Every word of this letter counts. " * 14] * 7), created=CREATED)
    assert tight.page_count == 1

    with pytest.raises(JobWiseError, match="shorten it"):
        await renderer.render(letter(*["Every word of this letter counts. " * 14] * 14), created=CREATED)


@EVERY_TEMPLATE
async def test_odd_contents_keep_all_their_text(renderer: Renderer, template: str) -> None:
    long_word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"
    contents = (
        resume(name="Jo", headline="", summary="", contact=(), sections=()),
        resume(name="Maria del Carmen Fernández-Montesinos y Álvarez de Toledo von Hohenzollern-Sigmaringen"),
        resume(summary=" ".join([long_word] * 4) + " https://example.com/" + "very/long/path/" * 12),
        resume(sections=(experience(Entry(fact_id=uid(1), title="Cook"), Entry(fact_id=uid(2), title="Baker")),)),
    )
    for content in contents:
        file = await renderer.render(content, template=template, created=CREATED)
        assert file.read_back is not None
        assert file.read_back.problems == ()


async def test_no_heading_ends_a_page_and_no_bullet_stands_alone_on_one(renderer: Renderer) -> None:
    for bullets in range(3, 9):
        file = await renderer.render(long_resume(7, bullets), max_pages=4, created=CREATED)
        for sheet in reader(file).pages[:-1]:
            last = sheet.extract_text().strip().splitlines()
            assert last[-1].startswith("•") or not last[-1].startswith(("Engineer", "Employer", "Mar "))
            assert "Mar 2019" not in last[-2], "a single bullet under its head"


def test_the_parent_never_loads_the_layout_engine() -> None:
    code = "import sys, jobwise.documents.renderer, jobwise.documents.formats; print('weasyprint' in sys.modules)"
    root = Path(__file__).parents[2]

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)

    assert result.stdout.strip() == "False"


@EVERY_TEMPLATE
async def test_an_independent_validator_finds_nothing_against_pdf_ua(renderer: Renderer, template: str) -> None:
    linked = Entry(fact_id=uid(1), title="Tool", url="https://tool.example.org/a-path-with-hyphens")
    contents = (resume(sections=(*resume().sections, Section(kind=SectionKind.PROJECTS, entries=(linked,)))), letter())
    for content in contents:
        file = await renderer.render(content, template=template, created=CREATED)

        report = page.validate_pdf_bytes(file.data, profile=page.ValidationProfile.PDF_UA_1)

        assert [str(failure) for failure in report.failures] == []
