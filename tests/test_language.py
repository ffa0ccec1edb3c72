import pytest

from jobwise.language import NAMES, detect


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "We are looking for a nurse who is at home in the ward and with our patients."),
        ("de", "Wir suchen für unser Team eine Pflegefachkraft, die mit uns auf der Station arbeitet."),
        ("fr", "Nous cherchons pour notre équipe une infirmière qui est à l'aise avec les patients."),
        ("es", "Buscamos para nuestro equipo una enfermera con experiencia en el trabajo de planta y los pacientes."),
        ("it", "Cerchiamo per il nostro gruppo una persona che si occupi della sala e dei clienti con gentilezza."),
        ("pt", "Procuramos para a nossa equipa uma pessoa com experiência em saúde, que não tenha medo dos turnos."),
        ("nl", "Wij zoeken voor ons team een verpleegkundige die het werk op de afdeling aan kan met zijn hart."),
        ("pl", "Szukamy do naszego zespołu osoby, która jest otwarta na pracę z ludźmi i nie boi się dyżurów."),
        ("cs", "Hledáme do našeho týmu sestru, která se nebojí práce na oddělení a je si jistá v komunikaci."),
        ("sv", "Vi söker en sjuksköterska som är trygg på avdelningen och har erfarenhet av att arbeta med oss."),
        ("ja", "私たちのチームでは、Python と PostgreSQL の経験がある方を探しています。"),
        ("zh", "我们正在寻找有 Python 和 PostgreSQL 经验的工程师加入我们的团队。"),
        ("ko", "우리 팀에서 함께 일할 Python 개발자를 찾습니다."),
        ("ru", "Мы ищем инженера, который хорошо знает Python и PostgreSQL."),
        ("uk", "Ми шукаємо інженера, який добре знає Python, у нашій компанії."),
    ],
)
def test_a_sentence_is_enough_to_know_the_language(code: str, text: str) -> None:
    found = detect(text)

    assert found.code == code
    assert found.confidence > 0.1
    assert code in NAMES


@pytest.mark.parametrize("text", ["", "123 456", "Python PostgreSQL Kubernetes"])
def test_a_text_that_tells_nothing_is_taken_for_english_without_confidence(text: str) -> None:
    assert (detect(text).code, detect(text).confidence) == ("en", 0)


def test_english_terms_do_not_hide_a_german_posting() -> None:
    text = "Senior Backend Engineer (m/w/d) Cloud Platform. Du entwickelst mit uns die API und das Data Warehouse."

    assert detect(text).code == "de"
