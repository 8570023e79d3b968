"""A page looked at by a real browser, headless Chromium, in a frame of a phone's width."""

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
FRAME = """<!DOCTYPE html><title>frame</title><link rel="icon" href="data:,">
<iframe id="frame" src="%s" style="width: 400px; height: 800px; border: 0"></iframe>
<pre id="found"></pre>
<script>
  const frame = document.getElementById("frame");
  frame.onload = () => {
    const page = frame.contentDocument;
    document.getElementById("found").textContent = JSON.stringify({
      width: page.documentElement.scrollWidth,
      images: [...page.images].map(image => ({width: image.naturalWidth, alt: image.alt})),
      headings: [...page.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => Number(h.tagName[1])),
      dangling: [...page.querySelectorAll("a[href^='#']")].map(a => a.hash.slice(1))
        .filter(id => !page.getElementById(id)),
      requests: frame.contentWindow.performance.getEntriesByType("resource").map(r => r.name)
        .filter(name => !name.startsWith("data:")),
      text: page.body.innerText,
    });
  };
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


def look_at(page: Path) -> dict:
    """What the browser finds in a page 400 pixels wide; `errors` are lines of its console."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(page, Path(folder) / "page.html")
        (Path(folder) / "frame.html").write_text(FRAME % "page.html", encoding="utf-8")
        with served(Path(folder)) as address:
            run = subprocess.run(
                [CHROMIUM, *OPTIONS, f"--user-data-dir={folder}/profile", f"{address}/frame.html"],
                capture_output=True,
                text=True,
                timeout=120,
            )
    found = re.search(r'<pre id="found">(.+?)</pre>', run.stdout, re.DOTALL)
    assert found, run.stderr
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(text) | {"errors": re.findall(r"CONSOLE.*", run.stderr)}


def faults(found: dict) -> list[str]:
    """What is wrong with a page that `look_at` found."""
    wrong = list(found["errors"])
    if found["width"] > 400:
        wrong.append(f"scrolls to {found['width']} pixels")
    if not found["images"]:
        wrong.append("no image")
    wrong += [f"broken image: {i['alt']}" for i in found["images"] if not i["width"]]
    wrong += ["image without alt text" for i in found["images"] if not i["alt"].strip()]
    levels = found["headings"]
    if levels[:1] != [1] or levels.count(1) != 1:
        wrong.append("not one h1 at the top")
    wrong += [f"h{b} after h{a}" for a, b in pairwise(levels) if b > a + 1]
    wrong += [f"link to nowhere: {anchor}" for anchor in found["dangling"]]
    wrong += [f"request: {name}" for name in found["requests"]]
    return wrong
