"""The words by which a sentence of a posting shows what it asks for, how much it insists, and what it is not.

English and German in full, the basics of French, Spanish and a few neighbours. The languages share one table: a cue of
one is not an everyday word of another. Every pattern is an alternation of plain words, so that no text makes it slow.
"""

import re

from jobwise.jobs.requirements import Importance


def _words(*alternatives: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)", flags)


NICE = _words(
    r"nice[ -]to[ -]have", r"good to have", r"great to have",
    r"(?:is|are|as|would be|'s)? ?an? (?:\w+ )?(?:plus|bonus|advantage|asset|benefit)",
    r"a (?:strong |big |huge |definite )?plus", r"a bonus", r"bonus points", r"preferred", r"preferabl[ye]",
    r"ideally", r"desirable", r"desired",
    r"optional(?:ly)?", r"advantageous", r"beneficial",
    r"(?:not|isn['’]t|aren['’]t) (?:strictly )?(?:required|needed|necessary|essential|mandatory|a must)",
    r"(?:is|are) (?:very |always )?welcome",
    r"would be (?:very |really )?(?:great|nice|helpful|lovely|useful|handy|welcome)",
    r"(?:is|are) (?:handy|helpful|useful)", r"opens doors",
    r"(?:helps|hilft)(?= (?:with|on|at|in|bei|mit|im)\b)", r"highly regarded", r"would (?:delight|help)",
    r"appreciated",
    r"(?:is|are) enough to start with", r"(?:can|could) be learn(?:t|ed)",
    r"von vorteil", r"vorteilhaft", r"wünschenswert", r"idealerweise", r"gern(?:e)? gesehen",
    r"(?:ist |sind )?willkommen", r"möglichst", r"optimalerweise",
    r"(?:ein|großes|dickes) plus", r"pluspunkt", r"hilfreich", r"kein muss",
    r"(?:wäre|wären) (?:schön|toll|super|ideal|gut|ein geschenk)", r"schön (?:wäre|wären)", r"nicht zwingend",
    r"serai(?:t|ent) un (?:plus|atout)", r"(?:est|sont|constitue) un (?:plus|atout)", r"souhaitée?s?",
    r"appréciée?s?", r"idéalement", r"de préférence",
    r"deseable", r"se valorará", r"valorable", r"es un plus", r"preferiblemente", r"gradit[oaie]", r"preferibilmente",
    r"desejável", r"diferencial",
    r"een pre", r"mile widzian[aey]", r"výhod(?:ou|a)", r"meriterande",
)  # fmt: skip

MUST = _words(
    r"must(?:[ -]have)?", r"required?", r"requires", r"mandatory", r"essential", r"necessary", r"prerequisite",
    r"imperative", r"non-negotiable", r"you(?:'ll|’ll)? need",
    r"need to (?:have|be|know|know)",
    r"(?:at least|minimum(?: of)?|min\.?) (?:\d|one|two|three|four|five|six|seven|eight|ten|an?\b)",
    r"have to (?:have|be|know)",
    r"zwingend", r"erforderlich", r"vorausgesetzt", r"voraussetzung", r"unbedingt", r"mindestens", r"notwendig",
    r"muss", r"müssen", r"unabdingbar",
    r"obligatoire", r"exigée?s?", r"requise?s?", r"indispensables?", r"impératif", r"imprescindible", r"obligatorio",
    r"requerid[oa]s?", r"indispensabile", r"obbligatori[oa]",
    r"nezbytn[áéý]", r"podmínkou", r"wymagan[aey]", r"konieczn[aey]", r"vereist",
)  # fmt: skip

STRONG = _words(
    r"proficien\w+", r"expert(?:ise)?", r"strong", r"deep", r"extensive", r"solid", r"advanced", r"fluen\w+",
    r"sehr gute\w*", r"fundierte\w*", r"sichere\w*", r"excellent\w*", r"thorough",
)  # fmt: skip

