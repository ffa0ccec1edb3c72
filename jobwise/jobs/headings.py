"""What a heading of a posting announces: requirements, duties, benefits and so on, as worded in several languages."""

import re
from enum import StrEnum


class SectionKind(StrEnum):
    """What a section of a posting is about."""

    MUST = "must"
    NICE = "nice"
    DUTIES = "duties"
    ROLE = "role"
    """About the position, or before or beside all headings: prose in which anything may be said."""
    COMPANY = "company"
    BENEFITS = "benefits"
    LEGAL = "legal"
    APPLY = "apply"
    UNCLEAR = "unclear"
    """A list under a heading that says nothing to us."""


def kind_of_heading(heading: str) -> SectionKind | None:
    """What a heading announces; None for a wording that says nothing.

    >>> kind_of_heading("What you'll bring")
    <SectionKind.MUST: 'must'>
    """
    plain = _plain(heading)
    for kind, pattern in _HEADINGS:
        if pattern.search(plain):
            return kind
    return None


def _plain(heading: str) -> str:
    """A heading in lower case with plain apostrophes, without marks."""
    folded = heading.lower().replace("’", "'").replace("‘", "'").replace("`", "'")
    return " ".join(re.sub(r"[^\w'&/+()-]+", " ", folded).split())


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + ")")


