"""How to get there: a place in the three map datums in use, each with the address its app opens (QR)."""


def coordinates(code: str, lon: float, lat: float) -> list[dict[str, str]]:
    """
    A place in three map datums, each with the address its app opens.

    Parameters
    ----------
    code : str
        Code of a cell; the only word in the addresses, so nothing from a file can enter them.
    lon, lat : float, WGS 84

    Returns
    -------
    list of dict: ``app, datum, lon, lat`` (six decimals, text), ``qr`` (SVG of the app's address)

    Examples
    --------
    >>> [(at["datum"], at["lon"]) for at in coordinates("PR1847K", -76.5, 3.4)]   # abroad nothing is shifted
    [('GCJ-02', '-76.500000'), ('BD-09', '-76.500000'), ('WGS 84', '-76.500000')]
    """
    from hotspot.grid.datum import wgs84_to_bd09, wgs84_to_gcj02

    lon, lat = float(lon), float(lat)
    gcj = [float(v) for v in wgs84_to_gcj02(lon, lat)]
    bd = [float(v) for v in wgs84_to_bd09(lon, lat)]
    known_apps = (
        (
            "高德地图",
            "GCJ-02",
            gcj,
            f"https://uri.amap.com/marker?position={gcj[0]:.6f},{gcj[1]:.6f}&name={code}&coordinate=gaode",
        ),
        (
            "百度地图",
            "BD-09",
            bd,
            f"http://api.map.baidu.com/marker?location={bd[1]:.6f},{bd[0]:.6f}&title={code}&content={code}"
            "&coord_type=bd09ll&output=html&src=hotspot",
        ),
        ("GPS / 天地图", "WGS 84", [lon, lat], f"geo:{lat:.6f},{lon:.6f}"),
    )
    return [
        {"app": app, "datum": datum, "lon": f"{at[0]:.6f}", "lat": f"{at[1]:.6f}", "qr": qr_svg(address)}
        for app, datum, at, address in known_apps
    ]


def qr_svg(text: str) -> str:
    """
    A QR code as an SVG string with its quiet zone.

    Examples
    --------
    >>> qr_svg("geo:30.6,114.3").startswith("<svg")
    True
    """
    import segno

    # Level L keeps the modules of the long address large enough for an old phone; the other
    # half of the quiet zone is the white of the page around the code.
    return segno.make_qr(text, error="l").svg_inline(scale=4, border=2, dark="#000", light="#fff")
