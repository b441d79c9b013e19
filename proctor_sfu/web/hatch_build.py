"""Puts the bundled pages into wheels and source archives; hatchling runs it, psfu never imports it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "proctor_sfu/web"


class Bundle(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]  # hatchling is there only while it builds.
    """Bundles the pages with npm, unless they came along in a source archive."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle before files are collected; an editable install is served from the tree, where make bundles."""
        if version == "editable":
            return
        folder = Path(self.root) / FOLDER
        if not (Path(self.root) / "PKG-INFO").exists():
            npm = shutil.which("npm")
            if npm is None:
                raise RuntimeError("the pages are bundled with npm, which is missing (Debian: apt-get install npm)")
            subprocess.run([npm, "ci"], cwd=folder, check=True)
            subprocess.run([npm, "run", "build"], cwd=folder, check=True)
        if not (folder / "static").is_dir():
            raise RuntimeError(f"{FOLDER}/static is missing from this source archive")
        build_data["artifacts"].append(f"{FOLDER}/static/")
