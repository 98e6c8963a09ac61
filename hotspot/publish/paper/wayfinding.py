"""How to get there: a place in the three map datums in use, each with the address its app opens (QR)."""

from urllib.parse import quote

import numpy as np

from hotspot.text.labels import label_of

_QUIET = 2  # modules of white around a code


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
    from hotspot.grid.datum import from_wgs84

    lon, lat = float(lon), float(lat)
    gcj = [float(v) for v in from_wgs84(lon, lat, "gcj02")]
    bd = [float(v) for v in from_wgs84(lon, lat, "bd09")]
    known_apps = (
        (
            label_of("amap"),
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


def form_address(form_url: str, *, alarm: str = "", cell: str = "", month: str = "") -> str:
    """
    Where somebody answers: the office's form with what is known filled in; of an alarm without a form its number.

    Parameters
    ----------
    form_url : str, of ``study.office``

    Examples
    --------
    >>> form_address("https://desk.gov.cn/alarms/{alarm}", alarm="20200301-A 1")
    'https://desk.gov.cn/alarms/20200301-A%201'
    >>> form_address("", alarm="20200301-A")
    '20200301-A'
    """
    if not form_url:
        return alarm
    known = {"alarm": alarm, "cell": cell, "month": month}
    return form_url.format(**{name: quote(value, safe="") for name, value in known.items()})


def form_place(form_url: str, cell: str, month: str) -> list[dict[str, str]]:
    """
    The office's form of a cell as it stands beside ``coordinates``; nothing where the office has none.

    Examples
    --------
    >>> form_place("", "PR1847L", "2020-03")
    []
    """
    if not form_url:
        return []
    address = form_address(form_url, cell=cell, month=month)
    return [
        {"app": label_of("scan_to_fill"), "datum": "排查情况反馈", "lon": cell, "lat": month, "qr": qr_svg(address)}
    ]


def qr_svg(text: str) -> str:
    """
    A QR code as an SVG string with its quiet zone.

    Examples
    --------
    >>> qr_svg("geo:30.6,114.3").startswith("<svg")
    True
    """
    import zxingcpp

    # Level L keeps the modules of the long address large enough for an old phone; the other
    # half of the quiet zone is the white of the page around the code.
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    dark = np.pad(np.asarray(code.to_image(scale=1, add_quiet_zones=False)) == 0, _QUIET)
    rows, starts = np.nonzero(dark[:, 1:] & ~dark[:, :-1])
    _, ends = np.nonzero(dark[:, :-1] & ~dark[:, 1:])
    runs = zip((starts + 1).tolist(), rows.tolist(), (ends - starts).tolist(), strict=True)
    path = "".join(f"M{x},{y}h{n}v1h-{n}z" for x, y, n in runs)
    side = dark.shape[0]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}"/></svg>'
    )
