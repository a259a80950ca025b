"""The help behind "?": what to do first, what the words mean, and every shortcut."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from geneglass.viewer.keys import Shortcut
from geneglass.viewer.own_keys import DOMAINS, EVERYWHERE, GENES, JUDGE, MAPS, SLIDES, WHY, own_shortcuts

SIZE_PX = (560, 620)
STEPS = (
    "<b>Open</b> a slide with its measured spots, a cohort, or the sample: drop the files on the window.",
    "<b>Train</b> a model on sections with measured spots, or load one; leave the section out that you want to judge.",
    "<b>Predict</b> the genes of the open section: measured and predicted maps appear side by side.",
    "<b>Genes</b>: type a part of a name and walk down the list with the arrow keys.",
    "<b>Slides</b>: go through the cohort with the same gene, colours and zoom; keep places with a note.",
    "<b>Judge</b>: measured against predicted, spot by spot, and a blinded reading of which map is which.",
    "<b>Why</b>: click a spot or tile to see which reference patches voted for its value; click one to see where.",
)
WORDS = (
    ("measured", "what spatial transcriptomics counted at a spot"),
    ("predicted", "what the model reads from the H&amp;E alone"),
    ("r", "how well the two agree over the spots: 1 in step, 0 not at all, below 0 against each other"),
    ("held-out r", "r on tissue the model had not seen while it was trained; the one to believe"),
    ("trust", "whether a gene can be read from H&amp;E at all, as patients left out of the training have shown"),
    (
        "confidence",
        "how likely a predicted place is nearer to the truth than the mean of the training spots; under 0.50 the "
        "model abstains, and the place is crossed or hatched",
    ),
    ("set aside", "spots with too few counts to be judged; drawn as rings"),
)
GROUPS = (EVERYWHERE, MAPS, GENES, SLIDES, JUDGE, WHY, DOMAINS)
WHERE = {
    MAPS: ", with the mouse over the slide",
    DOMAINS: ", in that tab; the letters with the mouse over the slide while a drawing tool is chosen",
}


class Help(QDialog):
    """A window of its own that may stay open beside the work.

    Parameters
    ----------
    shortcuts
        Those that are bound in the viewer.
    parent
        The panel.
    """

    def __init__(self, shortcuts: Sequence[Shortcut], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("geneglass: help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE_PX)
        self.text = QTextBrowser()
        self.text.setHtml(help_html(shortcuts))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)


def help_html(shortcuts: Sequence[Shortcut]) -> str:
    """Return the help as a page; `shortcuts` are those that are bound, the others it knows."""
    steps = "".join(f"<li>{step}</li>" for step in STEPS)
    words = "".join(f"<tr><td><b>{word}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for word, text in WORDS)
    listed = [*shortcuts, *own_shortcuts()]
    keys = "".join(_group(name, listed) for name in sorted({item.group for item in listed}, key=_place))
    return f"<h3>First steps</h3><ol>{steps}</ol><h3>Words</h3><table>{words}</table><h3>Keys</h3><table>{keys}</table>"


def _place(group: str) -> tuple[int, str]:
    return (GROUPS.index(group) if group in GROUPS else len(GROUPS)), group


def _group(name: str, shortcuts: Sequence[Shortcut]) -> str:
    rows = "".join(
        f'<tr><td width="34%"><b>{item.shown}</b>&nbsp;&nbsp;</td><td>{item.words}</td></tr>'
        for item in shortcuts
        if item.group == name
    )
    where = WHERE.get(name, "")
    return f'<tr><td colspan="2"><br><i>{name}</i>{where}</td></tr>{rows}'
