"""A page looked at by a real browser, headless Chromium, as wide as phones and as desks are."""

import functools
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import axe_core_python
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium on PATH (Debian: apt install chromium)"
)
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --enable-logging=stderr "
    "--virtual-time-budget=20000 --dump-dom"
).split()
WIDTHS = (360, 400, 768, 1280)
FRAME = """<!DOCTYPE html><title>frame</title><link rel="icon" href="data:,">
<pre id="found"></pre>
<script>
  async function look(width) {
    const frame = document.createElement("iframe");
    frame.style = `width: ${width}px; height: 800px; border: 0`;
    const loaded = new Promise(done => { frame.onload = done; });
    frame.src = "page.html";
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument;
    const inside = box => box.left >= -1 && box.right <= width + 1;
    const name = e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`;
    const found = {
      width: page.documentElement.scrollWidth,
      // Tables, code and drawings scroll by themselves; of rows that are held, the ends do not.
      outside: [...page.querySelectorAll("body *:not(.skip)")]
        .filter(e => !e.parentElement.closest(".table, pre, .drawn"))
        .filter(e => !inside(e.getBoundingClientRect())).map(name),
      hidden: [...page.querySelectorAll(".held tr")]
        .flatMap(row => [row.cells[0], row.cells[row.cells.length - 1]])
        .filter(cell => !inside(cell.getBoundingClientRect())).map(name),
      images: [...page.querySelectorAll("img, .drawn > svg")].map(drawn => ({
        width: drawn.naturalWidth ?? drawn.getBoundingClientRect().width,
        alt: drawn.alt ?? drawn.getAttribute("aria-label"),
      })),
      headings: [...page.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => Number(h.tagName[1])),
      dangling: [...page.querySelectorAll("a[href^='#']")].map(a => a.hash.slice(1))
        .filter(id => !page.getElementById(id)),
      misled: [...page.querySelectorAll("a[href^='#word-']")]
        .filter(a => page.querySelector(a.hash).textContent !== a.textContent).map(name),
      requests: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name)
        .filter(name => !name.startsWith("data:")),
      text: page.body.innerText,
      violations: [],
    };
    const axe = page.createElement("script");
    const ready = new Promise(done => { axe.onload = done; });
    axe.src = "axe.js";
    page.head.append(axe);
    await ready;
    const { violations } = await frame.contentWindow.axe.run({exclude: [".drawn > svg > *"]});
    found.violations = violations.map(
      v => `${v.id}: ${v.nodes.length}, as ${v.nodes[0].html.slice(0, 90)}`
    );
    frame.remove();
    return found;
  }
  (async () => {
    const found = {};
    for (const width of %s) found[width] = await look(width);
    document.getElementById("found").textContent = JSON.stringify(found);
  })();
</script>
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, and yield its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def look_at(page: Path, dark: bool = False) -> dict[str, dict]:
    """What the browser finds in a page, by the width in pixels that it has; `errors` are lines of
    its console, `violations` what axe says of accessibility."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(page, Path(folder) / "page.html")
        shutil.copy(Path(axe_core_python.__file__).with_name("axe.min.js"), Path(folder) / "axe.js")
        (Path(folder) / "frame.html").write_text(FRAME % list(WIDTHS), encoding="utf-8")
        # Of a screen that prefers the one or the other.
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        with served(Path(folder)) as address:
            run = subprocess.run(
                [
                    CHROMIUM,
                    *OPTIONS,
                    scheme,
                    f"--user-data-dir={folder}/profile",
                    f"{address}/frame.html",
                ],
                capture_output=True,
                text=True,
                timeout=120,
            )
    found = re.search(r'<pre id="found">(.+?)</pre>', run.stdout, re.DOTALL)
    assert found, run.stderr
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    errors = re.findall(r"CONSOLE.*", run.stderr)
    return {width: seen | {"errors": errors} for width, seen in json.loads(text).items()}


def faults(looks: dict[str, dict]) -> list[str]:
    """What is wrong with a page that `look_at` found."""
    return [f"{width}: {fault}" for width, found in looks.items() for fault in of_one(width, found)]


def of_one(width: str, found: dict) -> list[str]:
    wrong = list(found["errors"])
    if found["width"] > int(width):
        wrong.append(f"scrolls to {found['width']} pixels")
    wrong += [f"beyond the screen: {element}" for element in found["outside"]]
    wrong += [f"a cell that is not held: {cell}" for cell in found["hidden"]]
    wrong += [f"axe: {violation}" for violation in found["violations"]]
    if not found["images"]:
        wrong.append("no image")
    wrong += [f"broken image: {i['alt']}" for i in found["images"] if not i["width"]]
    wrong += ["image without alt text" for i in found["images"] if not i["alt"].strip()]
    levels = found["headings"]
    if levels[:1] != [1] or levels.count(1) != 1:
        wrong.append("not one h1 at the top")
    wrong += [f"h{b} after h{a}" for a, b in pairwise(levels) if b > a + 1]
    wrong += [f"link to nowhere: {anchor}" for anchor in found["dangling"]]
    wrong += [f"link to another word: {anchor}" for anchor in found["misled"]]
    wrong += [f"request: {name}" for name in found["requests"]]
    return wrong
