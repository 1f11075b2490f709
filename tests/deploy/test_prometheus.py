"""What Prometheus is given: its tool accepts the files, and alerts fire when they should."""

import re
import shutil
import subprocess

import yaml

from tests.support.needed import needs
from tests.support.preloaded_python import ROOT

SHIPPED = ROOT / "deploy" / "prometheus"
RULES = yaml.safe_load((SHIPPED / "alerts.yml").read_text())["groups"][0]["rules"]

needs_promtool = needs("promtool")


def promtool(*arguments: str, folder=SHIPPED) -> str:
    done = subprocess.run(
        ["promtool", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_promtool_accepts_the_configuration_and_the_rules(tmp_path):
    for name in ("prometheus.yml", "alerts.yml"):
        shutil.copy(SHIPPED / name, tmp_path)
    # The file that an operator makes.
    (tmp_path / "torale_api_key").write_text("sk_secret")

    said = promtool(
        "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml", folder=tmp_path
    )

    assert f"SUCCESS: {len(RULES)} rules found" in said


@needs_promtool
def test_the_alerts_fire_when_they_should_and_only_then():
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_every_alert_is_tested_and_says_how_urgent_it_is_and_what_to_do():
    tested = (SHIPPED / "alerts_test.yml").read_text()

    for rule in RULES:
        assert re.search(rf'alertname="{rule["alert"]}"', tested), rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        # A sentence for what is wrong, and one for what to do.
        assert len(re.findall(r"[.:] [A-Z\w`]", rule["annotations"]["summary"])) >= 1
