"""Bot walls, captchas, gates and waiting rooms that answer 200: an error in words, never a telling."""

from benchmarks.monitors.case import (
    PATH,
    Case,
    Page,
    Served,
    case,
    fails,
    html,
    quiet,
    redirect,
    told,
)
from benchmarks.monitors.pages import article, document, shop

#: The rules that a wall tempts most.
CHANGES, NEGATED = "changes", 'does not contain "Sold out"'


def wall(
    name: str,
    page: Page,
    *words: str,
    lang: str = "en",
    rule: str = CHANGES,
    page2: str = "",
) -> Case:
    """Return a case in which a wall stands before a shop twice, between two good visits."""
    out = shop("£ 39.00", "Sold out", lang=lang)
    back = shop("£ 35.00", "In stock", lang=lang)
    between: Page = page2 or page
    return case(
        name, rule, quiet(out), fails(page, *words), fails(between, *words), quiet(out), told(back)
    )


def bare(title: str, *paragraphs: str, lang: str = "en", head: str = "", more: str = "") -> str:
    """Return a page with hardly anything around it, as walls have it."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title><meta name="robots" content="noindex,nofollow">{head}</head><body><div class="main-wrapper"><h1>{title}</h1>{text}{more}</div></body></html>'


BOT = (
    "bot",
    "human",
    "captcha",
    "robot",
    "challenge",
    "cloudflare",
    "browser",
    "verification",
    "security check",
)
DENIED = (
    "denied",
    "blocked",
    "forbidden",
    "refused",
    "bot",
    "akamai",
    "imperva",
    "incapsula",
    "cloudflare",
)
TURNSTILE = (
    '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>'
)
CHALLENGE = "<script>(function(){window._cf_chl_opt={cvId:'3',cZone:'shop.example',cType:'managed'};var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=8f2c';document.head.appendChild(a);}());</script>"
RAY = '<div class="ray-id">Ray ID: <code>8f2c9a1b7d3e4f60</code></div><div>Performance &amp; security by <a href="https://www.cloudflare.com">Cloudflare</a></div>'
CONSENT_PATH = "/consent?continue=%2Fcatalogue%2Fitem-4711"
DATADOME = "<script>var dd={'rt':'c','cid':'AHrlqAAAAAMA','hsh':'8F2C','t':'bv','s':17434,'host':'geo.captcha-delivery.com'}</script><script src='https://ct.captcha-delivery.com/c.js'></script>"
PERIMETER = "<script>window._pxAppId='PX8f2c';window._pxJsClientSrc='/8f2c/init.js';</script><div id='px-captcha'></div>"
IMPERVA = "<html><head><META NAME='robots' CONTENT='noindex,nofollow'><script src='/_Incapsula_Resource?SWJIYLWA=5074a744e2e3d891814e9a2dace20bd4'></script></head><body></body></html>"
IMPERVA_FRAME = "<html style='height:100%'><head><META NAME='ROBOTS' CONTENT='NOINDEX, NOFOLLOW'></head><body style='margin:0px;height:100%'><iframe id='main-iframe' src='/_Incapsula_Resource?CWUDNSAI=24&xinfo=8-1234&incident_id=877000-123&edet=12&cinfo=04000000' frameborder=0 width='100%' height='100%'>Request unsuccessful. Incapsula incident ID: 877000-123456789</iframe></body></html>"
AMAZON = "<!DOCTYPE html><html class='a-no-js' lang='en'><head><title dir='ltr'>{}</title></head><body><div class='a-container'><h4>Enter the characters you see below</h4><p class='a-last'>Sorry, we just need to make sure you're not a robot. For best results, please make sure your browser is accepting cookies.</p><form method='get' action='/errors/validateCaptcha'><img src='https://images-na.ssl-images-amazon.com/captcha/x.jpg'><h4>Type the characters you see in this image:</h4><input name='field-keywords' id='captchacharacters'><button type='submit'>Continue shopping</button></form></div></body></html>"

CASES = [
    wall(
        "cloudflare-just-a-moment",
        bare("Just a moment...", "Enable JavaScript and cookies to continue", head=CHALLENGE),
        *BOT,
    ),
    wall(
        "cloudflare-managed",
        bare(
            "shop.example",
            "Verifying you are human. This may take a few seconds.",
            "shop.example needs to review the security of your connection before proceeding.",
            head=CHALLENGE,
            more=RAY,
        ),
        *BOT,
        rule=NEGATED,
    ),
    wall(
        "cloudflare-old-check",
        bare(
            "Checking your browser before accessing shop.example.",
            "This process is automatic. Your browser will redirect to your requested content shortly.",
            "Please allow up to 5 seconds…",
            "DDoS protection by Cloudflare",
            more=RAY,
        ),
        *BOT,
    ),
    wall(
        "cloudflare-german",
        bare(
            "Nur einen Moment…",
            "Es wird geprüft, ob Sie ein Mensch sind. Dies kann einige Sekunden dauern.",
            lang="de",
            head=CHALLENGE,
            more=RAY,
        ),
        *BOT,
        lang="de",
    ),
    wall(
        "cloudflare-french",
        bare(
            "Un instant…",
            "Vérification que vous êtes humain. Cela peut prendre quelques secondes.",
            lang="fr",
            head=CHALLENGE,
            more=RAY,
        ),
        *BOT,
        lang="fr",
    ),
    wall(
        "cloudflare-spanish",
        bare(
            "Un momento…",
            "Verificando que usted es humano. Esto puede tardar unos segundos.",
            lang="es",
            head=CHALLENGE,
        ),
        *BOT,
        lang="es",
    ),
    wall(
        "cloudflare-japanese",
        bare(
            "しばらくお待ちください...",
            "人間であることを確認しています。これには数秒かかる場合があります。",
            lang="ja",
            head=CHALLENGE,
        ),
        *BOT,
        lang="ja",
    ),
    wall(
        "cloudflare-blocked",
        bare(
            "Attention Required! | Cloudflare",
            "Sorry, you have been blocked",
            "You are unable to access shop.example",
            "Why have I been blocked? This website is using a security service to protect itself from online attacks.",
            more=RAY,
        ),
        *DENIED,
        rule=NEGATED,
    ),
    wall(
        "cloudflare-1020",
        bare(
            "Access denied | shop.example used Cloudflare to restrict access",
            "Error 1020",
            "You do not have access to shop.example. The site owner may have set restrictions that prevent you from accessing the site.",
            more=RAY,
        ),
        *DENIED,
    ),
    wall(
        "turnstile-of-the-shop",
        bare(
            "Security check",
            "Please confirm that you are not a robot to continue.",
            head=TURNSTILE,
            more='<div class="cf-turnstile" data-sitekey="0x4AAA"></div>',
        ),
        *BOT,
    ),
    wall(
        "akamai-access-denied",
        html(
            '<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don\'t have permission to access "http&#58;&#47;&#47;www&#46;shop&#46;example&#47;item" on this server.<P>Reference&#32;&#35;18&#46;8f2c1502&#46;1772444700&#46;9a1b7d</BODY></HTML>'
        ),
        *DENIED,
    ),
    wall(
        "akamai-negated",
        html(
            "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this page on this server.<P>Reference #18.8f2c1502.1772444700.9a1b7d<P>https://errors.edgesuite.net/18.8f2c1502</BODY></HTML>"
        ),
        *DENIED,
        rule=NEGATED,
    ),
    wall(
        "akamai-behavioural",
        '<html><head><title>&nbsp;</title></head><body><script src="/_sec/cp_challenge/verify/8f2c.js"></script><div id="sec-if-cpt-container"></div><div class="behavioral-content">Powered and protected by Akamai</div></body></html>',
        *BOT,
        "akamai",
        "empty",
        "hardly",
    ),
    wall(
        "datadome",
        html(
            f"<html lang='en'><head><title>shop.example</title><style>#cmsg{{animation: A 1.5s}}</style></head><body style='margin:0'><p id='cmsg'>Please enable JS and disable any ad blocker</p>{DATADOME}</body></html>"
        ),
        *BOT,
        "javascript",
        "datadome",
    ),
    wall(
        "datadome-captcha",
        html(
            f"<html><head><title>You have been blocked</title></head><body><h1>We want to make sure it is actually you we are dealing with and not a robot.</h1><p>Please click below to access the site.</p>{DATADOME}</body></html>"
        ),
        *BOT,
        "datadome",
        rule=NEGATED,
    ),
    wall(
        "perimeterx",
        bare(
            "Access to this page has been denied",
            "Access to this page has been denied because we believe you are using automation tools to browse the website.",
            "This may happen as a result of the following: JavaScript is disabled or blocked by an extension. Your browser does not support cookies.",
            "Reference ID: #8f2c9a1b-7d3e",
            more=PERIMETER,
        ),
        *DENIED,
        "automation",
        "perimeterx",
    ),
    wall(
        "human-press-and-hold",
        bare(
            "Before we continue...",
            "Press &amp; Hold to confirm you are a human (and not a bot).",
            "Reference ID 8f2c9a1b-7d3e",
            more=PERIMETER,
        ),
        *BOT,
        rule=NEGATED,
    ),
    wall("imperva-script", html(IMPERVA), *DENIED, "empty", "hardly any text", "bot"),
    wall("imperva-frame", html(IMPERVA_FRAME), *DENIED, "empty", "hardly any text", "bot"),
    wall(
        "imperva-error-16",
        bare(
            "Access denied",
            "Error 16",
            "This request was blocked by our security service",
            "shop.example 2026-03-02 09:30:00 UTC",
            "Your IP: 203.0.113.9",
            "Powered by Imperva",
            "Incident ID: 877000-1234",
        ),
        *DENIED,
        rule=NEGATED,
    ),
    wall(
        "recaptcha-form",
        bare(
            "Are you a robot?",
            "Please complete the captcha to continue to the shop.",
            head='<script src="https://www.google.com/recaptcha/api.js" async defer></script>',
            more='<form method="post"><div class="g-recaptcha" data-sitekey="6Lc8f2c"></div><input type="submit" value="Continue"></form>',
        ),
        *BOT,
    ),
    wall(
        "hcaptcha-form",
        bare(
            "One more step",
            "Please complete the security check to access shop.example",
            head='<script src="https://js.hcaptcha.com/1/api.js" async defer></script>',
            more='<form action="/check" method="post"><div class="h-captcha" data-sitekey="8f2c"></div></form>',
        ),
        *BOT,
        rule=NEGATED,
    ),
    wall(
        "google-unusual-traffic",
        bare(
            "https://www.shop.example/item",
            "Our systems have detected unusual traffic from your computer network. This page checks to see if it's really you sending the requests, and not a robot.",
            "IP address: 203.0.113.9 Time: 2026-03-02T09:30:00Z",
            more='<form id="captcha-form"><div class="g-recaptcha"></div></form>',
        ),
        *BOT,
        "traffic",
    ),
    wall("amazon-robot-check", html(AMAZON.format("Robot Check")), *BOT),
    wall(
        "amazon-continue-shopping",
        html(
            "<!DOCTYPE html><html lang='en'><head><title>Amazon.com</title></head><body><h4>Click the button below to continue shopping</h4><form method='get' action='/errors/validateCaptcha'><input type=hidden name='amzn' value='x'><button type='submit' alt='Continue shopping'>Continue shopping</button></form><a href='/conditions'>Conditions of Use</a> <a href='/privacy'>Privacy Policy</a></body></html>"
        ),
        *BOT,
        rule=NEGATED,
    ),
    wall(
        "captcha-german",
        bare(
            "Sicherheitsabfrage",
            "Bitte bestätigen Sie, dass Sie kein Roboter sind.",
            "Geben Sie die Zeichen aus dem Bild ein.",
            lang="de",
            more='<form><img src="/captcha.php"><input name="captcha"><input type="submit" value="Weiter"></form>',
        ),
        *BOT,
        "sicherheitsabfrage",
        "roboter",
        lang="de",
    ),
    wall(
        "captcha-french",
        bare(
            "Vérification de sécurité",
            "Merci de confirmer que vous n'êtes pas un robot.",
            lang="fr",
            more='<form><img src="/captcha"><input name="code"></form>',
        ),
        *BOT,
        "vérification",
        lang="fr",
    ),
    wall(
        "captcha-italian",
        bare(
            "Verifica di sicurezza",
            "Conferma di non essere un robot per continuare.",
            lang="it",
            more='<div class="g-recaptcha"></div>',
        ),
        *BOT,
        "verifica",
        lang="it",
    ),
    wall(
        "captcha-polish",
        bare(
            "Potwierdź, że nie jesteś robotem",
            "Wykryliśmy nietypowy ruch z Twojej sieci.",
            lang="pl",
            more='<div class="h-captcha"></div>',
        ),
        *BOT,
        "robotem",
        lang="pl",
    ),
    wall(
        "captcha-russian",
        bare(
            "Подтвердите, что запросы отправляли вы, а не робот",
            "Нам очень жаль, но запросы с вашего устройства похожи на автоматические.",
            lang="ru",
            more='<form><input type="submit" value="Я не робот" class="CheckboxCaptcha-Button"></form>',
        ),
        *BOT,
        "робот",
        lang="ru",
    ),
    wall(
        "captcha-chinese",
        bare(
            "安全验证",
            "请完成下方验证后继续访问，以确认您不是机器人。",
            lang="zh",
            more='<div id="nc_1_n1z" class="nc_iconfont btn_slide"></div>',
        ),
        *BOT,
        "验证",
        "安全验证",
        lang="zh",
    ),
    wall(
        "captcha-korean",
        bare(
            "자동 등록 방지",
            "로봇이 아님을 확인해 주세요. 보안문자를 입력해 주세요.",
            lang="ko",
            more='<img src="/captcha/image">',
        ),
        *BOT,
        "로봇",
        "보안문자",
        lang="ko",
    ),
    wall(
        "captcha-turkish",
        bare(
            "Güvenlik doğrulaması",
            "Lütfen robot olmadığınızı doğrulayın.",
            lang="tr",
            more='<div class="g-recaptcha"></div>',
        ),
        *BOT,
        "robot",
        lang="tr",
    ),
    wall(
        "captcha-dutch",
        bare(
            "Bevestig dat je geen robot bent",
            "We hebben ongebruikelijk verkeer vanaf je netwerk gezien.",
            lang="nl",
            more='<div class="g-recaptcha"></div>',
        ),
        *BOT,
        lang="nl",
    ),
    wall(
        "captcha-portuguese",
        bare(
            "Verificação de segurança",
            "Confirme que não é um robô para continuar.",
            lang="pt",
            more='<div class="h-captcha"></div>',
        ),
        *BOT,
        "robô",
        lang="pt",
    ),
    wall(
        "consent-gate-german",
        bare(
            "Mit Werbung weiterlesen",
            "Besuchen Sie uns wie gewohnt mit Werbung und Tracking. Ihre Zustimmung können Sie jederzeit widerrufen.",
            "Oder nutzen Sie unser PUR-Abo für 4,99 € im Monat.",
            lang="de",
            more="<button>Akzeptieren und weiter</button><button>Jetzt abonnieren</button>",
        ),
        "consent",
        "cookies",
        "zustimmung",
        lang="de",
    ),
    wall(
        "consent-gate-google",
        "<!doctype html><html lang='en'><head><title>Before you continue</title></head><body><h1>Before you continue to Google</h1><p>We use cookies and data to deliver and maintain our services, track outages and protect against spam, fraud and abuse.</p><form action='https://consent.google.com/save' method='POST'><button>Reject all</button></form><form action='https://consent.google.com/save' method='POST'><button>Accept all</button></form></body></html>",
        "consent",
        "cookies",
        rule=NEGATED,
    ),
    wall(
        "consent-redirect",
        {
            PATH: redirect(CONSENT_PATH),
            CONSENT_PATH: bare(
                "Your privacy is important to us",
                "We and our 842 partners use cookies. Please choose before you continue to the shop.",
                more="<button>Accept all</button><button>Manage options</button>",
            ),
        },
        "consent",
        "cookies",
        "privacy",
    ),
    wall(
        "age-gate",
        bare(
            "Are you over 18?",
            "You must be of legal drinking age to enter this site.",
            more="<form><button name=a value=1>Yes, enter</button><button name=a value=0>No, leave</button></form>",
        ),
        "age",
    ),
    wall(
        "age-gate-german",
        bare(
            "Altersprüfung",
            "Bist du mindestens 18 Jahre alt? Bitte bestätige dein Alter, um fortzufahren.",
            lang="de",
            more="<button>Ja, ich bin über 18</button><button>Nein</button>",
        ),
        "age",
        "alter",
        lang="de",
        rule=NEGATED,
    ),
    wall(
        "steam-like-birthday",
        bare(
            "Please enter your birth date to continue",
            "This game may contain content not appropriate for all ages.",
            more="<select name=ageDay><option>1<option>2</select><select name=ageYear><option>1990</select><button>View page</button>",
        ),
        "age",
        "birth",
    ),
    wall(
        "queue-it",
        bare(
            "Queue-it",
            "You are now in line",
            "Thank you for your patience. When it is your turn, you will have 10 minutes to enter the website.",
            "Your number in line: 12045. Number of users in line ahead of you: 11873",
            head='<script src="https://static.queue-it.net/script/queueclient.min.js"></script>',
        ),
        "waiting",
        "queue",
        "line",
    ),
    wall(
        "queue-number-changes",
        bare(
            "Waiting room",
            "You are in the waiting room. There are 11873 people ahead of you.",
            "Do not refresh this page.",
        ),
        "waiting",
        "queue",
        rule=NEGATED,
        page2=bare(
            "Waiting room",
            "You are in the waiting room. There are 204 people ahead of you.",
            "Do not refresh this page.",
        ),
    ),
    wall(
        "waiting-room-german",
        bare(
            "Warteraum",
            "Aktuell möchten sehr viele Fans in den Shop. Sie befinden sich in der Warteschlange.",
            "Bitte laden Sie diese Seite nicht neu. Geschätzte Wartezeit: 14 Minuten",
            lang="de",
        ),
        "waiting",
        "queue",
        "warteschlange",
        "warteraum",
        lang="de",
    ),
    wall(
        "waiting-room-french",
        bare(
            "File d'attente",
            "Vous êtes dans la file d'attente. Ne rafraîchissez pas cette page.",
            lang="fr",
        ),
        "waiting",
        "queue",
        "file d'attente",
        lang="fr",
    ),
    wall(
        "cloudflare-waiting-room",
        bare(
            "Waiting Room powered by Cloudflare",
            "You are now in line.",
            "Your estimated wait time is 4 minutes.",
            "We are experiencing a high volume of traffic. This page will auto refresh every 20 seconds, please do not close your browser.",
        ),
        "waiting",
        "queue",
        "line",
    ),
    wall(
        "geo-block",
        bare(
            "Not available in your region",
            "Sorry, this content is not available in your country or region.",
        ),
        "country",
        "region",
        "location",
    ),
    wall(
        "geo-block-gdpr",
        bare(
            "451: Unavailable due to legal reasons",
            "We recognize you are attempting to access this website from a country belonging to the European Economic Area (EEA) including the EU which enforces the General Data Protection Regulation (GDPR) and therefore access cannot be granted at this time.",
        ),
        "country",
        "region",
        "legal",
        "451",
        rule=NEGATED,
    ),
    wall(
        "geo-block-german",
        bare(
            "Leider nicht verfügbar",
            "Dieser Inhalt ist in Ihrem Land leider nicht verfügbar.",
            lang="de",
        ),
        "country",
        "region",
        "land",
        lang="de",
    ),
    wall(
        "rate-limit-as-page",
        bare(
            "Too Many Requests",
            "You have sent too many requests in a given amount of time. Please slow down and try again later.",
        ),
        "too many",
        "rate",
        rule=NEGATED,
    ),
    wall(
        "rate-limit-as-text",
        html("Rate limit exceeded. Retry in 60 seconds.", Content_Type="text/plain"),
        "rate limit",
        "too many",
    ),
    wall(
        "rate-limit-german",
        bare(
            "Zu viele Anfragen",
            "Sie haben zu viele Anfragen gesendet. Bitte versuchen Sie es später erneut.",
            lang="de",
        ),
        "too many",
        "rate",
        "zu viele anfragen",
        lang="de",
    ),
    wall(
        "sucuri",
        bare(
            "Sucuri WebSite Firewall - Access Denied",
            "Access Denied - Sucuri Website Firewall",
            "If you are the site owner (or you manage this site), please whitelist your IP.",
            "Block reason: Bad bot access attempt.",
            "Block ID: BOT21",
        ),
        *DENIED,
        "sucuri",
    ),
    wall(
        "wordfence",
        bare(
            "Your access to this site has been limited by the site owner",
            "Your access to this service has been limited. (HTTP response code 503)",
            "If you think you have been blocked in error, contact the owner of this site for assistance.",
            "Generated by Wordfence",
        ),
        *DENIED,
        "limited",
        "wordfence",
        rule=NEGATED,
    ),
    wall(
        "aws-waf",
        html(
            "<!DOCTYPE html><html lang='en'><head><title></title><script>window.awsWafCookieDomainList=[];window.gokuProps={'key':'AQID'};</script><script src='https://8f2c.token.awswaf.com/8f2c/challenge.js'></script></head><body><div id='challenge-container'></div><noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot. This requires JavaScript.</noscript></body></html>"
        ),
        *BOT,
        "javascript",
        "empty",
    ),
    wall(
        "anubis",
        bare(
            "Making sure you're not a bot!",
            "Loading...",
            "You are seeing this because the administrator of this website has set up Anubis to protect the server against the scourge of AI companies aggressively scraping websites.",
            head='<script id="anubis_challenge" type="application/json">{"rules":{"algorithm":"fast"}}</script>',
        ),
        *BOT,
    ),
    wall(
        "javascript-and-cookies",
        bare(
            "Please enable cookies",
            "Your browser must accept cookies and run JavaScript to view this website.",
        ),
        "cookies",
        "javascript",
    ),
    wall(
        "ad-blocker",
        bare("Ad blocker detected", "Please disable your ad blocker to continue reading."),
        "ad blocker",
        "ad-blocker",
        "wall",
        "gate",
    ),
    wall(
        "wall-inside-the-shops-frame",
        document(
            "<h1>Security check</h1><p>Please confirm that you are not a robot.</p><div class='g-recaptcha' data-sitekey='6Lc8f2c'></div>",
            title="Security check",
        ),
        *BOT,
        rule=NEGATED,
    ),
    wall(
        "status-403-cloudflare",
        html(
            bare("Just a moment...", "Enable JavaScript and cookies to continue", head=CHALLENGE),
            403,
            cf_mitigated="challenge",
            Server="cloudflare",
        ),
        *BOT,
        "403",
    ),
    wall(
        "status-429",
        html(bare("Too Many Requests", "Slow down."), 429, Retry_After="120"),
        "429",
        "too many",
    ),
    wall(
        "status-503-waiting",
        html(bare("Service Unavailable", "Please try again later."), 503, Retry_After="120"),
        "503",
    ),
    case(
        "wall-at-the-first-visit",
        "changes",
        fails(
            bare("Just a moment...", "Enable JavaScript and cookies to continue", head=CHALLENGE),
            *BOT,
        ),
        quiet(article("Pool", "The pool opens at noon.")),
        told(article("Pool", "The pool opens at ten."), "at ten"),
    ),
    case(
        "robot-check-at-the-first-visit",
        'does not contain "Sold out"',
        fails(html(AMAZON.format("Robot Check")), *BOT),
        quiet(shop("£ 39", "Sold out")),
        told(shop("£ 39", "In stock")),
    ),
    case(
        "queue-at-the-first-visit",
        'css(".price") < 100',
        fails(
            bare("Queue-it", "You are now in line", "Number of users in line ahead of you: 87"),
            "waiting",
            "queue",
            "line",
        ),
        quiet(shop("£ 139")),
        told(shop("£ 89")),
    ),
    case(
        "numbers-behind-a-wall",
        'css("p") < 100',
        quiet(document("<p>£ 139</p>")),
        fails(
            bare("Waiting room", "12 people ahead of you. You are in the waiting room."),
            "waiting",
            "queue",
        ),
        quiet(document("<p>£ 139</p>")),
        told(document("<p>£ 89</p>")),
    ),
    case(
        "change-behind-the-wall-is-told-after-it",
        "changes",
        quiet(shop("£ 39", "Sold out")),
        fails(html(AMAZON.format("Robot Check")), *BOT),
        told(shop("£ 39", "In stock"), "in stock", unsaid=("robot",)),
    ),
    case(
        "cookie-gate-for-whoever-keeps-no-cookies",
        "changes",
        *[
            visit
            for text, verb in (("Gate A", quiet), ("Gate A", quiet), ("Gate B", told))
            for visit in [
                verb(
                    {
                        PATH: Served(
                            status=302,
                            headers={
                                "Location": PATH + "?c=1",
                                "Set-Cookie": "consent=1; Path=/",
                            },
                            with_cookie=("consent=1", html(document(f"<p>{text}</p>"))),
                        ),
                        PATH + "?c=1": Served(
                            body=bare(
                                "Cookies required", "Please enable cookies to continue."
                            ).encode(),
                            headers={"Content-Type": "text/html"},
                            with_cookie=("consent=1", html(document(f"<p>{text}</p>"))),
                        ),
                    }
                )
            ]
        ],
    ),
]