WEAK = _words(
    r"familiar(?:ity)?", r"exposure", r"comfortable", r"comfort with", r"some (?:experience|knowledge)",
    r"basic (?:knowledge|understanding)", r"awareness", r"interest(?:ed)? in", r"willing(?:ness)?",
    r"curious", r"curiosity", r"grundkenntnisse", r"grundlegende", r"interesse", r"vertraut", r"notions", r"nociones",
)  # fmt: skip

ASKS = _words(
    r"you(?:'ve|’ve| have| bring| possess| hold| know| understand| can| are able)",
    r"you(?:'re|’re| are) (?:\w+ )?(?:familiar|comfortable|proficient|experienced|skilled|fluent|knowledgeable"
    r"|able|expert|strong|good)",
    r"you should", r"you(?:'ll|’ll| will) (?:need|have|bring|be (?:proficient|familiar|experienced|fluent))",
    r"(?:hands-on |proven |practical |strong |solid |extensive |relevant |prior |previous "
    r"|professional )?experience (?:with|in|as|of|using|\w+ing)",
    r"proficien(?:t|cy)", r"(?:knowledge|understanding|command|mastery|grasp) of", r"knowledgeable",
    r"familiar(?:ity)? with", r"fluen(?:t|cy)", r"skilled", r"skills in", r"expertise in", r"background in",
    r"ability to", r"able to", r"track record", r"we expect", r"we require",
    r"(?:degree|diploma|certificat\w+|licen[cs]e) in", r"years?(?: of)?(?: \w+)? experience", r"strong \w+ skills",
    r"erfahrung(?:en)? (?:mit|in|im|als|auf)", r"berufserfahrung", r"\w*kenntnisse", r"kenntnis",
    r"(?:du|sie) (?:hast|haben|bringst|bringen|beherrschst|beherrschen|kennst|kennen|verfügst|verfügen|bist|sind)",
    r"abgeschlossene[sn]?", r"wir erwarten",
    r"vous (?:avez|êtes|maîtrisez|justifiez|disposez)", r"maîtrise", r"expérience (?:en|avec|dans|de)",
    r"connaissances? (?:de|en|des)", r"bonnes? connaissances?", r"experiencia (?:en|con|como)",
    r"conocimientos? (?:de|en)",
    r"dominio de", r"esperienza (?:in|con)", r"conoscenza", r"experiência (?:em|com)", r"conhecimento",
    r"ervaring (?:met|in|als)", r"kennis van", r"znajomość", r"znalost\w*", r"zkušenost\w*", r"doświadczeni[ea]",
)  # fmt: skip

SUBSTANCE = _words(
    r"experienced?", r"skills?", r"knowledge", r"degree", r"certificat\w+", r"licen[cs]ed?", r"proficien\w+",
    r"fluen\w+", r"understanding", r"expertise", r"background", r"qualification", r"familiar\w*", r"track record",
    r"ability", r"able", r"clearance", r"citizen\w*", r"authori[sz]ed", r"portfolio", r"\w*erfahrung(?:en)?",
    r"\w*kenntnisse", r"ausbildung", r"studium", r"abschluss", r"führerschein", r"bereitschaft", r"fähigkeit",
    r"expérience", r"connaissances?", r"diplôme", r"maîtrise", r"formation", r"experiencia", r"conocimientos?",
    r"título", r"titulación", r"esperienza", r"laurea", r"experiência", r"ervaring", r"kennis", r"diploma",
    r"opleiding",
)  # fmt: skip

ABOUT_US = re.compile(
    r"^[\W_]*(?:(?:building|based) on )?(?:we|our|us|wir|unser|unsere|nous|notre|nos|nosotros|nuestr[oa]s?|noi|nós)\b"
    r"(?!(?:['’]re| are)? (?:looking|expect|require|need|seek|want|ask|would|['’]d|erwarten|suchen|ideal|perfect|right)"
    r"| (?:requirements?|anforderungen|profil))",
    re.IGNORECASE,
)
"""A sentence about the employer: "We have deep experience in ..." asks for nothing."""

