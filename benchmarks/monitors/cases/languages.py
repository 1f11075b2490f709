"""Walls and errors in many languages, and articles in those languages that speak about them."""

from benchmarks.monitors.case import Case, case, fails, quiet, told
from benchmarks.monitors.pages import LANGUAGES, article, document, shop

#: For each kind of page that is no page: what the error says at least one of.
NAMED = {
    "captcha": ("captcha", "bot", "robot", "human"),
    "denied": ("denied", "refused", "forbidden", "blocked"),
    "waiting": ("waiting", "queue", "line"),
    "region": ("region", "country", "location"),
    "age": ("age",),
    "consent": ("consent", "cookies"),
    "rate": ("too many", "rate"),
    "maintenance": ("maintenance", "unavailable"),
    "error": ("error", "went wrong"),
}
#: Kind, language, heading, text and button of each.
PAGES = [
    (
        "captcha",
        "cs",
        "Potvrďte, že nejste robot",
        "Zaznamenali jsme neobvyklý provoz z vaší sítě.",
        "Pokračovat",
    ),
    (
        "captcha",
        "sv",
        "Bekräfta att du inte är en robot",
        "Vi har upptäckt ovanlig trafik från ditt nätverk.",
        "Fortsätt",
    ),
    (
        "captcha",
        "da",
        "Bekræft, at du ikke er en robot",
        "Vi har registreret usædvanlig trafik fra dit netværk.",
        "Fortsæt",
    ),
    (
        "captcha",
        "fi",
        "Vahvista, ettet ole robotti",
        "Verkostasi on havaittu epätavallista liikennettä.",
        "Jatka",
    ),
    (
        "captcha",
        "el",
        "Επιβεβαιώστε ότι δεν είστε ρομπότ",
        "Εντοπίσαμε ασυνήθιστη κίνηση από το δίκτυό σας.",
        "Συνέχεια",
    ),
    (
        "captcha",
        "uk",
        "Підтвердьте, що ви не робот",
        "Ми помітили незвичний трафік із вашої мережі.",
        "Продовжити",
    ),
    ("captcha", "ar", "تأكد من أنك لست روبوتا", "لاحظنا حركة غير عادية من شبكتك.", "متابعة"),
    ("captcha", "he", "אשר שאינך רובוט", "זיהינו תעבורה חריגה מהרשת שלך.", "המשך"),
    ("captcha", "hi", "पुष्टि करें कि आप रोबोट नहीं हैं", "आपके नेटवर्क से असामान्य ट्रैफ़िक मिला है।", "जारी रखें"),
    ("captcha", "th", "ยืนยันว่าคุณไม่ใช่โรบอต", "เราพบการใช้งานที่ผิดปกติจากเครือข่ายของคุณ", "ดำเนินการต่อ"),
    (
        "captcha",
        "vi",
        "Xác minh bạn không phải là robot",
        "Chúng tôi phát hiện lưu lượng truy cập bất thường từ mạng của bạn.",
        "Tiếp tục",
    ),
    (
        "captcha",
        "ja",
        "私はロボットではありません",
        "画像に表示されている文字を入力してください。",
        "送信",
    ),
    (
        "captcha",
        "es",
        "Demuestra que no eres un robot",
        "Hemos detectado tráfico inusual desde tu red.",
        "Continuar",
    ),
    (
        "denied",
        "de",
        "Zugriff verweigert",
        "Sie haben keine Berechtigung, auf diese Seite zuzugreifen.",
        "",
    ),
    ("denied", "fr", "Accès refusé", "Vous n'avez pas l'autorisation d'accéder à cette page.", ""),
    ("denied", "es", "Acceso denegado", "No tiene permiso para acceder a esta página.", ""),
    (
        "denied",
        "it",
        "Accesso negato",
        "Non hai l'autorizzazione per accedere a questa pagina.",
        "",
    ),
    ("denied", "pl", "Dostęp zabroniony", "Nie masz uprawnień do wyświetlenia tej strony.", ""),
    ("denied", "pt", "Acesso negado", "Você não tem permissão para acessar esta página.", ""),
    ("denied", "ru", "Доступ запрещён", "У вас нет прав для просмотра этой страницы.", ""),
    ("denied", "tr", "Erişim engellendi", "Bu sayfaya erişim izniniz yok.", ""),
    ("denied", "ja", "アクセスが拒否されました", "このページを表示する権限がありません。", ""),
    ("denied", "zh", "访问被拒绝", "您没有权限访问此页面。", ""),
    ("waiting", "es", "Sala de espera", "Estás en la cola. No actualices esta página.", ""),
    ("waiting", "it", "Sala d'attesa", "Sei in coda. Non aggiornare questa pagina.", ""),
    ("waiting", "nl", "Wachtkamer", "U staat in de wachtrij. Ververs deze pagina niet.", ""),
    ("waiting", "pl", "Poczekalnia", "Jesteś w kolejce. Nie odświeżaj tej strony.", ""),
    ("waiting", "pt", "Sala de espera", "Você está na fila. Não atualize esta página.", ""),
    (
        "waiting",
        "ja",
        "順番待ち",
        "現在アクセスが集中しています。順番が来るまでお待ちください。",
        "",
    ),
    (
        "waiting",
        "ko",
        "접속 대기 중",
        "현재 대기열에 있습니다. 이 페이지를 새로 고치지 마세요. 대기 순번: 1204",
        "",
    ),
    ("waiting", "zh", "排队中", "您正在排队，请勿刷新页面。前面还有 1204 人。", ""),
    ("waiting", "sv", "Väntrum", "Du står i kö. Ladda inte om sidan.", ""),
    (
        "region",
        "fr",
        "Contenu indisponible",
        "Ce contenu n'est pas disponible dans votre pays.",
        "",
    ),
    (
        "region",
        "es",
        "Contenido no disponible",
        "Este contenido no está disponible en su país o región.",
        "",
    ),
    ("region", "pt", "Conteúdo indisponível", "Este conteúdo não está disponível no seu país.", ""),
    ("region", "ru", "Контент недоступен", "Этот контент недоступен в вашем регионе.", ""),
    ("region", "ja", "ご利用いただけません", "お住まいの地域からはご利用いただけません。", ""),
    (
        "age",
        "fr",
        "Avez-vous plus de 18 ans ?",
        "Vous devez être majeur pour entrer sur ce site.",
        "Oui, entrer",
    ),
    (
        "age",
        "es",
        "¿Eres mayor de edad?",
        "Debes tener más de 18 años para entrar en este sitio.",
        "Sí, entrar",
    ),
    (
        "age",
        "it",
        "Sei maggiorenne?",
        "Devi avere almeno 18 anni per accedere a questo sito.",
        "Sì, entra",
    ),
    (
        "age",
        "nl",
        "Ben je 18 jaar of ouder?",
        "Je moet 18 jaar of ouder zijn om deze site te bezoeken.",
        "Ja, ga verder",
    ),
    (
        "age",
        "pl",
        "Czy masz ukończone 18 lat?",
        "Strona przeznaczona wyłącznie dla osób pełnoletnich.",
        "Tak, wchodzę",
    ),
    (
        "age",
        "ru",
        "Вам есть 18 лет?",
        "Сайт содержит материалы для лиц старше 18 лет.",
        "Да, войти",
    ),
    (
        "consent",
        "fr",
        "Continuer sans accepter",
        "Nous et nos 842 partenaires utilisons des cookies. Choisissez d'accepter les cookies ou de vous abonner pour accéder au site.",
        "Accepter et continuer",
    ),
    (
        "consent",
        "es",
        "Antes de continuar",
        "Para acceder al sitio, acepta las cookies o suscríbete.",
        "Aceptar y continuar",
    ),
    (
        "consent",
        "it",
        "Prima di continuare",
        "Per accedere al sito, accetta i cookie oppure abbonati.",
        "Accetta e continua",
    ),
    (
        "consent",
        "nl",
        "Voordat je verdergaat",
        "Om de site te bezoeken, accepteer je onze cookies of neem je een abonnement.",
        "Accepteren en doorgaan",
    ),
    (
        "rate",
        "fr",
        "Trop de requêtes",
        "Vous avez envoyé trop de requêtes. Veuillez réessayer plus tard.",
        "",
    ),
    (
        "rate",
        "es",
        "Demasiadas solicitudes",
        "Ha realizado demasiadas solicitudes. Inténtelo más tarde.",
        "",
    ),
    (
        "rate",
        "ru",
        "Слишком много запросов",
        "Вы отправили слишком много запросов. Повторите попытку позже.",
        "",
    ),
    ("rate", "ja", "リクエストが多すぎます", "しばらくしてからもう一度お試しください。", ""),
    ("rate", "zh", "请求过于频繁", "您的访问过于频繁，请稍后再试。", ""),
    (
        "maintenance",
        "it",
        "Sito in manutenzione",
        "Stiamo effettuando lavori di manutenzione. Torneremo presto.",
        "",
    ),
    (
        "maintenance",
        "nl",
        "Onderhoud",
        "Onze website is tijdelijk niet beschikbaar wegens onderhoud.",
        "",
    ),
    (
        "maintenance",
        "cs",
        "Probíhá údržba",
        "Web je dočasně nedostupný kvůli údržbě. Brzy jsme zpět.",
        "",
    ),
    (
        "maintenance",
        "sv",
        "Underhåll pågår",
        "Vi uppdaterar sidan just nu. Vi är snart tillbaka.",
        "",
    ),
    (
        "maintenance",
        "da",
        "Vedligeholdelse",
        "Siden er midlertidigt nede på grund af vedligeholdelse.",
        "",
    ),
    ("maintenance", "fi", "Huoltokatko", "Sivusto on huollossa. Palaamme pian.", ""),
    (
        "maintenance",
        "tr",
        "Bakım çalışması",
        "Sitemiz şu anda bakımdadır. Kısa süre sonra tekrar deneyin.",
        "",
    ),
    (
        "maintenance",
        "el",
        "Εργασίες συντήρησης",
        "Ο ιστότοπος βρίσκεται υπό συντήρηση. Επιστρέφουμε σύντομα.",
        "",
    ),
    (
        "maintenance",
        "uk",
        "Технічні роботи",
        "На сайті проводяться технічні роботи. Спробуйте пізніше.",
        "",
    ),
    ("maintenance", "zh", "系统维护中", "系统正在维护，请稍后再访问。", ""),
    ("maintenance", "ar", "الموقع تحت الصيانة", "نقوم حاليا بأعمال الصيانة. سنعود قريبا.", ""),
    ("maintenance", "he", "האתר בתחזוקה", "האתר נמצא כעת בעבודות תחזוקה. נחזור בקרוב.", ""),
    (
        "maintenance",
        "vi",
        "Bảo trì hệ thống",
        "Trang web đang được bảo trì. Vui lòng quay lại sau.",
        "",
    ),
    ("maintenance", "th", "ปิดปรับปรุงระบบ", "ขณะนี้เว็บไซต์อยู่ระหว่างการปรับปรุง กรุณากลับมาใหม่ภายหลัง", ""),
    ("maintenance", "hi", "रखरखाव जारी है", "वेबसाइट रखरखाव के कारण अस्थायी रूप से उपलब्ध नहीं है।", ""),
    ("error", "fr", "Une erreur est survenue", "Veuillez réessayer plus tard.", ""),
    ("error", "it", "Si è verificato un errore", "Riprova più tardi.", ""),
    ("error", "pt", "Ocorreu um erro", "Tente novamente mais tarde.", ""),
    ("error", "nl", "Er is iets misgegaan", "Probeer het later opnieuw.", ""),
    ("error", "pl", "Wystąpił błąd", "Spróbuj ponownie później.", ""),
    ("error", "ru", "Произошла ошибка", "Повторите попытку позже.", ""),
    ("error", "zh", "出错了", "服务器发生错误，请稍后再试。", ""),
    ("error", "ko", "오류가 발생했습니다", "잠시 후 다시 시도해 주세요.", ""),
    ("error", "tr", "Bir hata oluştu", "Lütfen daha sonra tekrar deneyin.", ""),
]
#: Language, heading and text of articles, each with a news for its end.
ARTICLES = [
    (
        "fr",
        "Pourquoi les captchas nous fatiguent",
        "« Confirmez que vous n'êtes pas un robot » : cette phrase, des millions d'internautes la lisent chaque jour. Une association demande des solutions plus simples, car beaucoup de personnes âgées échouent devant ces images.",
        "Mise à jour : le ministère a répondu.",
    ),
    (
        "es",
        "La sala de espera, un negocio",
        "«Estás en la cola, no actualices esta página»: así empieza hoy la compra de casi todas las entradas. Los promotores defienden el sistema, mientras que las asociaciones de consumidores piden más transparencia sobre el orden de llegada.",
        "Actualización: la promotora ha respondido.",
    ),
    (
        "it",
        "Manutenzione del ponte, cantiere fino a giugno",
        "Il ponte è chiuso per manutenzione. La ferrovia prevede di tornare presto al servizio normale, mentre i pendolari usano gli autobus sostitutivi che partono ogni venti minuti dalla piazza.",
        "Aggiornamento: il cantiere riapre a maggio.",
    ),
    (
        "nl",
        "Te veel verzoeken: waarom websites grenzen stellen",
        "Wie te snel klikt, krijgt te lezen dat er te veel verzoeken zijn verstuurd. Beheerders leggen uit waarom zulke grenzen nodig zijn en hoe lezers merken dat een pagina tijdelijk niet beschikbaar is.",
        "Update: de beheerder heeft geantwoord.",
    ),
    (
        "pl",
        "Strona, której szukasz, nie istnieje",
        "Tak brzmi tytuł nowej wystawy o zapomnianych witrynach. „Nie znaleziono strony” widział każdy z nas, ale mało kto wie, skąd wziął się numer 404 i kto pierwszy go użył.",
        "Aktualizacja: wystawa potrwa do czerwca.",
    ),
    (
        "pt",
        "Acesso negado: a praia que fechou",
        "Uma placa diz «Acesso negado». Os moradores não têm permissão para entrar na praia desde março, e a câmara municipal explica que as obras de manutenção do paredão continuam até ao verão.",
        "Atualização: a praia reabre em maio.",
    ),
    (
        "ru",
        "Почему нас просят доказать, что мы не роботы",
        "«Подтвердите, что вы не робот» — эту фразу видел каждый. Исследователи считают, что такие проверки отнимают у людей сотни тысяч часов в день, а программы давно научились их проходить.",
        "Дополнение: разработчики ответили.",
    ),
    (
        "ja",
        "「私はロボットではありません」の歴史",
        "画像認証は、もともと人間と機械を区別するために作られました。現在では多くの利用者が不便を感じており、新しい方式の研究が進んでいます。専門家は、数年以内に画像認証はなくなると予想しています。",
        "追記：開発元が回答しました。",
    ),
    (
        "zh",
        "验证码为什么越来越难",
        "“请确认您不是机器人”已经成为上网的日常。研究人员发现，机器识别验证码的准确率早已超过人类，而老年用户却常常无法通过。网站运营者正在寻找新的方法。",
        "更新：开发商已经回应。",
    ),
    (
        "ko",
        "시스템 점검은 왜 새벽에 하나",
        "은행과 관공서의 시스템 점검은 대부분 새벽에 이루어집니다. 이용에 불편을 드려 죄송하다는 안내문 뒤에는 밤을 새우는 기술자들이 있습니다. 이 기사에서는 그들의 하루를 따라가 보았습니다.",
        "추가: 은행이 답변했습니다.",
    ),
    (
        "tr",
        "Erişim engellendi: bir kütüphanenin hikâyesi",
        "Kapıda “Erişim engellendi” yazıyor. Mahalle sakinleri okuma salonuna aylardır giremiyor; belediye ise bakım çalışmasının yaz sonuna kadar süreceğini söylüyor.",
        "Güncelleme: salon mayısta açılıyor.",
    ),
    (
        "sv",
        "Därför kallas det 404",
        "Sidan kunde inte hittas: det meddelandet har alla sett. Historien bakom numret är längre än man tror och börjar i ett kontor i Genève, där de första webbsidorna skrevs för hand.",
        "Tillägg: museet har svarat.",
    ),
    (
        "ar",
        "لماذا تسألنا المواقع إن كنا روبوتات",
        "يرى ملايين المستخدمين كل يوم عبارة تطلب منهم تأكيد أنهم ليسوا روبوتات. ويقول الباحثون إن هذه الاختبارات تأخذ من وقت الناس أكثر مما تحمي المواقع.",
        "تحديث: ردت الشركة المطورة.",
    ),
    (
        "de",
        "Zugriff verweigert: Der lange Streit um das Archiv",
        "„Zugriff verweigert“ stand am Dienstag auf dem Schild am Eingang. Wegen Wartungsarbeiten sei das Archiv vorübergehend nicht verfügbar, teilte die Stadt mit. Historiker bezweifeln das und fordern, dass wenigstens der Lesesaal öffnet.",
        "Nachtrag: Das Archiv öffnet im Mai.",
    ),
]


