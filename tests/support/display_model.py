"""What Phoebus and BOY know: widget types, their versions and property names, as far as generated screens use them.

Facts read off the display models of Phoebus 5.0 (`org.csstudio.display.builder.model`) and of CS-Studio 4's BOY.
"""

_PLACE = {"name", "x", "y", "width", "height", "visible", "rules", "tooltip", "actions", "class"}
_PV = _PLACE | {"pv_name", "border_alarm_sensitive"}
_TEXT = {"font", "foreground_color", "background_color", "transparent", "wrap_words"}
_ALIGNED = _TEXT | {"horizontal_alignment", "vertical_alignment", "rotation_step", "border_width", "border_color"}

PHOEBUS_DISPLAY = ("2.0.0", {"name", "macros", "x", "y", "width", "height", "background_color", "actions", "rules",
                             "grid_visible", "grid_color", "grid_step_x", "grid_step_y", "widget"})  # fmt: skip
PHOEBUS = {
    "rectangle": ("2.0.0", _PLACE | {"macros", "line_width", "line_color", "line_style", "background_color",
                                     "transparent", "corner_width", "corner_height"}),
    "label": ("2.0.0", _PLACE | _ALIGNED | {"macros", "text", "auto_size"}),
    "textupdate": ("2.0.0", _PV | _ALIGNED | {"format", "precision", "show_units", "interactive"}),
    "text-symbol": ("2.0.0", _PV | _TEXT | {"symbols", "horizontal_alignment", "vertical_alignment", "rotation_step",
                                            "array_index", "enabled"}),
    "image": ("2.0.0", _PV | {"background_color", "foreground_color", "show_toolbar", "color_map", "color_bar",
                              "x_axis", "y_axis", "data_width", "data_height", "interpolation", "color_mode",
                              "unsigned", "autoscale", "log_scale", "minimum", "maximum", "cursor_info_pv", "x_pv",
                              "y_pv", "cursor_crosshair", "rois"}),
    "xyplot": ("3.0.0", _PLACE | {"foreground_color", "background_color", "title", "title_font", "show_toolbar",
                                  "show_legend", "x_axis", "y_axes", "traces", "marker"}),
    "databrowser": ("2.0.0", _PLACE | {"macros", "file", "show_toolbar", "selection_value_pv"}),
    "embedded": ("2.0.0", _PLACE | {"macros", "file", "resize", "group_name", "transparent", "border_width",
                                    "border_color"}),
    "action_button": ("3.0.0", _PV | {"text", "font", "foreground_color", "background_color", "transparent",
                                      "rotation_step", "enabled", "confirm_dialog", "confirm_message", "password"}),
    "textentry": ("3.0.0", _PV | {"font", "foreground_color", "background_color", "format", "precision", "show_units",
                                  "enabled", "wrap_words", "multi_line", "border_width", "border_color"}),
    "bool_button": ("2.0.0", _PV | {"bit", "off_label", "off_color", "off_image", "on_label", "on_color", "on_image",
                                    "show_led", "font", "foreground_color", "background_color",
                                    "horizontal_alignment", "vertical_alignment", "labels_from_pv", "enabled", "mode",
                                    "confirm_dialog", "confirm_message", "password"}),
}  # fmt: skip
"""Type: version and properties. Unknown properties are skipped by Phoebus in silence, so a typo would go unnoticed."""
_AXIS = {"title", "autoscale", "log_scale", "minimum", "maximum", "show_grid", "title_font", "scale_font", "visible"}
PHOEBUS_PARTS = {
    "color_bar": {"visible", "bar_size", "scale_font"},
    "x_axis": _AXIS,
    "y_axis": _AXIS | {"on_right", "color"},
    "trace": {"name", "x_pv", "y_pv", "err_pv", "axis", "trace_type", "color", "line_width", "line_style",
              "point_type", "point_size", "visible"},
}  # fmt: skip
"""Structured properties and what is in them."""
PHOEBUS_ACTIONS = {
    "open_display": {"description", "file", "macros", "target", "name"},
    "open_file": {"description", "file"},
    "open_webpage": {"description", "url"},
    "write_pv": {"description", "pv_name", "value"},
}
PHOEBUS_COLOURS = {"OK", "MINOR", "MAJOR", "INVALID", "DISCONNECTED", "Text", "ActiveText", "Background",
                   "Read_Background", "Write_Background", "Button_Background", "Grid", "Transparent"}  # fmt: skip