BOILERPLATE = re.compile(
    r"equal[ -](?:opportunity|employment)|without regard to|regardless of (?:race|age|gender|your|sex)"
    r"|protected (?:veteran|characteristic|class|ground|status)"
    r"|(?:national|ethnic) origin|sexual orientation|sexuell\w+ (?:identität|orientierung)|gender identity"
    r"|reasonable accommodation|accommodations? (?:are|is|for|during|at|process|request|made)"
    r"|request (?:an )?accommodation|need for accommodation|criminal histor|privacy (?:notice|policy)"
    r"|personal data|drug-free|adjustments (?:at|for|during|to)|need adjustments|\bsalary\b|\bpay is\b"
    r"|veterans (?:are )?encouraged|shortlist|interviews (?:will|take|are|run)"
    r"|[$€£]\s?\d[\d.,]*k?(?:\s?[–-]\s?[$€£]?\d[\d.,]*k?)?\s?(?:/|per|an?) ?(?:hr|hour|year|month|annum|week"
    r"|day)|[$€£]\d[\d.,]*\s?[–-]\s?\d[\d.,]*k|equality of opportunity|e-verify|schwerbehindert|datenschutz"
    r"|health insurance|dental|401\(?k\)?|\bpto\b|paid (?:time off|leave|holiday|vacation)|parental leave"
    r"|stock options?|(?:base|annual|gross|competitive) (?:salary|pay|bonus)|incentive pay|bonus plan"
    r"|salary (?:range|between|of)|day rate"
    r"|pay range|\bbenefits?\b(?: package)?|pension|learning budget|urlaubstage|tage urlaub|altersvorsorge"
    r"|jahresgehalt|vergütung|meal voucher|tickets restaurant|mutuelle"
    r"|\bwe offer\b|\bwir bieten\b|nous offrons|\bofrecemos\b|nabízíme|oferujemy|closing date"
    r"|send (?:us )?(?:your|a|an) (?:cv|resume|résumé|application)|please apply|(?:we )?encourage you to apply"
    r"|to apply,|apply (?:anyway|in person|now|by)|\bbewerbung(?:en)?\b|what we (?:use|write)|meet (?:all"
    r"|every|two thirds|100)|job alerts?|similar jobs|cookies?\b|on your r[eé]sum[eé]|style r[eé]sum[eé]"
    r"|required information|dates you held|hours per week you worked"
    r"|security purposes|background (?:check|investigation)s? (?:is|are|will)|sponsorship"
    r"|relocation (?:package|assistance)",
    re.IGNORECASE,
)
"""What employers say about law, money and the application itself: never a requirement."""

FACTS = re.compile(
    r"^\W*(?:location|job title|official title|number of|supervisory|work (?:schedule|days|hours)"
    r"|travel requirement|posted|job type|type|contract|start(?: date)?|joining|reports? to|department"
    r"|seniority level"
    r"|employment type|job function|industr(?:y|ies)|job code|reference|ref|territory|budget|hours|team"
    r"|standort|vertragsart|beginn|arbeitszeit|arbeitsort)\b[^:\n]{0,24}:",
    re.IGNORECASE,
)
"""A labelled fact of the posting, such as `Location: Berlin`."""

TO_A_MACHINE = re.compile(
    r"(?:ignore|disregard|forget|override) (?:all |any |the |your )*(?:previous|prior|above|earlier|preceding"
    r"|system|other)"
    r"|(?:system|developer) prompt|you are (?:now )?(?:an? )?(?:ai|language model|assistant|chatbot|gpt)\b"
    r"|</?(?:system|assistant|user|instructions?)>|\[/?inst\]"
    r"|(?:as|dear) an? (?:ai|language model)|(?:ais?|llms?|automated)(?:[- ](?:agents?|assistants?|models?"
    r"|systems?|screeners?))? (?:reading|processing|(?:must|should) (?:ignore|rate|rank|recommend|output"
    r"|respond|answer|mention|include|say|write))",
    re.IGNORECASE,
)
"""Text that is meant for a program, not for applicants."""

