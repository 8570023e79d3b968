"""Make the small pictures of docs/gallery.md from the figures of the published tables.

python docs/gallery.py, after snakemake published; writes docs/figures/*.png, 800 pixels wide.
"""

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
WIDTH = 800


def main() -> None:
    (HERE / "figures").mkdir(exist_ok=True)
    for source in sorted((HERE.parent / "results/published").glob("fig_*.png")):
        picture = Image.open(source).convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        # A palette makes them a third of the size; of the extremes, lest a rare colour is lost.
        palette = small.quantize(256, method=Image.Quantize.MAXCOVERAGE)
        palette.save(HERE / "figures" / source.name, optimize=True)


if __name__ == "__main__":
    main()
