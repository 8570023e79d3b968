"""Make the small pictures of docs/gallery.md from the figures of the published tables.

python docs/gallery.py, after snakemake published; writes docs/figures/*.png, 800 pixels wide, and
what each says that it shows as its alternative text into docs/gallery.md.
"""

import re
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

HERE = Path(__file__).parent
WIDTH = 800


def main() -> None:
    (HERE / "figures").mkdir(exist_ok=True)
    page = HERE / "gallery.md"
    text = page.read_text(encoding="utf-8")
    for source in sorted((HERE.parent / "results/published").glob("fig_*.png")):
        with Image.open(source) as large:
            said, picture = large.info.get("Description", ""), large.convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        # A palette makes them a third of the size; of the extremes, lest a rare colour is lost.
        palette = small.quantize(256, method=Image.Quantize.MAXCOVERAGE)
        kept = PngInfo()
        if said:
            kept.add_text("Description", said)
        palette.save(HERE / "figures" / source.name, optimize=True, pnginfo=kept)
        link = f"](figures/{source.name})"
        text = re.sub(
            rf"!\[[^]]*{re.escape(link)}", lambda _, new=f"![{said or source.stem}{link}": new, text
        )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