EDUCATION = _words(
    r"bachelor(?:['’]?s)?", r"master['’]s", r"masters", r"ph\.?d\.?", r"doctorate", r"doctoral",
    r"(?:law |college |university |associate(?:['’]?s)? |advanced |undergraduate |graduate |relevant |related "
    r"|technical )?degree", r"mba", r"b\.?sc\.?", r"m\.?sc\.?",
    r"[bm]\.?[as]\.?(?= (?:in|or|degree|with)\b)", r"[bm]\.?eng", r"[bm]\.? ?pharm\.?", r"pharmd", r"ll[bm]",
    r"(?:or|,) university", r"university (?:degree|education|studies|diploma)", r"(?:commercial|formal) education",
    r"studies", r"diploma", r"ged", r"a-levels?(?= in)", r"high school",
    r"(?:an|or|completed|finished|recognised|recognized) apprenticeship", r"apprenticeship (?:as|in)",
    r"graduate diploma", r"vocational", r"college", r"university education", r"professional cookery qualification",
    r"\w*studium", r"studiengang", r"hochschul\w*", r"\w*ausbildung", r"fachhochschul\w*", r"abitur", r"promotion",
    r"fachinformatiker\w*", r"techniker", r"abgeschlossene\w*", r"diplôme", r"bac ?\+ ?\d", r"licence pro\w*",
    r"école d'ingénieurs?", r"formation (?:supérieure|en|d'|de)", r"titulación", r"grado en", r"licenciatura",
    r"laurea", r"opleiding", r"hbo", r"wo-niveau", r"wykształcen\w+", r"vzdělání", r"studia", r"学士", r"本科", r"大卒",
)  # fmt: skip

CERTIFICATION = _words(
    r"certifications?", r"certificates?", r"certified", r"licen[cs]e[ds]?", r"licensure", r"credentials?",
    r"clearance", r"registered with", r"registration", r"chartered", r"accredit\w+", r"qualified teacher",
    r"food safety level",
    r"driving licen[cs]e", r"dbs(?: check)?", r"zertifi\w+", r"führerschein", r"approbation", r"zulassung",
    r"staatsexamen", r"permis(?: b)?", r"certificación", r"carné", r"rijbewijs", r"prawo jazdy", r"řidičský průkaz",
    r"資格", r"免許",
)  # fmt: skip

EXPERIENCE = _words(
    r"experienced?", r"track record", r"background", r"prior work", r"history of", r"exposure to",
    r"have (?:\w+ )?(?:built|shipped|worked|led|designed|managed|delivered|run|sold|used|set up|developed"
    r"|launched|written|operated)",
    r"(?:you['’]ve|you have) (?:\w+ )?(?:built|shipped|worked|led|designed|managed|delivered|run|sold|set up"
    r"|evaluated|influenced|developed|launched|operated)", r"(?:shipped|built|sold|led|managed|delivered|worked)",
    r"evidence of", r"performance",
    r"\w*erfahrung(?:en)?", r"routine", r"praxis", r"expériences?", r"experiencia", r"esperienza", r"experiência",
    r"ervaring", r"zkušenost\w*", r"praxe", r"doświadczeni[ea]",
)  # fmt: skip

