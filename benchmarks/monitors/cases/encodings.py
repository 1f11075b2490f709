"""Pages in the encodings of the real web, declared rightly, wrongly, late or not at all."""

import gzip
import zlib
from collections.abc import Callable

import brotli
from backports import zstd

from benchmarks.monitors.case import Case, Served, body, case, quiet, told
from benchmarks.monitors.pages import document, shop

GERMAN = ("Größe M – „ausverkauft“", "Größe M – „verfügbar“")
FRENCH = (
    "Épuisé – bientôt réapprovisionné à l’œuvre",
    "De nouveau en stock dès l’été – œuvre complète",
)
POLISH = ("Wkrótce ponownie dostępne źródło światła", "Źródło światła dostępne już dziś")
RUSSIAN = ("Нет в наличии, ожидается поставка в марте", "Есть в наличии, доставка завтра")
GREEK = ("Εξαντλημένο προϊόν, σύντομα κοντά σας", "Διαθέσιμο προϊόν σε όλα τα καταστήματα")
JAPANESE = ("在庫切れです。入荷をお待ちください。", "在庫あり。すぐに発送いたします。")
CHINESE = ("此商品暂时缺货，请稍后再来。", "此商品有货，今天发货。")
TAIWANESE = ("此商品暫時缺貨，請稍後再來。", "此商品有貨，今天出貨。")
KOREAN = ("일시 품절입니다. 재입고를 기다려 주세요.", "재고 있음. 오늘 바로 발송합니다.")
TURKISH = ("Ürün tükendi, yakında yeniden satışta", "Ürün şimdi satışta, ığdır için kargo")
HEBREW = ("אזל מהמלאי, יחזור בקרוב", "זמין במלאי, משלוח מחר")
THAI = ("สินค้าหมดชั่วคราว", "มีสินค้าพร้อมส่ง")


def written(
    name: str,
    texts: tuple[str, str],
    encoding: str,
    declared: str = "text/html",
    meta: str = "",
    *,
    late: bool = False,
) -> Case:
    """Return a case whose two pages are in `encoding`.

    Args:
        name: the case's name.
        texts: what is written before and after.
        encoding: Python's name of the encoding.
        declared: the type in the header.
        meta: what the page itself declares, if anything.
        late: whether it does so after the first 1024 bytes.
    """

    def page(text: str) -> bytes:
        filler = "<!-- " + "theme " * 300 + "-->" if late else ""
        tag = f"{filler}<meta charset='{meta}'>" if meta else ""
        more = "<p>Harbour Goods, quay 4. " * 3
        return f"<!DOCTYPE html><html><head>{tag}<title>{text}</title></head><body><h1>{text}</h1>{more}</body></html>".encode(
            encoding
        )

    before, after = (body(page(text), declared) for text in texts)
    return case(
        name,
        f'contains "{texts[1]}"',
        quiet(before),
        told(after, texts[1]),
        quiet(after),
        quiet(before),
    )


def packed(name: str, encoding: str, pack: Callable[[bytes], bytes]) -> Case:
    """Return a case whose pages are compressed by `pack`, and say so."""

    def page(text: str) -> Served:
        return body(
            pack(shop(text).encode()), "text/html; charset=utf-8", Content_Encoding=encoding
        )

    return case(
        name,
        'css(".price") < 100',
        quiet(page("£ 139")),
        told(page("£ 89"), "89"),
        quiet(page("£ 88")),
    )


