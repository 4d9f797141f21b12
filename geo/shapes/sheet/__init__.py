"""Map sheets: pure drawing of ground on paper (arrays and shapes in; millimetres and SVG path strings out).

A *sheet* is one page of an atlas. Paper coordinates are millimetres from the upper left corner of the map
window, y downwards, as SVG counts them.
"""
