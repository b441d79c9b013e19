"""What a wheel has besides modules: the bundled pages and, below the prefix it is installed to, manual and examples.

hatchling runs it, psfu never imports it.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB: Final = "proctor_sfu/web"
PLACES: Final = {
    "psfu.service": "lib/systemd/system/psfu.service",
    "psfu.sysusers": "lib/sysusers.d/psfu.conf",
    "60-psfu.conf": "lib/sysctl.d/60-psfu.conf",
    "completion/psfu.bash": "share/bash-completion/completions/psfu",
    "completion/_psfu": "share/zsh/site-functions/_psfu",
    "completion/psfu.fish": "share/fish/vendor_completions.d/psfu.fish",
}
"""Files of etc that somebody looks for in a certain place; the others are examples."""
OF_THE_CHECKOUT: Final = ("debian-packages", "hatch_build.py", "screenshots/", "__pycache__/")
"""What of etc nobody installs."""


class Files(BuildHookInterface):
    """Adds the files; an editable install needs none, since it serves the pages from the tree, where make bundles."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages and say where everything goes, before files are collected."""
        if version == "editable":
            return
        root = Path(self.root)
        if not (root / "PKG-INFO").exists():
            bundle(root / WEB)
        if not (root / WEB / "static").is_dir():
            raise RuntimeError(f"{WEB}/static is missing from this source archive")
        build_data["artifacts"].append(f"{WEB}/static/")
        if self.target_name == "wheel":
            build_data["shared_data"].update(shared(root))


def bundle(folder: Path) -> None:
    """Bundle the pages with npm."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("the pages are bundled with npm, which is missing (Debian: apt-get install npm)")
    subprocess.run([npm, "ci"], cwd=folder, check=True)
    subprocess.run([npm, "run", "build"], cwd=folder, check=True)


def shared(root: Path) -> Iterator[tuple[str, str]]:
    """Yield files of the tree and where they go below the prefix; a system's package moves them to where they count."""
    for page in sorted((root / "man").glob("*.[1-8]")):
        yield str(page), f"share/man/man{page.suffix[1:]}/{page.name}"
    for file in sorted((root / "etc").rglob("*")):
        name = file.relative_to(root / "etc").as_posix()
        if file.is_file() and not name.startswith(OF_THE_CHECKOUT):
            yield str(file), PLACES.get(name, f"share/psfu/{name}")
