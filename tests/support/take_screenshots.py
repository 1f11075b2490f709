"""Takes the pictures in docs/screenshots, of a Torale with a made-up history.

script/screenshots runs this program.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import django
from playwright.sync_api import Browser, Page, sync_playwright

os.environ["DJANGO_SETTINGS_MODULE"] = "torale.settings"
django.setup()

from tests.support.browsers import CHROMIUM, DEADLINE_MS
from tests.support.processes import answers, environment, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "screenshots"
SENDS = 20_000
SHOP = """<!doctype html><title>Sourdough bread: Corner Bakery</title>
<main><h1>Sourdough bread</h1><p class="price">4.50 €</p>
<p>Sold out</p><p>Baked every morning.</p></main>
"""


@contextmanager
def torale(folder: Path) -> Iterator[tuple[str, str]]:
    """Start Torale with a made-up history; yield its address and the user's password."""
    port = free_port()
    address = f"http://localhost:{port}"
    values = environment(
        TORALE_DATA_DIR=folder / "var",
        TORALE_LISTEN=f"127.0.0.1:{port}",
        TORALE_URL=address,
        TORALE_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
    )

    def manage(*words: str) -> list[str]:
        return [sys.executable, "manage.py", *words]

    subprocess.run(manage("migrate", "-v0"), cwd=ROOT, env=values, check=True)
    told = subprocess.run(
        manage("seed_demo", f"--sends={SENDS}"),
        cwd=ROOT,
        env=values,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    server = subprocess.Popen(
        manage("serve"), cwd=ROOT, env=values, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not answers(f"{address}/readyz"):
        time.sleep(0.2)
    [password] = re.findall(r"Password +(\S+)", told)
    yield address, password
    server.terminate()
    server.wait(30)


@contextmanager
def shop(folder: Path) -> Iterator[str]:
    """Serve a page that can be watched; yield its address."""
    (folder / "shop").mkdir()
    (folder / "shop" / "bread.html").write_text(SHOP)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder / "shop"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/bread.html"
    server.shutdown()


def take(page: Page, name: str) -> None:
    """Store what the page shows."""
    page.screenshot(path=FOLDER / f"{name}.png")
    sys.stdout.write(f"docs/screenshots/{name}.png\n")


def opened(browser: Browser, address: str, password: str, **options: object) -> Page:
    """Return a page of somebody who has logged in."""
    context = browser.new_context(
        base_url=address,
        **{"viewport": {"width": 1280, "height": 800}, **options},  # type: ignore[arg-type]
    )
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    page.goto("/log-in")
    page.get_by_label("Email").fill("demo@torale.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/tasks")
    return page


def console(page: Page, bread: str) -> None:
    """Take the pictures of the console."""
    take(page, "tasks")
    page.locator(".things a").first.click()
    take(page, "task")
    page.goto("/notifications")
    take(page, "notifications")
    page.goto("/tasks/new")
    page.get_by_label("Page to watch").fill(bread)
    page.get_by_label("Tell me when").fill('contains "In stock"')
    page.get_by_role("button", name="Try it now").click()
    page.get_by_text("The condition does not hold now.").wait_for()
    take(page, "new-task")


def desk(page: Page) -> None:
    """Take the pictures of the operator's desk."""
    page.goto("/admin/?period=7d")
    take(page, "desk")
    page.goto("/admin/notifications/notificationsend/")
    take(page, "desk-sends")
    page.goto("/admin/notifications/notificationsend/?status__exact=failed")
    page.locator("#result_list tbody a").first.click()
    take(page, "desk-send")


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        torale(Path(folder)) as (address, password),
        shop(Path(folder)) as bread,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        console(opened(browser, address, password), bread)
        desk(opened(browser, address, password))
        take_phone(
            opened(
                browser,
                address,
                password,
                viewport={"width": 390, "height": 760},
                color_scheme="dark",
            )
        )
        browser.close()


def take_phone(page: Page) -> None:
    """Take the picture of a phone in dark mode."""
    take(page, "phone")


if __name__ == "__main__":
    main()
