"""The help behind "?": what to do first, what the words mean, and every shortcut."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from geneglass.viewer.keys import Shortcut

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
    ("set aside", "spots with too few counts to be judged; drawn as rings"),
)
BY_HAND = (
    Shortcut("Tab", "From one control of the panel to the next; Shift+Tab back", "Everywhere"),
    Shortcut("Down", "Next gene, while the search box or the list has the focus; Up back", "Genes"),
    Shortcut("Enter", "Open the chosen slide, or go to the chosen place", "Slides"),
    Shortcut("F2", "Write a note for the chosen place", "Slides"),
    Shortcut("Delete", "Forget the chosen place", "Slides"),
    Shortcut("L", "Lasso in the scatter; B box, M move, S draw on the slide, Escape select none", "Judge"),
    Shortcut(
        "Left", "In a blinded reading: the left map is the measured one; Right the right one, Down for neither", "Judge"
    ),
    Shortcut("Right", "Next reference patch, and where it votes; Left the one before", "Why"),
    Shortcut("Space", "Hold to move the slide while a drawing tool is chosen", "Maps"),
)
"""Keys of widgets that have the focus; all others are bound, and list themselves."""


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
    """Return the help as a page."""
    steps = "".join(f"<li>{step}</li>" for step in STEPS)
    words = "".join(f"<tr><td><b>{word}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>" for word, text in WORDS)
    keys = "".join(_group(name, shortcuts) for name in dict.fromkeys(s.group for s in (*BY_HAND, *shortcuts)))
    return f"<h3>First steps</h3><ol>{steps}</ol><h3>Words</h3><table>{words}</table><h3>Keys</h3><table>{keys}</table>"


def _group(name: str, shortcuts: Sequence[Shortcut]) -> str:
    rows = "".join(
        f"<tr><td><b>{item.shown}</b>&nbsp;&nbsp;</td><td>{item.words}</td></tr>"
        for item in (*shortcuts, *BY_HAND)
        if item.group == name
    )
    return f'<tr><td colspan="2"><i>{name}</i></td></tr>{rows}'
