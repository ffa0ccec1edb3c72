"""English."""

from jobwise.generation.phrases.base import Phrases
from jobwise.generation.types import Tone

ENGLISH = Phrases(
    language="en",
    conjunction=" and ",
    subject_with_title="Application: {title}",
    subject_plain="Application",
    salutation="Dear Hiring Team,",
    closings={Tone.PROFESSIONAL: "Sincerely,", Tone.WARM: "Kind regards,", Tone.CONCISE: "Best regards,"},
    courses="Courses: {}",
    grade="Grade: {}",
    apply_both="I am applying for the position of {title} at {company}.",
    apply_title="I am applying for the position of {title}.",
    apply_company="I am applying for the open position at {company}.",
    apply_neither="I am applying for the position that you have advertised.",
    place_both="as {title} at {employer}",
    place_title="as {title}",
    place_employer="at {employer}",
    place_freelance="as a freelancer",
    place_project="on my project {name}",
    involves_now="My current work {place} involves {terms}, which your posting asks for.",
    involves_then="My work {place} involved {terms}, which your posting asks for.",
    skills_include="My skills include {terms}, which your posting asks for.",
    career_now="I currently work {place}.",
    career_then="Most recently, I worked {place}.",
    studied="I studied {area} at {institution}.",
    studying="I am studying {area} at {institution}.",
    about_project="One of my projects is {name}: {description}",
    quote="My résumé puts part of my work {place} like this: “{text}.”",
    quote_again="It goes on: “{text}.”",
    quote_earlier="On my earlier work {place}, my résumé says: “{text}.”",
    earlier="earlier, {sentence}",
    degree="I hold {degree} from {institution}.",
    certifications="My certifications include {names}.",
    languages_spoken="I speak {names}.",
    enclosed="My résumé, enclosed, gives the details of my background.",
    summary_terms="Hands-on experience with {terms}.",
    summary_years="{title} with {years} years of professional experience.",
    farewells={
        Tone.PROFESSIONAL: "I would welcome the opportunity to discuss the position with you. "
        "Thank you for your time and consideration.",
        Tone.WARM: "I would be glad to talk about the role and to hear more about your team. "
        "Thank you for taking the time to read my application.",
        Tone.CONCISE: "I would be glad to discuss the details in a conversation. Thank you for your time.",
    },
)
