"""The text of PDF files with the product against the library by itself, in one run.

    .venv/bin/python -m benchmarks.pdf_text --files 20 --pages 20 --rounds 3

The product reads in a child process with limits on time and memory, page by page, and its parent waits for it. The peer is
pypdf, which is what the child uses, in this process. Starting the child happens once for many files: it is shown apart.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from fpdf import FPDF
from pypdf import PdfReader

from benchmarks.lab import Cost
from bronze.documents_text import DocumentJob, extract_documents

LINE = "The carrier confirmed that pallet {number} left the harbour on time and in good condition, all seals intact. "


def write_pdf(path: Path, pages: int) -> Path:
    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    for page in range(pages):
        pdf.add_page()
        pdf.multi_cell(0, 6, "".join(LINE.format(number=page * 100 + line) for line in range(25)))
    pdf.output(str(path))
    return path


def by_product(paths: Sequence[Path]) -> int:
    jobs = (DocumentJob(path, "pdf") for path in paths)
    return sum(len(page.text) for _, found in extract_documents(jobs) for page in found.pages)


def by_library(paths: Sequence[Path]) -> int:
    return sum(len(page.extract_text()) for path in paths for page in PdfReader(path).pages)


def measured(work: Callable[[Sequence[Path]], int], paths: Sequence[Path]) -> tuple[int, Cost]:
    before, start = os.times(), time.perf_counter()
    found = work(paths)
    wall, after = time.perf_counter() - start, os.times()
    return found, Cost(wall, sum(after[:4]) - sum(before[:4]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios: list[Cost] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_pdf(Path(folder, f"{number}.pdf"), options.pages) for number in range(options.files)]
        empty = write_pdf(Path(folder, "empty.pdf"), 1)
        for _ in range(options.rounds):
            _, start = measured(by_product, [empty])
            expected, library = measured(by_library, paths)
            found, product = measured(by_product, paths)
            assert found == expected, (found, expected)
            ratios.append(
                Cost((product.wall - start.wall) / library.wall, (product.cpu - start.cpu) / library.cpu)
            )
            print(f"library {library}\nproduct {product}\n  of which starting the child {start}", flush=True)
    count = options.files * options.pages
    print(f"\n{count} pages; product / library: {median(ratio.wall for ratio in ratios):.2f} on the clock,")
    print(
        f"{median(ratio.cpu for ratio in ratios):.2f} of processor time, without the start of the child (at most 1.2)"
    )


if __name__ == "__main__":
    main()