SOFT = _words(
    r"communicat\w+", r"collaborat\w+", r"team[ -]?player", r"teamwork", r"interpersonal", r"organi[sz]ed?",
    r"organi[sz]ation(?:al)? skills", r"initiative", r"self-?(?:starter|motivated|driven|directed)", r"motivat\w+",
    r"proactive", r"curio\w+", r"passion\w*",
    r"attention to detail", r"detail-oriented", r"sharp eye", r"problem[ -]solv\w+", r"analytical",
    r"critical thinking", r"adaptab\w+", r"flexib\w+", r"empath\w*", r"patien(?:ce|t)", r"humou?r", r"tact",
    r"reliab(?:le|ility)", r"integrity", r"ownership", r"judg(?:e)?ment", r"ambiguity",
    r"time management", r"multitask\w*", r"deadlines", r"leadership", r"mindset", r"attitude", r"willing(?:ness)?",
    r"eager", r"keen", r"open to", r"comfortable", r"confident", r"discipline[d]?", r"independent(?:ly)?",
    r"creativ\w+", r"presentation skills", r"calm", r"explain",
    r"teamfähig\w*", r"kommunikat\w+", r"selbst(?:st)?ändig\w*", r"eigeninitiative", r"zuverlässig\w*",
    r"verlässlich\w*", r"belastbar\w*", r"durchsetzungs\w+", r"engagement", r"motiviert", r"einsatzbereitschaft",
    r"sorgfalt", r"sorgfältige?", r"geduld", r"neugier\w*", r"lernbereit\w+", r"denkweise", r"denken",
    r"hands-on-mentalität",
    r"verantwortungs\w+", r"freude", r"begeisterung", r"bereitschaft", r"autonom(?:e|ie|ous)", r"rigueur",
    r"rigoureu\w+", r"esprit d'équipe", r"sens du", r"curieu\w+", r"proactividad", r"trabajo en equipo",
    r"proactiv[oa]", r"autonomía", r"schopnost\w*", r"samostatn\w+", r"komunikat\w+", r"chuť", r"zájem",
)  # fmt: skip

SKILL = _words(
    r"proficien\w+", r"knowledge", r"programming", r"skills? (?:in|with)", r"expertise", r"command of",
    r"understanding", r"familiar\w*", r"technical", r"software", r"tools?", r"systems?", r"\w*kenntnisse",
    r"\w+programm\w*", r"umgang mit", r"maîtrise", r"connaissances?", r"logiciels?", r"conocimientos?", r"dominio",
    r"znalost\w*",
)  # fmt: skip


CONDITION = _words(
    r"travel", r"relocat\w+", r"shifts?", r"weekends?", r"overtime", r"on-call", r"lift(?:ing)?", r"right to work",
    r"authori[sz]ed to work", r"work authori[sz]ation", r"citizen\w*", r"visa",
    r"on-?site", r"in the office", r"full[- ]time", r"part[- ]time", r"background check", r"drug test",
    r"reisebereitschaft", r"schicht\w*", r"wochenend\w*", r"mobilité", r"disponibilidad",
)  # fmt: skip
"""Terms of the work rather than skills."""

PERSONAL = _words(
    r"(?:you|are|is|be|being|can|able|ability|capable|comfort\w*|enjoy|love|like|want|care|bring|take|thrive"
    r"|speak|read|write|listen|think)", r"(?:du|sie) (?:bist|sind|hast|haben|kannst|können)", r"freude", r"spaß",
    r"vous êtes",
)  # fmt: skip
"""A sentence about the person rather than about a thing that they know."""

NEGATED = re.compile(
    r"^\W*(?:no|kein\w*|aucune?|sin) .{0,60}\b(?:required|needed|necessary|expected|nötig|erforderlich"
    r"|notwendig|requise?|necesari[oa])",
    re.IGNORECASE,
)
"""What the posting says it does not ask for."""


def importance_of(sentence: str, default: Importance) -> Importance:
    """How much a sentence insists, by its own words; `default` is what its section says."""
    if NICE.search(sentence):
        return Importance.NICE
    if MUST.search(sentence):
        return Importance.MUST if default is not Importance.NICE else default
    weak = WEAK.search(sentence) if default is Importance.MUST else None
    return Importance.SHOULD if weak and not STRONG.search(sentence, 0, weak.start()) else default