def wall(number: int, kind: str, lang: str, heading: str, text: str, button: str) -> Case:
    """Return a case in which such a page comes between two visits to a shop in its language."""
    words = LANGUAGES[lang]
    out, back = words.contact + " 24/7", words.basket + " 24/7"
    more = f"<button>{button}</button>" if button else ""
    page = f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{heading}</title></head><body><h1>{heading}</h1><p>{text}</p>{more}</body></html>'
    if number % 3 == 2:  # every third stands in the frame of the shop
        page = document(
            f"<h1>{heading}</h1><p>{text}</p>{more}", title=heading, lang=lang, banner=False
        )
    before, after = shop("39 €", out, lang=lang), shop("35 €", back, lang=lang)
    rule = f'does not contain "{out}"' if number % 2 else "changes"
    fault = fails(page, *NAMED[kind], heading)
    return case(
        f"{kind}-{lang}".replace(" ", "-"),
        rule,
        quiet(before),
        fault,
        quiet(before),
        fault,
        told(after),
    )


def control(lang: str, heading: str, text: str, news: str) -> Case:
    before, after = article(heading, text, lang=lang), article(heading, text, news, lang=lang)
    return case(f"article-{lang}", "changes", quiet(before), quiet(before), told(after, news))


CASES = [wall(number, *page) for number, page in enumerate(PAGES)] + [
    control(*one) for one in ARTICLES
]
