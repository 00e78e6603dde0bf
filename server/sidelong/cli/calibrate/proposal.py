"""The change that a calibration proposes, and keeping it for the editors to find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sidelong import learnt, paths
from sidelong.acceptance import moved
from sidelong.cli.calibrate.report import Findings
from sidelong.cli.user_config import write_threshold
from sidelong.engine import Correction
from sidelong.errors import SidelongError


class CalibrationError(SidelongError):
    """There is nothing to choose between, or nowhere to keep the choice."""


@dataclass(frozen=True)
class Proposal:
    """A threshold to keep, and the fate of the folder's correction."""

    threshold: float
    correction: Correction | None = None
    """The one that the threshold is for."""
    corrects_as_before: bool = False
    """True if a correction that was kept before stays, where there is no new one."""

    @staticmethod
    def of(findings: Findings) -> Proposal | None:
        """The correction if it is surely better, else a better threshold, else the accepted texts'.

        Blanks come before acceptance, since they show the same position with retrieval and without.
        None if nothing is better than the threshold in use.
        """
        threshold, correction = findings.threshold, findings.correction
        if correction is not None and correction.worthwhile:
            return Proposal(correction.chosen.threshold, correction.correction)
        if threshold.worthwhile:
            return Proposal(threshold.chosen.threshold)
        step = findings.taken.margin.step
        if not step or threshold.budget_ms is not None:
            return None
        return Proposal(float(f"{moved(threshold.current.threshold, step):.4g}"), None, True)

    def keep(self, root: Path) -> None:
        """Write it down, in the cache folder and then in the config file, which editors watch.

        Raises `CalibrationError` if the correction cannot be kept, and `SettingsError` or
        `OSError` if the threshold cannot be; then all is as it was.
        """
        before = learnt.load_correction(root)
        self._keep_correction(root)
        try:
            write_threshold(paths.config_file(), root, self.threshold)
        except (SidelongError, OSError):
            if before is not None:
                learnt.save_correction(root, before)
            elif self.correction is not None:
                learnt.forget_correction(root)
            raise

    def _keep_correction(self, root: Path) -> None:
        if self.correction is None and not self.corrects_as_before:
            learnt.forget_correction(root)
        if self.correction is not None and not learnt.save_correction(root, self.correction):
            raise CalibrationError(
                f"The correction cannot be written to {paths.learnt_dir()}, so nothing was. "
                "Make room there, or set SIDELONG_CACHE_DIR to another folder."
            )