_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "half", "one a an ein eine einem einen un une uno una", "two zwei deux dos due dwa dva",
            "three drei trois tres tre trzy tři", "four vier quatre cuatro quattro cztery čtyři",
            "five fünf cinq cinco cinque pięć pět", "six sechs six seis sei", "seven sieben sept siete sette",
            "eight acht huit ocho otto", "nine neun neuf nueve nove", "ten zehn dix diez dieci",
        )
    )
    for word in words.split()
    if word != "half"
}  # fmt: skip
_NUMBER = (
    r"(?P<{0}>\d{{1,2}}(?:[.,]5)?|(?:"
    + "|".join(sorted(set(_NUMBERS) - {"a", "an"}, key=len, reverse=True))
    + r"))(?![\d,.]*\d)"
)
_YEARS = re.compile(
    r"(?<![\w.,$€£-])" + _NUMBER.format("least") + r"(?: ?\((?:\d{1,2})\))? ?\+?"
    r"(?: ?(?:-|–|—|to|bis|à|a|až|do|or|oder) ?" + _NUMBER.format("most") + r" ?\+?)?"
    r"(?: (?:or|oder|ou|o) (?:more|mehr|plus|más))?(?: plus| full| volle[n]?)?[ -]*"
    r"(?P<unit>years?|yrs?\.?|year['’]s|years['’]|jahren?|ann[ée]es?|ans|años?|anni|anno|anos?|jaar|lat|let"
    r"|roky?|år|months?|monaten?|mois|meses|letni\w+)(?!\w)"
    r"(?: (?:or|oder|ou|o) (?:more|mehr|plus|más))?",
    re.IGNORECASE,
)
_CJK_YEARS = re.compile(r"(\d{1,2}) ?年(?:以上)?")
_NOT_EXPERIENCE = re.compile(
    r"^ ?(?:old|of age|alt\b|âge|degree|program|course|apprenticeship|contract|ago|in a row|vest|fixed|trial"
    r"|garantie|of leave|to )|^-?(?:old|degree)",
    re.IGNORECASE,
)
_OF_EXPERIENCE = re.compile(
    r"\+?['’]?(?: of| de| an)?(?: [\w-]+){0,3} (?:\w*erfahrung|experience|expérience|experiencia)", re.IGNORECASE
)
_OF_THE_COMPANY = re.compile(
    r"(?:over|past|last|since|within|next|every|first|seit|depuis|after|in just|in|more than) (?:the |den |les"
    r" )?$",
    re.IGNORECASE,
)


def years_in(sentence: str) -> float | None:
    """The least number of years that a sentence asks for; None where it names none.

    >>> years_in("3-5 years of closing experience"), years_in("mindestens fünf Jahre"), years_in("mehrjährig")
    (3.0, 5.0, None)
    """
    for match in _YEARS.finditer(sentence):
        if _NOT_EXPERIENCE.match(sentence[match.end() : match.end() + 16]):
            continue
        of_experience = _OF_EXPERIENCE.match(sentence[match.end() : match.end() + 60])
        if not of_experience and _OF_THE_COMPANY.search(sentence[max(0, match.start() - 16) : match.start()]):
            continue
        if not match["unit"].lower().startswith(("mon", "moi", "mes")):
            return _number(match["least"])
        if of_experience:
            return round(_number(match["least"]) / 12, 2)
    cjk = _CJK_YEARS.search(sentence)
    return float(cjk[1]) if cjk else None


def _number(written: str) -> float:
    return float(_NUMBERS[written.lower()]) if written.lower() in _NUMBERS else float(written.replace(",", "."))