FONTS = {"Default", "Default Bold", "Header 1", "Header 2", "Header 3", "Comment", "Fine Print"}

_BOY = {"name", "x", "y", "width", "height", "visible", "rules", "tooltip", "actions", "scripts", "enabled",
        "background_color", "foreground_color", "font", "border_style", "border_width", "border_color", "widget_type",
        "wuid", "scale_options"}  # fmt: skip
_BOY_PV = _BOY | {"pv_name", "pv_value", "border_alarm_sensitive", "forecolor_alarm_sensitive", "alarm_pulsing",
                  "backcolor_alarm_sensitive"}  # fmt: skip
_BOY_TEXT = {"horizontal_alignment", "vertical_alignment", "transparent", "wrap_words", "text", "auto_size"}
_W = "org.csstudio.opibuilder.widgets."
BOY_DISPLAY = ("1.0.0", {"name", "macros", "width", "height", "x", "y", "background_color", "foreground_color",
                         "show_grid", "show_ruler", "snap_to_geometry", "grid_space", "boy_version",
                         "widget"})  # fmt: skip
BOY = {
    _W + "Rectangle": ("1.0.0", _BOY_PV | {"line_width", "line_color", "line_style", "fill_level", "transparent",
                                           "gradient", "alpha", "anti_alias", "horizontal_fill"}),
    _W + "Label": ("1.0.0", _BOY | _BOY_TEXT | {"show_scrollbar"}),
    _W + "TextUpdate": ("1.0.0", _BOY_PV | _BOY_TEXT | {"format_type", "precision", "precision_from_pv", "show_units",
                                                        "rotation_angle"}),
    _W + "intensityGraph": ("1.0.0", _BOY_PV | {"data_width", "data_height", "rgb_mode", "color_depth", "minimum",
                                                "maximum", "show_ramp", "x_axis_visible", "y_axis_visible",
                                                "color_map"}),
    _W + "xyGraph": ("1.0.0", _BOY_PV | {"axis_count", "trace_count", "show_legend", "show_toolbar",
                                         "plot_area_background_color"}
                     | {f"axis_{axis}_{part}" for axis in (0, 1)
                        for part in ("auto_scale", "minimum", "maximum", "axis_title")}
                     | {f"trace_0_{part}" for part in ("name", "y_pv", "trace_type", "line_width", "buffer_size",
                                                       "trace_color")}),
    "org.csstudio.trends.databrowser.opiwidget": ("1.0.0", _BOY | {"filename", "show_toolbar", "macros"}),
    _W + "linkingContainer": ("1.0.0", _BOY | {"opi_file", "macros", "resize_behaviour", "group_name"}),
    _W + "ActionButton": ("2.0.0", _BOY_PV | {"text", "push_action_index", "style", "image", "toggle_button"}),
    _W + "TextInput": ("2.0.0", _BOY_PV | _BOY_TEXT | {"limits_from_pv", "minimum", "maximum", "multiline_input",
                                                       "confirm_message", "precision_from_pv", "format_type"}),
    _W + "BoolButton": ("1.0.0", _BOY_PV | {"off_label", "on_label", "show_boolean_label", "show_led", "toggle_button",
                                            "square_button", "effect_3d", "show_confirm_dialog", "confirm_message",
                                            "on_color", "off_color", "bit", "password"}),
}  # fmt: skip
BOY_ACTIONS = {
    "OPEN_DISPLAY": {"path", "macros", "mode", "description"},
    "OPEN_FILE": {"path", "description"},
    "OPEN_WEBPAGE": {"hyperlink", "description"},
    "WRITE_PV": {"pv_name", "value", "timeout", "description", "confirm_message"},
}
BOY_COLOURS = {"OK", "Minor", "Major", "Invalid", "Disconnected", "Text", "Background", "Read_Background",
               "Write_Background", "Button_Background", "Grid"}  # fmt: skip
