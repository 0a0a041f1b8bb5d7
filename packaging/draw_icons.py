"""Draws the viewer's PNG icons from its one SVG, with the Chromium of the browser tests; their files are committed.

Run it after a change of agent/central/web/public/favicon.svg: `python packaging/draw_icons.py`.
"""  # noqa: INP001  this folder must not become a Python package

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PUBLIC = Path(__file__).resolve().parent.parent / "agent/central/web/public"
GROUND = "#171b22"
# name: side in px, and the share of it that the mark fills. Systems cut their own corners from a full square: a
# maskable icon's safe circle is 80 % of it (W3C, Web Application Manifest, section "Icon masks and safe zone").
ICONS = {"192": (192, None), "512": (512, None), "maskable-512": (512, 0.78), "apple-180": (180, 0.92)}


def draw(page: Page, mark: str, side: int, share: float | None) -> bytes:
    """The mark at that size: as it is, or on a full square of its own ground."""
    inner, ground = (side, "transparent") if share is None else (round(side * share), GROUND)
    page.set_viewport_size({"width": side, "height": side})
    page.set_content(
        f"<style>body{{margin:0;height:{side}px;display:grid;place-items:center;background:{ground}}}"
        f"svg{{width:{inner}px;height:{inner}px}}</style>{mark}"
    )
    return page.screenshot(omit_background=True)


def main() -> None:
    """All of them, into public/icons."""
    mark = (PUBLIC / "favicon.svg").read_text()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        for name, (side, share) in ICONS.items():
            (PUBLIC / f"icons/{name}.png").write_bytes(draw(page, mark, side, share))
        chromium.close()


if __name__ == "__main__":
    main()