def deflate_raw(content: bytes) -> bytes:
    """Return what many servers send as "deflate": without the frame of zlib."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


CASES = [
    written("windows-1252-called-latin-1", FRENCH, "cp1252", "text/html; charset=ISO-8859-1"),
    written("windows-1252-called-latin-1-in-meta", GERMAN, "cp1252", meta="iso-8859-1"),
    written("windows-1252-called-ascii", GERMAN, "cp1252", "text/html; charset=us-ascii"),
    written("windows-1250", POLISH, "cp1250", "text/html; charset=windows-1250"),
    written("iso-8859-2-in-meta", POLISH, "iso8859-2", meta="iso-8859-2"),
    written("windows-1251", RUSSIAN, "cp1251", "text/html; charset=windows-1251"),
    written("koi8-r", RUSSIAN, "koi8-r", "text/html; charset=koi8-r"),
    written("koi8-r-in-upper-case-meta", RUSSIAN, "koi8-r", meta="KOI8-R"),
    written("windows-1253", GREEK, "cp1253", meta="windows-1253"),
    written("shift-jis", JAPANESE, "cp932", "text/html; charset=Shift_JIS"),
    written("x-sjis", JAPANESE, "cp932", meta="x-sjis"),
    written("euc-jp", JAPANESE, "euc-jp", meta="euc-jp"),
    written("iso-2022-jp", JAPANESE, "iso2022-jp", "text/html; charset=iso-2022-jp"),
    written("gb2312-that-is-gbk", CHINESE, "gbk", meta="gb2312"),
    written("gb18030", CHINESE, "gb18030", "text/html; charset=gb18030"),
    written("big5", TAIWANESE, "big5", meta="big5"),
    written("euc-kr", KOREAN, "cp949", "text/html; charset=euc-kr"),
    written("ks-c-5601", KOREAN, "cp949", meta="ks_c_5601-1987"),
    written("iso-8859-9-turkish", TURKISH, "cp1254", "text/html; charset=iso-8859-9"),
    written("windows-1255-hebrew", HEBREW, "cp1255", meta="windows-1255"),
    written("tis-620-thai", THAI, "tis-620", "text/html; charset=tis-620"),
    written("utf-16-with-a-mark", GERMAN, "utf-16"),
    written("utf-16le-declared", RUSSIAN, "utf-16-le", "text/html; charset=utf-16le"),
    written(
        "utf-8-with-a-mark-against-the-header", GERMAN, "utf-8-sig", "text/html; charset=iso-8859-1"
    ),
    written("utf-8-undeclared", RUSSIAN, "utf-8"),
    written("utf-8-undeclared-german", GERMAN, "utf-8"),
    written("utf8-without-a-hyphen", FRENCH, "utf-8", "text/html; charset=utf8"),
    written("charset-in-quotes", FRENCH, "utf-8", 'text/html; charset="utf-8"'),
    written("no-type-at-all", GERMAN, "utf-8", ""),
    written("meta-late", GERMAN, "utf-8", meta="utf-8", late=True),
    written("meta-late-windows-1251", RUSSIAN, "cp1251", meta="windows-1251", late=True),
    written(
        "header-wins-over-meta", RUSSIAN, "utf-8", "text/html; charset=utf-8", meta="windows-1251"
    ),
    written(
        "header-says-latin-1-but-is-utf-8",
        RUSSIAN,
        "utf-8",
        "text/html; charset=ISO-8859-1",
        meta="utf-8",
    ),
    written("unknown-charset", GERMAN, "utf-8", "text/html; charset=none"),
    written("windows-1252-undeclared", GERMAN, "cp1252"),
    written("windows-1251-undeclared", RUSSIAN, "cp1251"),
    written("shift-jis-undeclared", JAPANESE, "cp932"),
    case(
        "one-bad-byte",
        "changes",
        quiet(body("<p>Café ".encode() + b"\xff open at noon</p>", "text/html; charset=utf-8")),
        quiet(body("<p>Café ".encode() + b"\xff open at noon</p>", "text/html; charset=utf-8")),
        told(
            body("<p>Café ".encode() + b"\xff open at ten</p>", "text/html; charset=utf-8"),
            "at ten",
        ),
    ),
    case(
        "encoding-changes-but-not-the-text",
        "changes",
        quiet(
            body(
                document("<p>Größe M: „ausverkauft“</p>", lang="de")
                .replace('<meta charset="utf-8">', "")
                .encode("cp1252"),
                "text/html; charset=windows-1252",
            )
        ),
        quiet(document("<p>Größe M: „ausverkauft“</p>", lang="de")),
        told(document("<p>Größe M: „verfügbar“</p>", lang="de"), "verfügbar"),
    ),
    packed("gzip", "gzip", gzip.compress),
    packed("x-gzip", "x-gzip", gzip.compress),
    packed("brotli", "br", brotli.compress),
    packed("zstandard", "zstd", zstd.compress),
    packed("deflate", "deflate", zlib.compress),
    packed("deflate-raw", "deflate", deflate_raw),
    packed("identity", "identity", bytes),
    case(
        "plain-text-in-shift-jis",
        'contains "在庫あり"',
        quiet(body("在庫切れ\n".encode("cp932"), "text/plain; charset=shift_jis")),
        told(body("在庫あり\n".encode("cp932"), "text/plain; charset=shift_jis"), "在庫あり"),
    ),
    case(
        "rss-in-windows-1251",
        'contains "Мост закрыт"',
        *[
            verb(
                body(
                    f'<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>Новости</title><item><title>{text}</title><link>http://news.example/{n}</link></item></channel></rss>'.encode(
                        "cp1251"
                    ),
                    "application/rss+xml",
                )
            )
            for n, (verb, text) in enumerate([(quiet, "Мост открыт"), (told, "Мост закрыт")])
        ],
    ),
    case(
        "html-that-says-xhtml",
        "changes",
        *[
            verb(
                body(
                    f'<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p>{text}</p></body></html>'.encode(
                        "latin-1"
                    ),
                    "application/xhtml+xml",
                )
            )
            for verb, text in [
                (quiet, "Café geschlossen"),
                (quiet, "Café geschlossen"),
                (lambda page: told(page, "café geöffnet"), "Café geöffnet"),
            ]
        ],
    ),
]
