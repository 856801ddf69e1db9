"""What an office installs from: every setting documented, every package with its feature, scripts that a shell can read."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from kiosk.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
EXAMPLE = (DEPLOY / "kiosk.example.toml").read_text(encoding="utf-8")


def written(value):
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f'"{value}"'


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_is_in_the_example_with_its_help_and_default(setting):
    assert f"# {setting.metadata['help']}\n# {setting.name} = {written(setting.default)}\n" in EXAMPLE


def test_the_example_switched_on_whole_is_the_default(tmp_path):
    lines = [line.removeprefix("# ") for line in EXAMPLE.splitlines() if " = " in line]
    assert [line.split(" = ")[0] for line in lines] == [setting.name for setting in fields(Settings)]
    (tmp_path / "kiosk.toml").write_text("\n".join(lines), encoding="utf-8")
    assert load(tmp_path / "kiosk.toml", {}) == Settings()


def test_the_example_as_it_lies_there_changes_nothing():
    assert tomllib.loads(EXAMPLE) == {}


@pytest.mark.parametrize("name", ["packages.txt", "packages-test.txt"])
def test_every_package_says_which_feature_it_brings(name):
    lines = [line for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines
    assert all(line.partition("#")[0].split() and line.partition("#")[2].strip() for line in lines)


@pytest.mark.parametrize("script", ["deploy/board/board.sh", "deploy/board/install.sh", "deploy/packages.sh", "deploy/venv.sh", ".ci/run"])
def test_a_shell_can_read_it(script):
    shell = "bash" if script == ".ci/run" else "sh"
    assert subprocess.run([shell, "-n", ROOT / script], capture_output=True, check=False).stderr == b""
    assert (ROOT / script).stat().st_mode & 0o111


def test_where_nothing_may_be_installed_the_packages_are_named_in_one_line(tmp_path):
    (tmp_path / "packages.txt").write_text("kiosk-no-such-package nothing-of-the-kind  # a feature\nkiosk-other # more\nbash  # is there\n")
    asked = subprocess.run(["sh", DEPLOY / "packages.sh", tmp_path / "packages.txt"], capture_output=True, text=True, check=False,
                           env={"PATH": str(_without_root(tmp_path))})
    assert asked.returncode == 0
    assert asked.stdout == ""
    assert asked.stderr.count("\n") == 1
    assert "kiosk-no-such-package kiosk-other" in asked.stderr


def _without_root(folder):
    """A PATH on which nobody is root and there is no apt-get."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sh", "sed", "env", "tr", "mktemp", "rm", "tail"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    (tools / "id").write_text("#!/usr/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    return tools