# The order decides: "Equal opportunity" before "opportunity", "not required" before "required".
_HEADINGS: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (
    (
        SectionKind.LEGAL,
        _any_of(
            r"equal[ -](?:opportunity|employment)", r"eeo\b", r"diversity", r"(?:commitment to )?inclusion",
            r".*privacy",
            r"legal", r"disclaimer", r".*accommodation", r"accessibility", r"(?:legal|candidate|applicant) notice",
            r"pay transparency", r"e-verify",
            r"datenschutz", r"gleichstellung", r"chancengleichheit", r"vielfalt", r"égalité",
        ),
    ),
    (
        SectionKind.NICE,
        _any_of(
            r"(?:not|aren't|are not|isn't) (?:\w+ ){0,2}(?:required|requirements?|necessary|essential)",
            r"nice[ -]to[ -]have",
            r"good[ -]to[ -]have", r"great[ -]to[ -]have", r"nice but\b", r".*kein muss",
        ),
    ),
    (
        SectionKind.MUST,
        _any_of(
            r"^desired (?:candidate|profile|skills)",
            r"^(?:what )?we(?:'d| would)? like you to (?:have|bring|know)",
        ),
    ),
    (
        SectionKind.ROLE,
        _any_of(
            r"about (?:the|this) (?:role|job|position|opportunity)", r"the (?:role|position|opportunity|situation)$",
            r"(?:job|position|role) (?:summary|overview|description|purpose)$", r"summary$", r"overview$", r"the team$",
            r"stellenbeschreibung", r"le poste$", r"beschreibung$", r"description$",
        ),
    ),
    (
        SectionKind.BENEFITS,
        _any_of(
            r"benefits?\b", r"perks?\b", r"compensation", r".*salary", r".*pay range", r"pay\b",
            r"(?:what )?(?:do )?we offer",
            r"what (?:.{1,30} )?offers?\b", r"what(?:'s in it for)? you(?:'ll| will)? (?:get|receive)",
            r"what's in it for you",
            r"the (?:deal|rest|package|offer)$", r"(?:total )?rewards", r"in return",
            r"why you(?:'ll| will) (?:love|like|enjoy)",
            r".*\boffers you", r"our offer", r"remuneration", r"wellbeing", r"practical$", r"bonuses",
            r"(?:what )?we (?:provide|give)", r"^terms$", r"^(?:the )?frame$", r"^(?:our )?conditions$",
            r"^proposal$", r"^logistics$", r"^loot$",
            r"unser paket", r".*geben wir", r"dein arbeitsplatz", r"rahmenbedingungen",
            r"(?:das |was |wir )*(?:bieten|bekommst)", r"unser angebot", r"darauf können",
            r"(?:deine|ihre|unsere) vorteile",
            r"vergütung", r"gehalt", r"freu(?:e|en) (?:dich|sie|sich) auf", r"benefits", r"dafür bekommst",
            r"nous (?:vous )?(?:offrons|proposons)", r"ce que nous (?:offrons|proposons)", r"(?:vos )?avantages",
            r"rémunération",
            r"(?:qué |lo que )?(?:te )?ofrecemos", r"beneficios", r"(?:co )?nabízíme", r"(?:co )?oferujemy",
            r"(?:wat )?wij? bieden",
            r"offriamo", r"cosa offriamo", r"oferecemos", r"benefícios", r"vi erbjuder", r"待遇", r"福利", r"薪资",
        ),
    ),
    (
        SectionKind.APPLY,
        _any_of(
            r"how to apply", r"to apply", r"apply (?:now|here|today)", r"apply$",
            r"(?:your )?application(?: process| procedure|s)?$",
            r"next steps", r".*(?:hiring|interview|recruitment|selection) process", r"contact", r"bewerb",
            r"(?:deine|ihre) bewerbung",
            r"(?:ihr )?kontakt", r"ansprechpartner", r"rückfragen", r"candidature", r"(?:pour )?postuler",
            r"cómo aplicar", r"solliciteren",
        ),
    ),
    (
        SectionKind.NICE,
        _any_of(
            r"bonus", r"(?:big |huge |strong |added |it's a )*plus(?:es)?\b", r".*\badded plus", r"plus points",
            r"preferred", r"preferable",
            r".*\b(?:desirable|desired|advantageous|optional|preferred)\b(?! and (?:required|minimum))",
            r"(?:it )?would be (?:lovely|great|nice|good)",
            r"(?:what )?would help", r"merits?$", r"(?:extra|bonus|brownie) (?:credit|points)", r"ideally",
            r"what we(?:'d)? like to see",
            r".*might also have", r"you may also", r"even better", r".*stand out", r".*set you apart",
            r"additional (?:skills|qualifications|experience)",
            r"extras?\b", r"advantages?$", r"extra\b", r"highly (?:regarded|valued)",
            r"(?:what )?we(?:'d)? (?:also )?appreciate", r"beneficial", r"helps\b", r".*not needed",
            r".*top of the pile", r"meriting", r"^could(?: have)?$",
            r"^should(?: have)?$", r".*\buseful", r"worth mentioning",
            r"(?:what )?we(?:'d| would)(?: also)? (?:like|love|prefer)$", r".*cheer for", r".*glad (?:of|to)",
            r".*\bsmile", r"(?:also )?welcome", r"also valu(?:ed|able)",
            r".*sets you apart", r".*makes us curious", r"helpful", r"hilfreich", r"it's great if",
            r"you (?:may|might|could)(?: also)? (?:have|bring)", r".*schön wäre", r".*\bkür\b", r"what else",
            r"assets?$", r".*(?:is|are) an? (?:plus|bonus|advantage)",
            r".*von vorteil", r"vorteilhaft", r".*wünschenswert", r"pluspunkte?", r"idealerweise",
            r".*wäre (?:schön|toll|super)",
            r"gern(?:e)? gesehen", r"nice\b", r"zusätzlich", r"(?:vos )?atouts?",
            r".*serai(?:t|ent) un (?:plus|atout)", r".*souhaité", r".*apprécié",
            r"deseable", r".*valorará", r"valorable", r"plus\b", r"gradit", r"diferenciais", r"pluspunten",
            r"mile widziane", r".*výhodou", r"výhody",
            r"meriterande", r"歓迎", r"优先", r"加分",
        ),
    ),
    (
        SectionKind.DUTIES,
        _any_of(
            r".*responsibilit", r".*\bduties",
            r"what you(?:'ll| will|'d| would)?(?: be)? (?:do|doing|work|own|achieve|build)",
            r"what you(?:'ll| will|'d| would)\b(?! (?:\w+ )?(?:bring|need|have|get|receive|earn|like))",
            r"what the job",
            r"your (?:job|work|role|tasks?|mission|impact|challenge|day|first)", r"the (?:work|job)$",
            r"(?:a )?day[ -](?:to[ -]day|in the life)",
            r"(?:key |main )?(?:tasks|objectives|accountabilities|activities)", r"in this role",
            r"^(?:in .{3,30} |as .{3,40})?you(?:'ll| will)(?: be(?: responsible)?)?\b(?! (?:bring|need|have"
            r"|ideally))",
            r".*\bfunctions?$", r"^you(?:'re| are) going to", r"what awaits",
            r"what (?:it|the (?:role|job|position)) involves", r"worum es geht", r"on any given day", r"outcomes",
            r"how you'd", r"goals for", r"key result areas",
            r"what we(?:'d| would)? like you to do", r"things that'd be yours", r"first half-year",
            r".*success looks like", r"in (?:the|your) first", r"wofür (?:sie|du)", r"dein alltag",
            r"possible projects", r"the brief$",
            r"the successful candidate will", r"scope of", r"responsible for", r"how you(?:'ll| will) make",
            r"(?:deine|ihre|das sind deine|die)? ?(?:haupt)?(?:aufgaben|tätigkeiten?|rolle)", r"aufgabengebiet",
            r"was (?:du|sie) .*(?:tust|tun|machst|machen)$",
            r"was (?:dich|sie) erwartet", r"das erwartet", r"das machst", r"verantwortung",
            r"(?:vos |tes |les |la )?missions?", r"(?:vos )?responsabilités", r"(?:vos )?tâches",
            r"responsabilidades", r"(?:tus )?funciones", r"tareas", r"qué harás", r"taken", r"wat ga je doen",
            r"wat je doet", r"(?:jouw )?werkzaamheden",
            r"(?:zakres )?obowiązk", r"zadania", r"náplň", r"co (?:budeš|bys)", r"mansioni", r"responsabilità",
            r"arbetsuppgifter", r"atividades",
            r"業務内容", r"仕事内容", r"职责", r"岗位职责", r"工作内容",
        ),
    ),
    (
        SectionKind.MUST,
        _any_of(
            r".*requirements?\b", r"must[ -]haves?", r"^must$", r"the person$", r"dein können", r".*rüstzeug",
            r".*it takes", r"what we look for", r"was (?:du|sie) (?:kannst|können|brauchst|brauchen)",
            r"what we hope for", r"das (?:erwarten|wünschen) wir",
            r"we (?:believe|imagine)", r"profile sought", r"(?:dein|ihr) hintergrund", r"licen[cs]es",
            r"(?:sie|du) (?:passen|passt)", r"what we(?:'re| are) after", r"behaviours", r"our expectations",
            r"(?:what )?we(?:'d| would) expect", r"^you$",
            r".*you(?:'ll| will)? need\b", r"required", r".*qualifications?\b",
            r"what you(?:'ll| will)?(?: \w+)? (?:bring|need|have)", r"what you must",
            r"you(?: must| should| might| may| ideally| currently| already)? (?:have|bring|are|be a|know)\b",
            r"who you are", r"about you$", r"a bit about you",
            r"your (?:profile|background|skills|experience|qualifications|expertise|talents?)",
            r".*(?:what|who) we(?:'re|'d| are)? (?:looking|expect|ask|need|want|seek|require)",
            r"we(?:'re| are)? (?:expect|looking|seeking|need|require|ask)",
            r".*(?:strong|good|great|right|perfect) fit", r".*be a (?:strong |good |great )?(?:fit|match)",
            r"(?:\w+ ){0,3}skills?\b", r"(?:knowledge|experience|education|training)(?: and| &|/|$| requir| need)",
            r".*person specification", r"essential", r"minimum",
            r"(?:the |our )?(?:ideal |successful )?(?:candidate|applicant)", r"is this you",
            r".*(?:love|like) to hear from you", r"competenc", r"eligibility", r"prerequisites",
            r"(?:selection )?criteria", r".*profile (?:will|that)", r"profile$", r"basic (?:skills|criteria)",
            r"the basics", r"technical (?:skills|expertise|knowledge|background)", r"^tech(?:nical|nology)? stack",
            r"^technolog(?:y|ies)$", r"expertise",
            r"(?:fachliche |unsere |ihre |deine )?anforderung", r"(?:dein|ihr|das) profil",
            r"(?:fachliches )?profil$", r"qualifikation", r"(?:deine|ihre) qualifikation",
            r"(?:das |was )?(?:du|sie)? ?(?:bringst|bringen|mitbring)", r"was (?:du|sie) mitbring", r"voraussetzung",
            r"was wir (?:erwarten|uns)", r"wir (?:erwarten|suchen|wünschen)",
            r".*kenntnisse", r"wen wir suchen", r".*zeichnet .* aus", r"(?:du|sie) (?:hast|haben|bist|sind)\b",
            r"muss", r"das solltest",
            r"(?:votre |ton |le )?profil\b", r"compétences", r"prérequis", r"exigences", r"vous (?:avez|êtes)",
            r"ce que nous (?:recherchons|attendons)", r"formation",
            r"(?:los )?requisitos", r"(?:tu )?perfil", r"(?:lo que |qué )buscamos", r"requerimientos",
            r"imprescindible", r"competencias", r"experiencia",
            r"requisiti", r"competenze", r"profilo", r"competências", r"functie-?eisen", r"wat (?:wij |we )?vragen",
            r"(?:jouw )?profiel", r"vereisten", r"wat (?:breng je|je meebrengt)",
            r"wymagania", r"(?:czego )?oczekujemy", r"(?:co )?požadujeme", r"(?:co )?(?:od tebe )?očekáváme",
            r"požadavky", r"kvalifikationer", r"krav",
            r"必須", r"応募資格", r"要件", r"任职要求", r"职位要求", r"岗位要求", r"要求",
        ),
    ),
    (
        SectionKind.COMPANY,
        _any_of(
            r"^about\b", r"who we are",
            r"our (?:mission|company|story|values|culture|team|people|product|vision|purpose|commitment)", r"why\b",
            r"(?:the )?company", r"life at",
            r"meet the team", r"(?:wir )?über (?:uns|das|die)", r"wer (?:wir sind|sind wir)",
            r"(?:das |unser )?unternehmen", r"warum", r"à propos", r"qui sommes", r"l'entreprise",
            r"sobre", r"quiénes somos", r"kdo jsme", r"o nás", r"o nas", r"over ons", r"chi siamo", r"om oss",
            r"会社概要", r"公司简介", r"关于我们",
        ),
    ),
)  # fmt: skip
