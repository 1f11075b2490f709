"""What changes on a page at every visit although nothing has happened; pure.

All expressions are RE2's, so their time is linear, and are for lines in their normal form.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from executions.pages import expression

#: How many lines at the top of a page may show today's date or a clock. Further down, a line that
#: is only a date is more likely that of an event.
TOP_LINES = 12

_CLOCK = (
    r"(?:\d{1,2}[:h]\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?"
    r"(?: uhr| h\b| ?(?:utc|gmt|z)\b| [a-z]{3,4}\b)?"
    r"|\d{1,2}\.\d{2} uhr)"
)
_DATE = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?[. ]{1,2}(?:de |of )?[^\s\d.,]+\.?,?(?: de)? \d{4}"
    r"|[^\s\d.,]+\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일])"
)
_WHEN = (
    r"(?:[^\s\d.,]+\.?,? (?:der |den |le |the )?)?"
    rf"(?:{_DATE}(?:,? (?:at |um |a |à |- |\| )?{_CLOCK})?|{_CLOCK}(?:,? {_DATE})?)"
)

_UNITS = (
    r"(?:(?:second|sekund|segund|minut)[^\s\d.,;:)]*|(?:min|sec|hr)s?\b|hours?|days?|weeks?|months?|years?"
    r"|sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?"
    r"|secondes?|heures?|jours?|semaines?|mois|ans?"
    r"|segundos?|minutos?|horas?|dias?|días?|semanas?|mes(?:es)?|años?|anos?"
    r"|second[oi]|minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]"
    r"|seconden|uur|uren|dag(?:en)?|weken|maand(?:en)?|jaar"
    r"|sekund\S*|minut\S*|godzin\S*|dni|dzień|tygodni\S*|miesi\S*|lat\S*"
    r"|сек\S*|мин\S*|час\S*|дн\S*|день|недел\S*|месяц\S*|год\S*|лет"
    r"|timm\S*|dagar|veck\S*|månad\S*|timer?|dager?|uger?|uker?|måneder|tunti\S*|päiv\S*"
    r"|saniye|dakika|saat|gün|hafta|ay|yil|hodin\S*|dny|dnem|týdn\S*"
    r"|[smhd]\b)"
)
_AMOUNT = rf"(?:\d+|an?|one|eine[rmn]?|une?|uno|una|um|uma) ?{_UNITS}"
_AGO = (
    (
        rf"(?:less than |about |over |almost )?{_AMOUNT}(?:,? (?:and )?{_AMOUNT})? "
        r"(?:ago|fa|atrás|geleden|temu|назад|sedan|siden|sitten|önce|once)"
    ),
    rf"\b(?:vor (?:etwa |ca\. )?|il y a (?:environ )?|hace |há |před ){_AMOUNT}(?: siden)?",
    r"\d+ ?(?:秒|分|分钟|小时|时间|時間|天|日|周|週間|个月|か月|ヶ月|年) ?(?:前|以前)",
    r"\d+ ?(?:초|분|시간|일|주|개월|년) ?전",
    (
        r"\b(?:just now|moments ago|a moment ago|gerade eben|soeben|à l'instant|ahora mismo"
        r"|proprio ora|agora mesmo|zojuist|przed chwilą|только что)(?:$|\b)"
    ),
)
#: Words before the time at which a page was made.
_AS_OF = (
    r"(?:(?:page |site |data |prices? )?last (?:updated?|modified|changed|checked|refreshed|edited)"
    r"(?: on| at)?|(?:page |data )?(?:updated|refreshed|generated|rendered|retrieved)(?: on| at)?"
    r"|as of|today is|today's date|today|current (?:date|time|date and time)|local time|server time"
    r"|(?:it is|the time is) now|time now|lastbuilddate|last build date|build date"
    r"|(?:zuletzt|letzte) (?:aktualisiert|aktualisierung|änderung|geändert)(?: am| um)?"
    r"|aktualisiert(?: am| um)?|stand(?: vom)?|heute ist|heute|uhrzeit|serverzeit"
    r"|(?:dernière )?(?:mise à jour|mis à jour)(?: le)?|nous sommes le|aujourd'hui"
    r"|(?:última )?(?:actualización|actualizado)(?: el)?|hoy es|hoy"
    r"|(?:ultimo )?(?:aggiornamento|aggiornato)(?: il)?|oggi è|oggi"
    r"|(?:última )?(?:atualização|atualizado)(?: em)?|hoje é|hoje"
    r"|(?:laatst )?bijgewerkt(?: op)?|vandaag is het|vandaag|(?:ostatnia )?aktualizacja"
    r"|zaktualizowano|обновлено|последнее обновление|сегодня|最終更新日?|更新日時?|更新时间"
    r"|最后更新|업데이트|(?:son )?güncelleme|senast uppdaterad|uppdaterad|sist oppdatert|oppdatert"
    r"|sidst opdateret|opdateret|viimeksi päivitetty|päivitetty|naposledy aktualizováno)"
)
_COUNTED = (
    r"(?:(?:page |profile |total )?(?:views?|visits?|visitors?|hits?|impressions|reads|downloads)"
    r"|(?:users?|people|guests?|members?|visitors?|others?|shoppers?|customers?|persons?|fans?) "
    r"(?:(?:are |is |have |has )?(?:currently |now |just )?(?:online|viewing|watching|looking"
    r"|active|reacted|interested|starred|browsing|viewed|bought|purchased|added)\b[^\n.]*)"
    r"|online(?: now)?|viewing(?: now)?"
    r"|watching(?: now)?|likes?|shares?|followers?|subscribers?"
    r"|reactions?|stars?|members|guests"
    r"|(?:readers|members|subscribers|others|people) (?:of|in|on) [^\n.]*"
    r"|aufrufe|besucher|zugriffe|klicks|mal (?:angesehen|aufgerufen|gelesen)"
    r"|personen (?:sehen|schauen)[^\n.]*"
    r"|vues?|visites?|visiteurs?|lectures|personnes (?:regardent|consultent)[^\n.]*"
    r"|visualizaciones|visitas|lecturas|vistas|visualizzazioni|visite|letture|visualizações|acessos"
    r"|weergaven|bezoekers|keer bekeken|wyświetleń|odwiedzin|просмотр\S*|посетител\S*"
    r"|visningar|besökare|visninger|katselukertaa|görüntülenme|zobrazení)"
)
_NUMBER = r"\d[\d.,' ]{0,14}(?:k|m)?"
_ANYWHERE = (
    *_AGO,
    rf"{_AS_OF}[ :,-]{{0,4}}{_WHEN}",
    r"(?:today is|heute ist|nous sommes|hoy es|oggi è|hoje é|vandaag is het|сегодня) [^\s\d.,]+",
    # A clock with seconds, also counting down; but not in a timestamp such as 2025-03-01t10:00:00.
    r"(?:^|[ (\[>|,;:-])\d{1,3}:\d{2}:\d{2}(?:\.\d+)?(?: ?[ap]m)?",
    (
        r"(?:\b\d+ ?(?:d|h|m|min|s|sec|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|tage?|std"
        r"|stunden?|minuten?|sekunden?)[ ,:.]{1,3}){1,3}"
        r"\d+ ?(?:m|min|s|sec|minutes?|mins?|seconds?|secs?|minuten?"
        r"|sekunden?)\b"
    ),
    (
        r"(?:sun|mon|tue|wed|thu|fri|sat), \d{1,2} [a-z]{3} \d{4} "
        r"\d{2}:\d{2}:\d{2}(?: (?:[+-]\d{4}|gmt|utc|z))?"
    ),
    rf"{_NUMBER} {_COUNTED}(?:$|\b)",
    rf"\b{_COUNTED} ?: ?{_NUMBER}",
    (
        r"\b(?:users? online|visitor (?:number|no\.?)|besucher (?:nr\.?|nummer)|visiteur n°)"
        rf" ?:? ?#? ?{_NUMBER}"
    ),
    (
        r"\b(?:accessed|viewed|shared|read|visited|downloaded|angesehen|aufgerufen|geteilt)"
        rf" {_NUMBER} (?:times|mal)"
    ),
    # Unread messages, in a title.
    r"^\(\d+\+?\) ",
    r"(?:yesterday|last (?:week|month|year))",
    r"\d{1,3}:\d{2} (?:min|sec|sek)",
    # Names of members of JSON that say when or for whom an answer was made.
    (
        r'"(?:timestamp|time|now|date|server_?time|generated_?(?:at|on)?|fetched_?at|current_?time'
        r"|request_?id|trace_?id|correlation_?id|nonce|token|csrf\w*|session_?(?:id)?|etag|took"
        r"|duration(?:_?ms)?|elapsed|query_?time|expires?_?(?:at|in)?"
        r'|views?|view_?count|hits|visits)": ?[^\n]*'
    ),
    (
        r"(?:generated|rendered|loaded|created|processed|executed|served|erzeugt|générée?)"
        r" in [\d.,]+ ?(?:ms|s|sec|seconds?|milliseconds?|sekunden|secondes)\b"
        r"(?:[^\n]*quer(?:y|ies))?"
    ),
    (
        r"\b(?:csrf|nonce|token|session|sid|request|req|ray|trace|correlation|cache|visitor)"
        r"[ _-]?(?:id|token|key|hash)? ?[:#=] ?[\w+/=.-]*\d[\w+/=.-]*"
    ),
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    r"\b(?:[0-9a-f]*\d[0-9a-f]{16,}|[0-9a-f]{16,}\d[0-9a-f]*)\b",
    r"(?:©|\(c\)|copyright) ?(?:\d{4} ?- ?)?\d{4}",
)

#: Parameters of links that say who follows them, or from where.
_TRACKING = (
    r"([?&;])(?:(?:utm|mc|pk|hsa)_\w+|fbclid|gclid|msclkid|sid|phpsessid|jsessionid|session(?:_?id)?"
    r"|token|nonce|_|ts|rnd|ref)=[^&;#]*"
)


def without_tracking(link: str) -> str:
    """Return a link without parameters that are others at each visit."""
    return str(_tracking().sub(r"\1", link)).rstrip("?&;")


def without_noise(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Return each line without clocks, counters, tokens and the like; it may become empty.

    Args:
        lines: lines in their normal form, each with its number from the page's top.
    """
    text = "\n".join(line for _, line in lines)
    # One after the other: a single expression for all of them is ten thousand times as slow.
    for anywhere in _anywhere():
        text = anywhere.sub(" ", text)
    left = [" ".join(line.split()) for line in text.split("\n")] if lines else []
    return [
        "" if _is_noise(number, line, rest) else rest
        for (number, line), rest in zip(lines, left, strict=True)
    ]


def count_what_is_noise(labels: Sequence[str]) -> list[bool]:
    """Return for each label whether its numbers count what changes at every visit.

    Args:
        labels: labels in their normal form, such as "1,204 users starred this".
    """
    left = without_noise([(TOP_LINES, label) for label in labels])
    return [
        any(map(str.isdigit, label)) and not any(map(str.isdigit, rest))
        for label, rest in zip(labels, left, strict=True)
    ]


def _is_noise(number: int, line: str, rest: str) -> bool:
    if not any(map(str.isalnum, rest)):
        return True
    return number < TOP_LINES and _moment().fullmatch(line) is not None


@cache
def _anywhere() -> list[Any]:
    return [expression.compiled(f"(?m:{each})") for each in _ANYWHERE]


@cache
def _tracking() -> Any:
    return expression.compiled(_TRACKING, ignore_case=True)


@cache
def _moment() -> Any:
    """Return the expression for a line that is nothing but a moment."""
    return expression.compiled(_WHEN)
