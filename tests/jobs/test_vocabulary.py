"""The skill vocabulary: what a text mentions, and what it only seems to mention."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobwise.jobs.vocabulary import TermKind, vocabulary
from jobwise.jobs.vocabulary.terms import read_groups


def terms_in(text: str) -> list[str]:
    return [mention.term for mention in vocabulary().find(text)]


@pytest.mark.parametrize(
    ("sentence", "terms"),
    [
        ("We write our services in Go and Rust.", ["Go", "Rust"]),
        ("Strong skills in C++, Rust, or Go.", ["C++", "Rust", "Go"]),
        ("You are a Go developer.", ["Go"]),
        ("We are ready to go and love to go the extra mile.", []),
        ("Go to our careers page; Google is a customer.", []),
        ("Built the go-to-market plan.", ["Go-to-Market Strategy"]),
        ("Proficient in R, Python and SQL.", ["R", "Python", "SQL"]),
        ("Python or R for statistics", ["Python", "R", "Statistics"]),
        ("The R package we maintain", ["R"]),
        ("Led R&D for three years.", ["Research and Development"]),
        ("You report to HR.", ["Human Resources"]),
        ("Programming in C on small devices.", ["Software Engineering", "C"]),
        ("A Series C company with C-level sponsors and vitamin C in the kitchen.", []),
        ("Advanced Excel skills", ["Microsoft Excel"]),
        ("You excel at what you do.", []),
        ("Excel in a role with impact.", []),
        ("Excel, Word and Outlook", ["Microsoft Excel", "Microsoft Word", "Microsoft Outlook"]),
        ("Word of mouth brings us most customers.", []),
        ("In other words, you decide.", []),
        ("Experience with Spring and Hibernate", ["Spring", "Hibernate"]),
        ("We hire again in Spring 2027.", []),
        ("Spring break is paid.", []),
        ("Data platform: Spark, Hadoop", ["Apache Spark", "Apache Hadoop"]),
        ("Spark curiosity in children.", []),
        ("Apps in Swift and Kotlin", ["Swift", "Kotlin"]),
        ("Swift action is needed.", []),
        ("Worked in Epic and other electronic health records", ["Epic", "Electronic Health Records"]),
        ("Epic adventures await you.", []),
        ("Configured servers with Chef, Ansible and Terraform", ["Chef", "Ansible", "Terraform"]),
        ("Worked as Chef de Partie in Lyon.", []),
        ("Slack, Zoom and Microsoft Teams", ["Slack", "Zoom", "Microsoft Teams"]),
        ("Teams of five work side by side.", []),
        ("Access to a company car.", []),
        ("Zoom in on the details.", []),
        ("Books kept in QuickBooks and Sage", ["QuickBooks", "Sage"]),
        ("Sage advice from our founders.", []),
        ("Lean manufacturing and Six Sigma", ["Lean Manufacturing", "Six Sigma"]),
        ("You can lean on your colleagues.", []),
        ("Work in an Agile environment with Scrum", ["Agile Software Development", "Scrum"]),
        ("Be an agile learner.", ["Fast Learner"]),
        ("It is safe to apply.", []),
        ("Scaled with SAFe.", ["SAFe"]),
        ("Prototypes in Unity with C#", ["Prototyping", "Unity", "C#"]),
        ("Unity of purpose", []),
        ("Order processing experience", ["Order Management"]),
        ("Take action and make sure that it lasts.", []),
        ("Notion, Jira and Asana", ["Notion", "Jira", "Asana"]),
        ("We have no notion of fear.", []),
        ("Monday to Friday, no weekends", []),
        ("Boards in Asana, Monday and Trello", ["Asana", "Monday.com", "Trello"]),
        ("It would be nice if you spoke French.", ["French"]),
        ("Fluent in Polish", ["Polish"]),
        ("You polish every sentence.", []),
        ("python, go, java, c", ["Python", "Go", "Java", "C"]),
        ("Assembly line work", ["Assembly Work"]),
        ("React to changes quickly.", []),
        ("Interfaces in React", ["React"]),
        ("The rest of the team", []),
        ("REST and GraphQL", ["REST API", "GraphQL"]),
    ],
)
def test_names_that_are_everyday_words_count_only_where_they_are_meant(sentence: str, terms: list[str]) -> None:
    assert terms_in(sentence) == terms


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Node.js", "Node.js"),
        ("NodeJS", "Node.js"),
        ("Node JS", "Node.js"),
        ("node-js", "Node.js"),
        ("CI/CD", "CI/CD"),
        ("CI / CD", "CI/CD"),
        ("CICD", "CI/CD"),
        ("A/B tests", "A/B Testing"),
        ("problem-solving", "Problem Solving"),
        ("problem-\nsolving", "Problem Solving"),
        ("machine\nlearning", "Machine Learning"),
        ("C#", "C#"),
        ("C++17", "C++"),
        (".NET", ".NET"),
        ("ASP.NET Core", "ASP.NET Core"),
        ("POSTGRESQL", "PostgreSQL"),
        ("data visualisation", "Data Visualization"),
        ("Profit & Loss", "Profit and Loss Management"),
        ("Dock\u00ader", "Docker"),
        ("Bu\u0308roorganisation", "Office Administration"),
        ("Buchhaltung", "Accounting"),
        ("Krankenpflege", "Nursing"),
        ("Kundenbetreuung", "Customer Service"),
        ("Englischkenntnisse", "English"),
        ("SQL-Kenntnisse", "SQL"),
        ("Führerschein Klasse B", "Driver's License"),
        ("Be- und Entladen", "Shipping and Receiving"),
    ],
)
def test_a_term_is_found_however_it_is_written(text: str, term: str) -> None:
    assert terms_in(text) == [term]


@pytest.mark.parametrize("text", ["Googler", "JavaScripted", "Excelsior", "Gitarre", "Sqlite3x", "rarely", "C4"])
def test_nothing_is_found_inside_a_word(text: str) -> None:
    assert terms_in(text) == []


def test_addresses_are_not_looked_into_unless_they_are_a_name() -> None:
    text = "github.com/docker/python, https://aws.amazon.com/sql?x=java, ada@react.io, linkedin.com/in/java; Draw.io"

    assert terms_in(text) == ["Draw.io"]


def test_the_longest_name_wins_and_positions_are_those_of_the_text() -> None:
    text = "Süß: Spring Boot (Java) – Amazon\u00a0Web Services"

    mentions = vocabulary().find(text)

    assert [mention.term for mention in mentions] == ["Spring Boot", "Java", "Amazon Web Services"]
    assert all(text[mention.start : mention.end] == mention.surface for mention in mentions)


def test_mentions_carry_their_kind() -> None:
    kinds = [mention.kind for mention in vocabulary().find("Docker, Scrum, statistics, CISSP, teamwork")]

    assert kinds == [
        TermKind.TOOL,
        TermKind.METHOD,
        TermKind.KNOWLEDGE,
        TermKind.CERTIFICATION,
        TermKind.SOFT,
    ]


@given(
    st.lists(st.sampled_from(["Go", "C++", ".NET", "react", "to", "\n", " ", ", ", "/", "-", "\u00ad", "ü", "a.io"]))
)
def test_whatever_the_text_surfaces_are_cut_from_it(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert all(text[mention.start : mention.end] == mention.surface for mention in vocabulary().find(text))


def test_mentions_stand_in_order_and_do_not_overlap() -> None:
    text = "Data science, data analysis and business intelligence (Power BI/Tableau), CI/CD with GitHub Actions. " * 20

    mentions = vocabulary().find(text)

    assert all(one.end <= other.start for one, other in pairwise(mentions))


def test_an_empty_text_mentions_nothing() -> None:
    assert vocabulary().find("") == []
    assert vocabulary().find(" \n … ") == []


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("golang", "Go"),
        ("go", "Go"),
        (" K8s ", "Kubernetes"),
        ("Postgres", "PostgreSQL"),
        ("juggling", None),
        ("", None),
    ],
)
def test_a_name_leads_to_its_term_without_context(name: str, term: str | None) -> None:
    assert vocabulary().canonical(name) == term


def test_every_term_finds_itself() -> None:
    lost = [
        term.name
        for term in vocabulary().terms()
        if terms_in(f"Experience with {term.name}.") != [term.name] or terms_in(term.name) != [term.name]
    ]

    assert lost == []


def test_every_term_is_known_by_its_own_name() -> None:
    assert [term.name for term in vocabulary().terms() if vocabulary().canonical(term.name) != term.name] == []


def test_the_vocabulary_is_broad() -> None:
    terms = vocabulary().terms()
    fields = Counter(term.field for term in terms)

    assert len(terms) >= 3_500
    assert len(fields) >= 28
    assert min(fields.values()) >= 40
    assert len({term.name.casefold() for term in terms}) == len(terms)


def test_relations_speak_of_terms_only() -> None:
    names = {term.name for term in vocabulary().terms()}
    groups, implications = list(read_groups("related.tsv")), list(read_groups("implies.tsv"))

    assert {name for row in [*groups, *implications] for name in row} - names == set()
    assert len(groups) >= 120
    assert len(implications) >= 250
    assert all(len(group) == len(set(group)) >= 2 for group in groups)


def test_relation_of_neighbours_goes_both_ways() -> None:
    assert "MySQL" in vocabulary().related("PostgreSQL")
    assert "PostgreSQL" in vocabulary().related("MySQL")
    assert "PostgreSQL" not in vocabulary().related("PostgreSQL")
    assert vocabulary().related("Wound Care") == frozenset()


def test_what_is_shown_is_followed_to_its_end_but_not_backwards() -> None:
    assert {"React", "JavaScript"} <= vocabulary().implies("Next.js")
    assert "Next.js" not in vocabulary().implies("React")
    assert "Electronic Health Records" in vocabulary().implies("Epic")
    assert all(term.name not in vocabulary().implies(term.name) for term in vocabulary().terms())


def test_a_german_posting_is_read() -> None:
    text = (
        "Wir suchen eine Pflegefachkraft mit Erfahrung in der Grundpflege und Wundversorgung. "
        "Sie bringen Teamfähigkeit, Belastbarkeit und MS-Office-Kenntnisse mit; Führerschein Klasse B von Vorteil."
    )

    assert terms_in(text) == [
        "Activities of Daily Living",
        "Wound Care",
        "Teamwork",
        "Resilience",
        "Microsoft Office",
        "Driver's License",
    ]