_LANGUAGES = {
    "English": "english|englisch\\w*|anglais|inglés|inglese|inglês|engels|engelska|angielski\\w*|angličtin\\w*"
        "|anglick\\w+|英語|英语",
    "German": "german|deutsch\\w*|allemand|alemán|tedesco|duits|niemiecki\\w*|němčin\\w*",
    "French": "french|französisch\\w*|français|francés|francese|frans|francuski\\w*",
    "Spanish": "spanish|spanisch\\w*|espagnol|español|castellano|spagnolo|spaans|hiszpański\\w*",
    "Italian": "italian|italienisch\\w*|italien|italiano",
    "Portuguese": "portuguese|portugiesisch\\w*|portugais|portugués|português",
    "Dutch": "dutch|niederländisch\\w*|néerlandais|neerlandés|nederlands",
    "Polish": "polish|polnisch\\w*|polonais|polaco|polski\\w*",
    "Czech": "czech|tschechisch\\w*|tchèque|češtin\\w*|český jazyk", "Swedish": "swedish|schwedisch\\w*|svenska",
    "Danish": "danish|dänisch\\w*|dansk", "Norwegian": "norwegian|norwegisch\\w*|norsk",
    "Finnish": "finnish|finnisch\\w*|suomi", "Welsh": "welsh", "Irish": "irish",
    "Russian": "russian|russisch\\w*|russe|ruso|rosyjski\\w*", "Ukrainian": "ukrainian|ukrainisch\\w*",
    "Turkish": "turkish|türkisch\\w*|turc", "Arabic": "arabic|arabisch\\w*|arabe|árabe",
    "Hebrew": "hebrew|hebräisch\\w*", "Hindi": "hindi",
    "Mandarin": "mandarin|chinese|chinesisch\\w*|chinois|chino|中国語|普通话|中文", "Cantonese": "cantonese",
    "Japanese": "japanese|japanisch\\w*|japonais|japonés|日本語|日语", "Korean": "korean|koreanisch\\w*|coréen|한국어",
    "Hungarian": "hungarian|ungarisch\\w*", "Romanian": "romanian|rumänisch\\w*", "Greek": "greek|griechisch\\w*",
    "Vietnamese": "vietnamese", "Thai": "thai", "Tagalog": "tagalog|filipino", "Bulgarian": "bulgarian",
    "Croatian": "croatian|kroatisch\\w*", "Slovak": "slovak|slowakisch\\w*|slovenčin\\w*",
}  # fmt: skip
_LANGUAGE = re.compile(
    r"(?<!\w)(?:"
    + "|".join(f"(?P<{name}>{forms})" for name, forms in _LANGUAGES.items())
    + r")(?!\w)|(?P<_cjk>英語|英语|日本語|日语|한국어|中文)",
    re.IGNORECASE,
)
_CJK_LANGUAGES = {
    "英語": "English",
    "英语": "English",
    "日本語": "Japanese",
    "日语": "Japanese",
    "한국어": "Korean",
    "中文": "Mandarin",
}
SPEAKING = _words(
    r"fluen\w+", r"native", r"bilingual", r"business", r"professional", r"spoken", r"written", r"speak\w*",
    r"language", r"oral", r"intermediate", r"basic", r"working", r"working level", r"proficien\w+", r"conversational",
    r"command", r"good", r"[abc][12]\+?", r"level", r"verbal", r"communicat\w+", r"plus", r"advantage", r"excellent",
    r"strong", r"mother tongue",
    r"verhandlungssicher\w*", r"fließend\w*", r"sehr gut\w*", r"gute\w*", r"wort und schrift", r"\w*kenntnisse",
    r"muttersprach\w*", r"sprach\w*", r"courant\w*", r"bilingue", r"maîtrise", r"niveau", r"langue", r"parl\w+",
    r"fluid[oa]", r"nivel", r"alto", r"vloeiend", r"poziom\w*", r"úrovn\w*", r"komunikov\w+", r"essential",
    r"required", r"must",
)  # fmt: skip


def languages_in(sentence: str) -> list[str]:
    """The spoken languages that a sentence names, by their English names, each once."""
    found: dict[str, None] = {}
    for match in _LANGUAGE.finditer(sentence):
        name = match.lastgroup or ""
        found[_CJK_LANGUAGES[match[0]] if name == "_cjk" else name] = None
    return list(found)
