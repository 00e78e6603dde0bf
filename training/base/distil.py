"""Stage 4 of the base, healing: the cut model learns our grammar and to read code well again.

It runs on one GPU, in minutes, and on a processor in tests. With a teacher the model also learns
the teacher's distribution at each token of the text; without one, a healed model goes on by itself.
A second call goes on from the run's state, the file of `--out` with `.pt`. The model is written
when the budget is used up, its layers as Q4_0 exactly as they were trained, and all else in its
file as it was.

    python -m training.base.distil --student WORK/cut.gguf --teacher WORK/teacher.gguf \\
        --documents WORK/documents.npz --validation WORK/validation.npz --minutes 9 \\
        --out WORK/base.gguf
    python -m training.base.distil --student BASE.gguf --rate 2e-4 --decay-from 0 \\
        --decision-from 0 --quantised-from 0 ...    # going on, without a teacher
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training import modelfile, schedule
from training.base import documents
from training.base.device import chosen
from training.base.documents import Documents
from training.base.healing import Plan, Run
from training.base.model import load, tensors
from training.base.readers import Student, Teacher
from training.base.rows import batches, endless
from training.base.validation import validate
from training.modelfile import ModelFile, file_type

LOOKS = 4
"""Validations in a run, after the one at its start."""


def heal(run: Run, data: Documents, validation: Documents, args: argparse.Namespace) -> None:
    """Learn until the budget is used up, earlier calls included, or the time of this call is."""
    progress, budget = run.progress, schedule.of(args)
    order = endless(len(data), seed=args.seed, start=progress.documents)
    made = batches(data, order, n_rows=args.rows, length=args.row_tokens)
    began = saved = time.monotonic()
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, made)
        while progress.share < args.until:
            (rows, n_documents), coming = coming.result(), ahead.submit(next, made)
            looked = int(LOOKS * progress.share)
            said = run.advance(rows, n_documents, budget)
            if progress.step % args.log_every == 0:
                print(f"{summary(run)}, {said}", flush=True)
            if looked < int(LOOKS * progress.share) < LOOKS:
                report(run, validation, args)
            now = time.monotonic()
            if now - began > 60 * args.at_most:
                break
            if now - saved > 60 * args.save_minutes:
                run.save()
                saved = now
    run.save()


def summary(run: Run) -> str:
    """The progress of a run in words."""
    p = run.progress
    speed = p.tokens / max(p.seconds, 1e-3)
    return f"step {p.step}, {p.share:.1%}, {p.tokens / 1e6:.2f} M tokens, {speed:.0f} tokens/s"


def report(run: Run, validation: Documents, args: argparse.Namespace) -> None:
    """Say how good the model is as it stands."""
    run.fill()
    said = validate(run.student, run.losses, validation, args.rows, args.row_tokens)
    print(f"validation at {run.progress.share:.0%}: {said}", flush=True)


def healed(file: ModelFile, run: Run) -> ModelFile:
    """The student's file with what was trained: layers as Q4_0, the embedding finer."""
    weights = {name: run.masters.shipped(name) for name in run.masters.weights}
    return file.saying(file_type("q4_0")).holding(tensors(weights, "q4_0", "q8_0"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=Path, required=True, help="the GGUF to start from")
    parser.add_argument("--teacher", type=Path, help="the uncut model, of the same vocabulary")
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    schedule.add_options(parser)
    parser.add_argument(
        "--at-most", type=float, default=math.inf, help="minutes of this call by the clock"
    )
    parser.add_argument("--rows", type=int, default=4, help="in a batch")
    parser.add_argument("--row-tokens", type=int, default=16384)
    parser.add_argument("--rate", type=float, default=5e-4)
    shares = parser.add_argument_group("shares of the budget from which on")
    shares.add_argument("--decay-from", type=float, default=0.4, help="the rate anneals")
    shares.add_argument("--decision-from", type=float, default=0.25, help="<cc> is learned")
    shares.add_argument("--quantised-from", type=float, default=0.55, help="layers are Q4_0")
    parser.add_argument("--device", type=chosen, default=chosen())
    parser.add_argument("--save-minutes", type=float, default=4.0)
    parser.add_argument("--log-every", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    file = modelfile.read(args.student)
    size = args.rows, args.row_tokens
    student = Student(load(file, args.device), *size)
    teacher = args.teacher and Teacher(load(modelfile.read(args.teacher), args.device), *size)
    plan = Plan(args.rate, args.decay_from, args.decision_from, args.quantised_from)
    run = Run(student, teacher, plan, args.out.with_suffix(".pt"))
    run.resume()
    data, validation = documents.read(args.documents), documents.read(args.validation)
    print(f"{len(data)} documents, {len(data.tokens) / 1e6:.2f} M tokens", flush=True)
    if run.progress.step == 0:
        report(run, validation, args)
    heal(run, data, validation, args)
    if run.progress.share < 1:
        print(f"call again: {summary(run)}")
        return
    report(run, validation, args)
    modelfile.write(args.out, healed(file, run))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
