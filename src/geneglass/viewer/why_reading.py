"""Asks why a place was predicted so, in a worker of its own, so that a running job does not stand in the way."""

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject

from geneglass.data.cohort import Cohort, SectionSource
from geneglass.viewer.desk import data_folder
from geneglass.viewer.session import Session
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.explain import Explainer, Explanation, Question


class WhyReading(QObject):
    """Keeps what was read for the session's prediction; of several questions the last one is answered.

    Parameters
    ----------
    session
        Whose prediction is asked about.
    on_answer, on_error
        Called in the window's thread.
    """

    def __init__(
        self, session: Session, on_answer: Callable[[Explanation], None], on_error: Callable[[Exception], None]
    ) -> None:
        super().__init__()
        self._session = session
        self._on_answer = on_answer
        self._runner = JobRunner()
        self._runner.failed.connect(on_error)
        self._runner.finished.connect(self._on_finished)
        self._waiting: Question | None = None
        self._explainer: Explainer | None = None
        self._model: Path | None = None
        self._cohort: Cohort | None = None

    @property
    def busy(self) -> bool:
        """Return whether a question is being answered."""
        return self._runner.running is not None

    def set_model(self, path: Path) -> None:
        """Take a file that may be the model of the prediction."""
        self._model = path
        self.forget()

    def set_cohort(self, cohort: Cohort) -> None:
        """Take a cohort that may hold the model's reference sections."""
        self._cohort = cohort
        self.forget()

    def forget(self) -> None:
        """Let go of what was read: another prediction, model or cohort follows."""
        self._runner.cancel()
        self._waiting = None
        if self._explainer is not None and not self.busy:
            self._explainer.close()
        self._explainer = None

    def ask(self, question: Question) -> None:
        """Answer a question, in place of one that is being answered."""
        if self.busy:
            self._waiting = question
            self._runner.cancel()
            return
        explainer = self._explainer = self._explainer or self._make()
        if explainer is not None:
            self._runner.run("Reading patches", explainer.explain(question), self._on_result)

    def explainer(self) -> Explainer | None:
        """Return what answered last."""
        return self._explainer

    def _make(self) -> Explainer | None:
        session = self._session
        if session.prediction is None or session.section is None:
            return None
        named = data_folder() / "models" / str(session.provenance.get("model", ""))
        models = [path for path in (self._model, session.model_path, named) if path is not None]
        return Explainer(session.prediction, session.section, models, self._sources())

    def _sources(self) -> list[SectionSource]:
        cohorts = [cohort for cohort in (self._session.cohort, self._cohort) if cohort is not None]
        return [source for cohort in cohorts for source in cohort.sections]

    def _on_result(self, explanation: Explanation) -> None:
        if self._waiting is None and self._explainer is not None:
            self._on_answer(explanation)

    def _on_finished(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.ask(waiting)
