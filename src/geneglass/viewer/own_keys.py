"""Keys that nobody binds through `keys.bind`: those of widgets that have the focus, and napari's own."""

from napari.settings import get_settings

from geneglass.viewer.keys import Shortcut

EVERYWHERE, GENES, SLIDES, MAPS = "Everywhere", "Genes", "Slides", "Maps"
JUDGE, WHY, DOMAINS = "Judge", "Why", "Domains"
WIDGETS = (
    Shortcut("Tab", "From one control of the panel to the next; Shift+Tab back", EVERYWHERE),
    Shortcut("Escape", "Close this help, or a question that is open", EVERYWHERE),
    Shortcut("Down or Up", "Next or previous gene, while you type in the search box or the list has the focus", GENES),
    Shortcut("PageDown or PageUp", "Ten genes further, or back", GENES),
    Shortcut("Enter", "Show the first gene that the search has found; keep the signature you have named", GENES),
    Shortcut(
        "Ctrl+click", "Mark another gene; Shift+click marks all between: two or three can be shown together", GENES
    ),
    Shortcut("Escape", "Close the line for the name of a signature", GENES),
    Shortcut("Enter", "Open the chosen slide, or go to the chosen place", SLIDES),
    Shortcut("Left, Right, Up or Down", "Move what the maps show, while the overview has the focus", SLIDES),
    Shortcut("F2", "Write a note for the chosen place", SLIDES),
    Shortcut("Delete", "Forget the chosen place", SLIDES),
    Shortcut("L, B or M", "Lasso, box or move in the scatter", JUDGE),
    Shortcut("S", "Select spots with a line round them on the slide", JUDGE),
    Shortcut("Shift+drag", "Add to the spots that are selected, in the scatter or on the slide", JUDGE),
    Shortcut("Escape", "Select no spots", JUDGE),
    Shortcut("Left or Right", "In a blinded reading: the left or the right map is the measured one", JUDGE),
    Shortcut("Down", "In a blinded reading: you can not tell which", JUDGE),
    Shortcut("Left or Right", "The reference patch before or after, and where it votes", WHY),
    Shortcut("Ctrl+Z", "Undo what was done to domains", DOMAINS),
    Shortcut("Ctrl+Shift+Z", "Do again what was undone", DOMAINS),
    Shortcut("Enter", "Take the name that you have typed, of the domain or your own", DOMAINS),
)
"""They answer while their tab, list or plot has the focus; a help that lists a key twice says where."""

NAPARI = {
    "napari:show_shortcuts": ("All keys of napari, the program around this panel", EVERYWHERE),
    "napari:toggle_theme": ("Dark or light window", EVERYWHERE),
    "napari:reset_view": ("The whole slide in view", MAPS),
    "napari:hold_for_pan_zoom": ("Hold to move the slide while a drawing tool is chosen", MAPS),
    "napari:toggle_selected_visibility": ("Hide what is chosen in the list of layers, or show it again", MAPS),
    "napari:toggle_unselected_visibility": ("Hide all layers but the chosen ones, or show them again", MAPS),
    "napari:toggle_grid": ("Maps beside each other, or all in one pane", MAPS),
    "napari:activate_add_polygon_lasso_mode": ("Lasso", DOMAINS),
    "napari:activate_add_polygon_mode": ("Polygon, corner by corner", DOMAINS),
    "napari:activate_add_rectangle_mode": ("Rectangle", DOMAINS),
    "napari:activate_add_ellipse_mode": ("Ellipse", DOMAINS),
    "napari:finish_drawing_shape": ("Close the polygon that is being drawn", DOMAINS),
    "napari:activate_select_mode": ("Move, stretch or turn a domain", DOMAINS),
    "napari:activate_direct_mode": ("Drag the corners of a domain", DOMAINS),
    "napari:activate_vertex_insert_mode": ("Add a corner", DOMAINS),
    "napari:activate_vertex_remove_mode": ("Take a corner away", DOMAINS),
    "napari:activate_shapes_pan_zoom_mode": ("Draw no more: look and move the slide", DOMAINS),
    "napari:delete_selected_shapes": ("Delete the chosen domain, with the mouse over the maps", DOMAINS),
}
"""What a reader of slides may want of napari's actions, and where the help lists it."""


def own_shortcuts() -> list[Shortcut]:
    """Return the keys of widgets, and those of napari as the person has set them."""
    now = get_settings().shortcuts.shortcuts
    napari = [
        Shortcut(" or ".join(map(str, now[action])), words, group)
        for action, (words, group) in NAPARI.items()
        if now.get(action)
    ]
    return [*WIDGETS, *napari]
