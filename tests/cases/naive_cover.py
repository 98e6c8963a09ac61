"""Slow truth for ``Grid.cover``: every cell cut with every polygon, one by one."""

import numpy as np
import shapely


def shares(polygon, n_col, n_row):
    """Area of a polygon in each unit cell of a box, float64[n_row, n_col]."""
    return np.array(
        [[polygon.intersection(shapely.box(i, j, i + 1, j + 1)).area for i in range(n_col)] for j in range(n_row)]
    )


def centres(polygon, n_col, n_row):
    """Whether the centre of each unit cell is inside, bool[n_row, n_col]."""
    return np.array([[polygon.contains(shapely.Point(i + 0.5, j + 0.5)) for i in range(n_col)] for j in range(n_row)])


def owners(cells):
    """City and county with the largest share of each cell, level by level, by plain loops."""
    found = []
    for k in range(cells.sizes["cell"]):
        mine = [
            (str(cells.unit_city_code.values[u]), str(cells.unit_county_code.values[u]), float(a))
            for c, u, a in zip(
                cells.member_cell.values, cells.member_unit.values, cells.member_area.values, strict=True
            )
            if c == k
        ]
        city = _largest({m[0] for m in mine}, lambda code, rows=mine: sum(a for one, _, a in rows if one == code))
        county = _largest(
            {m[1] for m in mine if m[0] == city},
            lambda code, rows=mine, city=city: sum(a for one, two, a in rows if (one, two) == (city, code)),
        )
        found.append((city, county))
    return found


def _largest(codes, area):
    return min(codes, key=lambda code: (-round(area(code), 3), code))
